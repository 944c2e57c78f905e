"""Errors name the true line of a file, however it is packed and wherever a reader's blocks begin."""

from __future__ import annotations

import json
import random
from itertools import chain
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from mistudio_core.errors import StudioError
from mistudio_core.sources.differences import differences
from mistudio_core.sources.file_proxy import local
from mistudio_core.sources.import_options import ImportOptions
from mistudio_core.sources.local import plan_import
from mistudio_core.sources.tables import TableReader
from tests.hub.rows import PACKINGS

GOOD = json.dumps({"n": 1, "text": "some words " * 9}) + "\n"
MANY = 12 << 20
"""More bytes than `datasets` parses at a time."""


def refusal(folder: Path, files: dict[str, bytes], **options: Any) -> StudioError:
    """Read files as those of one import and return the error."""
    for name, content in files.items():
        packing = Path(name).suffix if Path(name).suffix in PACKINGS else ""
        (folder / name).write_bytes(PACKINGS[packing](content))
    plan = plan_import([folder / name for name in files], None, ImportOptions(**options))
    reader = TableReader(plan.module, plan.options, None, cache=folder / "cache")
    sources = [(local(Path(file.path), file.local_name, file.compression), file.label) for file in plan.files]
    with pytest.raises(StudioError) as caught:
        for _ in chain.from_iterable(reader.read(*one) for one in sources):
            pass
    assert caught.value.code == "corrupt_data"
    return caught.value


@pytest.mark.parametrize("packing", ["", ".gz", ".zst"])
@pytest.mark.parametrize("blank", ["", "\n  \n"])
def test_the_line_of_broken_json_lines(tmp_path: Path, packing: str, blank: str) -> None:
    before = MANY // len(GOOD)
    lines = GOOD * before + blank + '{"n": 1, "text": "unclosed}\n' + GOOD * 9
    error = refusal(tmp_path, {f"a.jsonl{packing}": lines.encode()})
    line = before + blank.count("\n") + 1
    assert f"It is line {line:,}, row {before:,} (from 0)." in error.message
    assert "in row" not in error.message
    assert ".." not in error.message


@pytest.mark.parametrize(
    "broken",
    ['{"n": 1,}', '{"n" 1}', "{'n': 1}", '{"n": 01}', '{"n": 1}}', '{"n": 1', '{"n": "\\x"}', '{"n": "a\tb"}', "hello"],
)
@pytest.mark.parametrize("place", [0, 1, 700])
def test_every_kind_of_broken_line(tmp_path: Path, broken: str, place: int) -> None:
    lines = ['{"n": 1}'] * 1000
    lines[place] = broken
    error = refusal(tmp_path, {"a.jsonl": "\n".join(lines).encode()})
    assert f"It is line {place + 1:,}, row {place:,} (from 0)." in error.message


@pytest.mark.parametrize("head", ["[", '{"data": [', "\ufeff["])
def test_the_line_of_a_broken_value_of_several_lines(tmp_path: Path, head: str) -> None:
    rows = [json.dumps({"text": "words", "n": number}, indent=1) for number in range(50)]
    text = head + "\n" + ",\n".join(rows)
    broken = text[: text.rindex('"n"')] + "oops" + text[text.rindex('"n"') :]
    error = refusal(tmp_path, {"a.json": broken.encode()})
    assert f"line {broken[: broken.index('oops')].count(chr(10)) + 1}" in error.message


@pytest.mark.parametrize("packing", ["", ".gz"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_the_line_of_a_broken_record(tmp_path: Path, packing: str, newline: str) -> None:
    draw = random.Random(3)
    records = [draw.choice(["1,x", '2,"two\nlines"', "", '3,"a ""quote"""']) for _ in range(30_000)]
    text = "\n".join(["n,t", *records, "1,2,3,4", "5,x"]).replace("\n", newline)
    line = text[: text.index("1,2,3,4")].count("\n") + 1
    error = refusal(tmp_path, {f"a.csv{packing}": text.encode()})
    assert f"It is line {line:,}." in error.message
    assert "in line" not in error.message
    text = text.replace("1,2,3,4", '1,"unclosed')
    assert f"It is line {line:,}." in refusal(tmp_path, {f"a.csv{packing}": text.encode()}).message


def test_the_first_value_of_another_type(tmp_path: Path) -> None:
    cells = ["n", *["1"] * 25_000, "", "two", *["3"] * 10]
    error = refusal(tmp_path, {"a.csv": "\n".join(cells).encode()})
    assert "do not match those of its first rows: 'n' is string instead of int64." in error.message
    assert "It is line 25,003, row 25,000 (from 0)." in error.message
    good = "".join(f'{{"n": {number}, "t": "{"x" * 100}"}}\n' for number in range(120_000))
    error = refusal(tmp_path, {"b.jsonl": (good + "\n" + '{"n": 1.5, "t": "x"}\n').encode()})
    assert "'n' is float64 instead of int64. It is line 120,002, row 120,000 (from 0)." in error.message
    empty = '{"n": null, "t": "x"}\n' * (MANY // 20)
    error = refusal(tmp_path, {"e.jsonl": (empty + '{"n": "x", "t": "x"}\n').encode()})
    assert f"'n' is string instead of null. It is line {MANY // 20 + 1:,}," in error.message
    error = refusal(tmp_path, {"c.jsonl": b'{"n": 1}\n', "d.jsonl": b'{"n": 1}\n{"n": "x"}\n'})
    assert "of d.jsonl do not match those of the first file" in error.message


S, I = pa.string(), pa.int64()  # noqa: E741


@pytest.mark.parametrize(
    ("has", "had", "words"),
    [
        (S, I, ["'c' is string instead of int64"]),
        (pa.list_(S), pa.list_(I), ["'c[]' is string instead of int64"]),
        (pa.list_(I), I, ["'c' is list<int64> instead of int64"]),
        (pa.large_string(), S, ["'c' is large_string instead of string"]),
        (pa.list_(I, 3), pa.list_(I), ["'c' is fixed_size_list<item: int64>[3] instead of list<item: int64>"]),
        (pa.timestamp("us", "UTC"), pa.timestamp("us"), ["'c' is timestamp[us, tz=UTC] instead of timestamp[us]"]),
        (
            pa.list_(pa.struct([("role", S), ("content", pa.list_(S))])),
            pa.list_(pa.struct([("role", S), ("content", S), ("name", S)])),
            ["'c[].content' is list<string> instead of string", "'c[].name' is missing"],
        ),
        (pa.struct([("a", S), ("b", I)]), pa.struct([("a", S)]), ["'c.b' is new"]),
    ],
)
def test_types_are_told_apart_by_name(has: pa.DataType, had: pa.DataType, words: list[str]) -> None:
    assert differences("c", pa.schema([("c", has)]), pa.schema([("c", had)])) == words

"""Brackets are counted as a JSON reader would meet them, in pieces of any size; a deep nest is refused by its line."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from mistudio_core.errors import StudioError
from mistudio_core.library import Library
from mistudio_core.sources import nesting
from mistudio_core.sources.nesting import MAX_DEPTH, Nesting
from tests.hub.rows import PACKINGS
from tests.support.fetching import finished


def nested(value: Any, depth: int, *, objects: bool) -> Any:
    for _ in range(depth):
        value = {"a": value} if objects else [value]
    return value


def depth_of(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if inner is None else 1 + max(map(depth_of, inner), default=0)


def line_of(text: str, bound: int) -> int:
    """Return the line of the first bracket that is deeper than `bound`, one sign at a time."""
    depth, line, in_string, escaped = 0, 1, False, False
    for sign in text:
        line += sign == "\n"
        if escaped or not in_string:
            in_string, escaped = in_string or sign == '"', False
            depth += 0 if in_string else (sign in "[{") - (sign in "]}")
            if depth > bound:
                return line
        else:
            escaped, in_string = sign == "\\", sign != '"'
    raise AssertionError("it is not deeper")


def random_value(draw: random.Random, left: int) -> Any:
    kind = draw.randrange(4) if left else 0
    if kind == 0:
        return "".join(draw.choices('[]{}"\\\\\\ :,\n\u00e9n', k=draw.randrange(12)))
    inner = [random_value(draw, left - 1) for _ in range(draw.randrange(4))]
    return inner if kind == 1 else {f'k"[{number}': one for number, one in enumerate(inner)}


@pytest.mark.parametrize("seed", range(300))
def test_the_depth_is_that_of_the_values(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    draw = random.Random(seed)
    values = [random_value(draw, 5) for _ in range(4)]
    indent = draw.choice([None, 2])
    lines = [json.dumps(value, ensure_ascii=draw.random() < 0.5, indent=indent) for value in values]
    data = "\n".join(lines).encode()
    deepest = max(map(depth_of, values))
    for bound, fits in ((deepest, True), (deepest - 1, False)):
        monkeypatch.setattr(nesting, "MAX_DEPTH", bound)
        follower, size = Nesting(), draw.randrange(1, 40)
        pieces = [data[place : place + size] for place in range(0, len(data), size)]
        assert all(map(follower.feed, pieces)) is fits
        if not fits:
            assert follower.line == line_of(data.decode(), bound)


def test_the_line_is_where_it_nests_too_deep() -> None:
    follower = Nesting()
    deep = json.dumps(nested(1, MAX_DEPTH + 1, objects=False)).encode()
    assert follower.feed(b'{"a": "[[[["}\n' * 1234)
    assert not follower.feed(deep)
    assert follower.line == 1235


@pytest.mark.parametrize("packing", ["", ".gz"])
@pytest.mark.parametrize("depth", [60_000, 200_000])
@pytest.mark.parametrize(
    ("name", "before", "opening", "closing", "after", "line"),
    [
        ("a.jsonl", '{"text": "x"}\n{"a": ', "[", "]", "}\n", 2),
        ("a.jsonl", '{"text": "x"}\n{"a": ', '{"a": ', "}", "}\n", 2),
        ("a.jsonl", "", "[", "", "", 1),
        ("a.json", '[\n{"a": ', "[", "]", "}\n]", 2),
        ("a.json", '{"data":\n\n', '[{"data": ', "}]", "}", 3),
    ],
    ids=["lists", "objects", "unclosed", "array", "both"],
)
def test_a_deep_nest_is_damage_and_no_dead_worker(
    tmp_path: Path, name: str, before: str, opening: str, closing: str, after: str, line: int, depth: int, packing: str
) -> None:
    from mistudio_core.sources.file_proxy import local
    from mistudio_core.sources.local import plan_import
    from mistudio_core.sources.tables import TableReader

    path = tmp_path / f"{name}{packing}"
    path.write_bytes(PACKINGS[packing]((before + opening * depth + "1" + closing * depth + after).encode()))
    reader = TableReader("json", {}, None, cache=tmp_path / "cache")
    (file,) = plan_import([path]).files
    with pytest.raises(StudioError) as caught:
        list(reader.read(local(path, file.local_name, file.compression), file.label))
    assert caught.value.code == "corrupt_data"
    assert f"{name}{packing} nests more than {MAX_DEPTH} brackets deep on line {line}" in caught.value.message


def test_a_worker_that_meets_a_deep_nest_says_so(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"a": ' + "[" * 60_000 + "]" * 60_000 + "}\n")
    library = Library.open(tmp_path / "library")
    job = finished(library, library.import_files([path]))
    assert job.error is not None
    assert (job.status, job.error.code) == ("failed", "corrupt_data")

"""Files as people really have them: read as `datasets` reads them, or refused by name and line, never a dead worker."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest

from mistudio_core.errors import StudioError
from mistudio_core.sources.file_proxy import local
from mistudio_core.sources.local import plan_import
from mistudio_core.sources.tables import TableReader

SAME: dict[str, bytes] = {
    "mark.txt": b"\xef\xbb\xbfa\nb\n",
    "mark.csv": b"\xef\xbb\xbfa,b\n1,2\n",
    "mark.jsonl": b'\xef\xbb\xbf{"a": 1}\n{"a": 2}\n',
    "mark_of_an_array.json": b'\xef\xbb\xbf[{"a": 1}, {"a": 2}]',
    "returns.txt": b"a\rb\rc",
    "returns.csv": b"a,b\r1,2\r3,4\r",
    "returns.jsonl": b'{"a": 1}\r{"a": 2}\r',
    "windows.jsonl": b'{"a": 1}\r\n{"a": 2}\r\n',
    "quotes.csv": b'a,b\n"x\ny","say ""hi"""\n',
    "nul.csv": b"a,b\nx\0y,1\n",
    "names_twice.csv": b"a,a,a\n1,2,3\n",
    "short_records.csv": b"a,b,c\n1,x\n3\n",
    "no_name.csv": b",b\n1,2\n",
    "index.csv": b"__index_level_0__,b\n1,2\n",
    "case.csv": b"A,a\n1,2\n",
    "dots.csv": b"a.b,a\n1,2\n",
    "name_of_two_lines.csv": b'"a\nb",c\n1,2\n',
    "array.json": b'[{"a": 1}, {"a": 2}]',
    "array_in_lines.jsonl": b'[{"a": 1}, {"a": 2}]',
    "texts.json": b'["x", "y"]',
    "numbers.json": b"[1, 2, 3]",
    "lists.json": b"[[1, 2], [3, 4]]",
    "one_object.json": b'{"a": 1, "b": "x"}',
    "written_out.json": b'{\n "a": [1, 2],\n "b": [3, 4]\n}',
    "not_finite.jsonl": b'{"a": NaN}\n{"a": Infinity}\n{"a": -Infinity}\n',
    "large_numbers.jsonl": b'{"a": 1}\n{"a": 18446744073709551615}\n{"a": 123456789012345678901234567890}\n',
    "fractions.jsonl": b'{"a": 1}\n{"a": 1.5}\n',
    "blank_lines.jsonl": b'\n{"a": 1}\n\n\n{"a": 2}\n\n',
    "no_key.jsonl": b'{"": 1, "b": 2}\n',
    "escapes.jsonl": b'{"a": "\\u0000x\\ud83d\\ude00"}\n',
    "null_below.jsonl": b'{"a": 1}\nnull\n{"a":\nnull\n}\n',
    "members.txt.gz": gzip.compress(b"a\n") + gzip.compress(b"b\n"),
}
REFUSED: dict[str, tuple[bytes, str]] = {
    "word.json": (b'"x"', "word.json"),
    "number.json": (b"5", "number.json"),
    "key_twice.jsonl": (b'{"a": 1, "a": 2}\n', "twice"),
    "commas.jsonl": (b'{"a": 1},\n{"a": 2},\n', "line 1"),
    "comma_at_the_end.json": (b'[{"a": 1},]', "line 1"),
    "half_a_pair.jsonl": (b'{"a": 1}\n{"a": "\\ud800x"}\n', "line 2"),
    "page.json": (b"<html></html>", "line 1"),
    "cells.jsonl": (b"a,b\n1,2\n", "line 1"),
    "cut.txt.gz": (gzip.compress(b"abc\n" * 9999)[:-20], "ended before"),
    "rubbish_behind.txt.gz": (gzip.compress(b"a\n") + b"junk", "gzip"),
    "not_packed.txt.gz": (b"plain text\n", "gzip"),
    "late_fraction.csv": (b"a\n" + b"1\n" * 10_000 + b"1.5\n", "float64 instead of int64. It is line 10,002"),
    "late_column.jsonl": (b'{"a": 1}\n' * 1_200_000 + b'{"a": 1, "b": 2}\n', "it has 'b'"),
}
NO_SEQUENCES: dict[str, bytes] = {
    "blank.csv": b"\n\n",
    "header.csv": b"a,b\n",
    "nothing.json": b"[]",
    "objects_of_nothing.jsonl": b"{}\n{}\n",
    "only_null.jsonl": b"null\nnull\n",
    "packed_nothing.txt.gz": gzip.compress(b""),
}


def read(path: Path, cache: Path) -> list[dict[str, Any]]:
    plan = plan_import([path])
    (file,) = plan.files
    reader = TableReader(plan.module, plan.options, None, cache=cache)
    tables = reader.read(local(path, file.local_name, file.compression), file.label)
    return [row for table in tables for row in table.to_pylist()]


@pytest.mark.parametrize("name", SAME)
def test_read_as_datasets_reads_it(tmp_path: Path, name: str) -> None:
    import datasets

    datasets.disable_progress_bars()
    path = tmp_path / name
    path.write_bytes(SAME[name])
    module = plan_import([path]).module
    loaded = datasets.load_dataset(module, data_files=str(path), split="train", cache_dir=str(tmp_path / "theirs"))
    assert repr(read(path, tmp_path / "ours")) == repr(list(loaded))
    assert len(loaded)


@pytest.mark.parametrize("name", REFUSED)
def test_refused_by_name_and_place(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(REFUSED[name][0])
    with pytest.raises(StudioError) as caught:
        read(path, tmp_path / "ours")
    assert caught.value.code == "corrupt_data"
    assert name in caught.value.message
    assert REFUSED[name][1] in caught.value.message
    assert ".." not in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize("name", NO_SEQUENCES)
def test_nothing_in_it(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(NO_SEQUENCES[name])
    assert read(path, tmp_path / "ours") == []


@pytest.mark.parametrize(
    "lines", ['null\n{"a": 1}\n', ' null\r\nnull\r\n{"a": 1}\r\nnull', 'null\n{"a": 1}\n{"a":\nnull}\n']
)
def test_a_null_that_begins_a_file_is_a_row_without_values(tmp_path: Path, lines: str) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(lines, newline="")
    rows = [row["a"] for row in read(path, tmp_path / "ours")]
    assert rows.count(1) == 1
    assert len(rows) == lines.count("null") + 1

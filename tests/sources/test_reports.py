"""Inputs of the kinds that people report against the readers of this field: values are those that the files hold."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mistudio_core.errors import StudioError
from tests.library.test_import_options import read

EXACT = [
    {"text": "007", "created_at": 1, "date": "12", "n": 9007199254740993, "f": 0.12345678901234568},
    {"text": "12", "created_at": 2, "date": "2020-01-01", "n": None, "f": 2.0},
]
"""What pandas takes for numbers and moments, or rounds."""
FIELDS: dict[str, tuple[Any, Any]] = {
    "digits and dates": (EXACT, EXACT),
    "whole floats": ([{"c": 0.0}, {"c": 1.0}], [{"c": 0.0}, {"c": 1.0}]),
    "texts and numbers": ([{"t": "a"}, {"t": 5}], [{"t": "a"}, {"t": "5"}]),
    "a null among objects": ([None, {"t": "a"}], [{"t": None}, {"t": "a"}]),
    "columns": ({"t": ["a", "b"], "n": [1, 2**53 + 1]}, [{"t": "a", "n": 1}, {"t": "b", "n": 2**53 + 1}]),
    "columns of numbered values": ({"t": {"0": "a", "7": "b"}}, [{"t": "a"}, {"t": "b"}]),
    "no samples": ([], []),
}
REFUSED_FIELDS = {
    "a text": ('{"data": "x"}', "a text under 'data'"),
    "null": ('{"data": null}', "null under 'data'"),
    "one object": ('{"data": {"t": "a"}}', "an object under 'data'"),
    "columns that differ": ('{"data": {"t": [1, 2], "u": [1]}}', "different lengths under 'data'"),
    "another key": ('{"dat": [1]}', "no key 'data'. Its keys are: 'dat'"),
    "a list": ('[{"data": 1}]', "a list, not an object"),
    "JSON lines": ('{"data": [1]}\n{"data": [2]}\n', "Extra data on line 2"),
    "a key twice": ('{"data": [{"a": 1, "a": 2}]}', "'a' stands twice"),
}
LISTS = [None, ["x"], [None, "y"]], [["z"], None], None, []
READ: dict[str, tuple[str, list[dict[str, Any]]]] = {
    "nulls in lists.jsonl": (
        "".join(json.dumps({"a": value}) + "\n" for value in LISTS), [{"a": value} for value in LISTS],
    ),
    "space before an array.json": (
        '\ufeff\n \n[{"a": 12345678901234567, "t": "x"}, {"a": null, "t": 5}]',
        [{"a": 12345678901234567, "t": "x"}, {"a": None, "t": "5"}],
    ),
    "ends of lines in other standards.txt": (
        "a\u2029b\u2028c\x85d\x0be\x0cf\x1cg\nsecond\r\nthird\rfourth\n",
        [{"text": "a\u2029b\u2028c\x85d\x0be\x0cf\x1cg"}, {"text": "second"}, {"text": "third"}, {"text": "fourth"}],
    ),
    "ends of lines in other standards.jsonl": ('{"text": "a\u2028b\x85c"}\n', [{"text": "a\u2028b\x85c"}]),
    "ends of lines in other standards.csv": (
        'text,n\n"a\u2028b\x85c\x0bd",1\ne\x0cf,2\n',
        [{"text": "a\u2028b\x85c\x0bd", "n": 1}, {"text": "e\x0cf", "n": 2}],
    ),
    "objects over several lines.json": (
        '\n{\n "a"\n:\n 1\n,\n"b":"x\\\\n"\n}\n\n{"a":2\n,\n"b":\n"\\n"}\n',
        [{"a": 1, "b": "x\\n"}, {"a": 2, "b": "\n"}],
    ),
    "a return in a cell.csv": ('t,n\r\n"a \r b",1\r\nc,2\r\n', [{"t": "a \r b", "n": 1}, {"t": "c", "n": 2}]),
}  # fmt: skip
REFUSED: dict[str, tuple[str, str]] = {
    "key twice below the top.jsonl": ('{"m": {"a": 1, "a": 2}}\n', "specified twice. It is line 1"),
    "key twice beside other keys.jsonl": (
        '{"m": [{"x": 1}, {"y": 2}]}\n{"m": [{"y": 1, "y": 2}]}\n', "specified twice. It is line 2",
    ),
    "key twice in an array.json": ('[{"a": 1, "a": 2}]', "'a' stands twice"),
    "number beyond floats.json": ('{"m": {"a": 1e400}}', "Number too big"),
    "numbers beyond floats.json": ('{"id": ["007"], "m": [1e400]}', "Number too big"),
    "a line beyond floats.jsonl": ('{"a": 1}\n{"a": 1e400}\n', "It is line 2"),
}  # fmt: skip


@pytest.mark.parametrize("name", FIELDS)
def test_the_samples_under_a_key_are_read_with_every_digit_and_type(tmp_path: Path, name: str) -> None:
    path = tmp_path / "a.json"
    data, expected = FIELDS[name]
    path.write_text(json.dumps({"about": {"n": 1}, "data": data}), "utf-8")
    assert repr(read(path, tmp_path / "cache", field="data")) == repr(expected)


@pytest.mark.parametrize("name", REFUSED_FIELDS)
def test_a_key_without_samples_is_told_as_what_it_is(tmp_path: Path, name: str) -> None:
    path = tmp_path / "a.json"
    text, told = REFUSED_FIELDS[name]
    path.write_text(text, "utf-8")
    with pytest.raises(StudioError, match=r"^a\.json") as caught:
        read(path, tmp_path / "cache", field="data")
    assert caught.value.code == "corrupt_data"
    assert told in caught.value.message


@pytest.mark.parametrize("name", READ)
def test_values_are_those_of_the_file(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    text, expected = READ[name]
    path.write_bytes(text.encode())
    assert repr(read(path, tmp_path / "cache")) == repr(expected)


@pytest.mark.parametrize("name", REFUSED)
def test_what_would_lose_a_value_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    text, told = REFUSED[name]
    path.write_text(text, "utf-8")
    with pytest.raises(StudioError) as caught:
        read(path, tmp_path / "cache")
    assert caught.value.code == "corrupt_data"
    assert told in caught.value.message

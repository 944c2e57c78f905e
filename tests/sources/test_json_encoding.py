"""Values of several types in JSON keep their type and every digit, whatever they look like."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from datasets import load_dataset
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mistudio_core.raw import decoded_column
from mistudio_core.sources.file_proxy import local
from mistudio_core.sources.tables import TableReader

Read = Callable[[list[Any]], pa.Table]

TRICKY = ["12", "null", '"q"', "true", "[1]", '{"a": 1}', "-0.5e3", "NaN", " 7 ", "", "text", "2023-01-01"]
"""Texts, most of which are JSON by chance."""
FLOAT = 0.12345678901234567


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def reading(rows: list[Any], between: str = "\n") -> pa.Table:
        path = tmp_path / "a.jsonl"
        path.write_text(between.join(map(json.dumps, rows)) + "\n", "utf-8")
        reader = TableReader("json", {}, None, cache=tmp_path / "cache")
        return pa.concat_tables(reader.read(local(path, path.name), path.name))

    return reading


@pytest.mark.parametrize("text", TRICKY)
@pytest.mark.parametrize("other", [True, 7, FLOAT, {"b": FLOAT}, [1, "x"]])
def test_a_text_among_other_values_is_that_text(read: Read, text: str, other: Any) -> None:
    column = [other, None, text]
    table = read([{"id": number, "n": FLOAT, "a": value} for number, value in enumerate(column)])
    plain = json.dumps(other)
    assert decoded_column(table, "a") == [plain, None, text]
    assert table["n"].to_pylist() == [FLOAT] * 3
    assert table.schema.field("a").type == pa.string()


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False),
              st.sampled_from(TRICKY), st.text(st.characters(exclude_categories=["Cs"]), max_size=5)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.dictionaries(st.sampled_from(["x", "y", "z"]), JSON, min_size=1), min_size=1, max_size=4))
def test_objects_whose_keys_differ_hold_what_was_written(read: Read, objects: list[Any]) -> None:
    rows = [{"a": [{"first": 1}, item, {"last": "2"}]} for item in objects]
    assert decoded_column(read(rows), "a") == [row["a"] for row in rows]


def test_places_below_encoded_ones_and_empty_lines(read: Callable[..., pa.Table]) -> None:
    rows = [{"a": {"b": 1, "c": [1], "d": "3"}}, {"a": {"b": [1], "c": "2", "d": 4}}, {"a": {"b": "1", "e": "null"}}]
    expected = [row["a"] for row in rows]
    assert decoded_column(read(rows), "a") == expected
    assert decoded_column(read(rows, between="\n\n"), "a") == expected
    assert decoded_column(read([*rows, {"a": "12"}, {"a": '{"b": 1}'}]), "a") == [
        *map(json.dumps, expected), "12", '{"b": 1}',
    ]  # fmt: skip


def test_what_is_no_text_is_decoded_as_by_datasets(read: Read, tmp_path: Path) -> None:
    column = [{"b": 1}, {"c": [1, "x", None]}, {"d": {"e": 0.5}}, {}, None, {"b": "word"}]
    rows = [{"a": [value, {"z": 1}]} for value in column]
    table = read(rows)
    told = load_dataset("json", data_files=str(tmp_path / "a.jsonl"), split="train", cache_dir=str(tmp_path / "hf"))
    assert decoded_column(table, "a") == told["a"][:]

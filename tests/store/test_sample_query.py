"""A query that cannot be is refused when it is made, and the refusal names the field."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from mistudio_core.errors import StudioError
from mistudio_core.store.samples.conditions import Condition, parse_condition
from mistudio_core.store.samples.query import MAX_CONDITIONS, MAX_SEARCH_CHARS, SampleQuery
from mistudio_core.store.samples.reader import SampleReader
from tests.support.corpora import write_dataset

TOK = "tok_aaaaaaaaaaaa"


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"mode": "magic"}, "mode"),
        ({"mode": None}, None),
        ({"search": "x" * (MAX_SEARCH_CHARS + 1)}, "search"),
        ({"search": 7}, "search"),
        ({"split": 7}, "split"),
        ({"where": ["a=1"] * (MAX_CONDITIONS + 1)}, "where"),
        ({"where": "a=1"}, "where"),
        ({"where": [1]}, "where"),
        ({"min_chars": -1}, "min_chars"),
        ({"min_chars": "9"}, "min_chars"),
        ({"max_chars": True}, "max_chars"),
        ({"min_chars": 9, "max_chars": 8}, "min_chars"),
        ({"min_tokens": 9, "max_tokens": 8, "tokenization": TOK}, "min_tokens"),
        ({"min_tokens": 1}, "min_tokens"),
        ({"max_tokens": 1}, "max_tokens"),
        ({"sort": "tokens"}, "sort"),
        ({"control_tokens": True}, "control_tokens"),
        ({"sort": "relevance"}, "sort"),
        ({"sort": "relevance", "search": "a", "mode": "regex"}, "sort"),
        ({"duplicates": "yes"}, "duplicates"),
        ({"descending": 1}, "descending"),
        ({"offset": -1}, "offset"),
        ({"limit": 0}, "limit"),
        ({"limit": 1.5}, "limit"),
        ({"nonsense": 1}, "nonsense"),
    ],
)
def test_a_query_that_cannot_be_is_refused(fields: dict[str, Any], word: str | None) -> None:
    if word is None:
        assert SampleQuery.from_fields(fields) == SampleQuery()
        return
    with pytest.raises(StudioError) as caught:
        SampleQuery.from_fields(fields)
    assert caught.value.code == "invalid_request"
    assert word in caught.value.message


def test_loose_fields_make_the_query_they_mean() -> None:
    query = SampleQuery.from_fields({"where": ["a=1", "b is null"], "min_chars": 0, "split": None})
    assert query == SampleQuery(where=("a=1", "b is null"), min_chars=0)
    assert query.has_filters
    assert not query.is_ranked
    assert SampleQuery(search="a").is_ranked
    assert not SampleQuery(search="a", mode="substring").is_ranked
    assert not SampleQuery(search="a").has_filters
    assert hash(query) == hash(SampleQuery(where=("a=1", "b is null"), min_chars=0))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a=1", Condition("a", "=", "1")),
        ("a=b=c", Condition("a=b", "=", "c")),
        ("a>=2", Condition("a", ">=", "2")),
        ("a<=", Condition("a", "<=", "")),
        ("a!=x y", Condition("a", "!=", "x y")),
        ("ab is null", Condition("ab", " is null")),
        ("ab IS NOT NULL", Condition("ab", " is not null")),
        ('q"; DROP TABLE samples; --=1', Condition('q"; DROP TABLE samples; --', "=", "1")),
    ],
)
def test_conditions_are_read_by_the_longest_name(tmp_path: Path, text: str, expected: Condition) -> None:
    names = ["a", "ab", "a=b", 'q"; DROP TABLE samples; --']
    write_dataset(tmp_path, {"train": pa.table({name: ["x"] for name in names})})
    reader = SampleReader(tmp_path)
    condition = parse_condition(text, reader)
    assert condition == expected
    assert parse_condition(str(condition), reader) == condition


def test_a_hostile_column_is_a_column_like_any_other(tmp_path: Path) -> None:
    from mistudio_core.store.samples.index import build_index, open_index
    from mistudio_core.store.samples.listing import SampleListing

    name = "q\"; DROP TABLE samples; -- ' $x"
    write_dataset(tmp_path, {"train": pa.table({"text": ["a", "b", "c"], name: ["y", "x", "'; --"], "": [1, 2, 3]})})
    build_index(tmp_path)
    reader = SampleReader(tmp_path)
    with open_index(reader) as connection:
        for query, expected in (
            (SampleQuery(where=(f"{name}=x",)), [1]),
            (SampleQuery(where=(f"{name}='; --",)), [2]),
            (SampleQuery(sort=name), [2, 1, 0]),
            (SampleQuery(where=(">=2",)), [1, 2]),
        ):
            assert SampleListing(reader, connection, query).rows(0, 9).tolist() == expected

"""Every filter and every sort against plain Python, page by page: each row exactly once, in the right order."""

from __future__ import annotations

import json
import math
import random
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, time
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from mistudio_core.errors import StudioError
from mistudio_core.store.samples import listing as sample_listing
from mistudio_core.store.samples.index import build_index, open_index
from mistudio_core.store.samples.listing import SampleListing
from mistudio_core.store.samples.order_cache import cached_order
from mistudio_core.store.samples.query import SampleQuery
from mistudio_core.store.samples.reader import SampleReader
from tests.support.corpora import WORDS, write_dataset, write_token_counts

TOK = "tok_aaaaaaaaaaaa"
LABELS = ["bad", "good", "so-so"]
SCHEMA = pa.schema(
    [
        ("text", pa.string()),
        ("label", pa.int64()),
        ("score", pa.float32()),
        ("source", pa.string()),
        ("day", pa.timestamp("s")),
        ("flag", pa.bool_()),
        ("tags", pa.list_(pa.string())),
        ("filename", pa.string()),
        ("Source", pa.int32()),
        ("row", pa.int16()),
        ("at", pa.time64("us")),
        ("price", pa.decimal128(8, 2)),
    ],
    {b"huggingface": json.dumps({"info": {"features": {"label": {"_type": "ClassLabel", "names": LABELS}}}}).encode()},
)
Record = dict[str, Any]


def records(count: int, seed: int) -> list[Record]:
    chance = random.Random(seed)
    some = partial(chance.choices, WORDS)

    def maybe(value: Any) -> Any:
        return None if chance.random() < 0.1 else value

    return [
        {
            "text": maybe(" ".join(some(k=chance.randrange(4)))),
            "label": maybe(chance.randrange(3)),
            "score": maybe(chance.choice([0.1, 0.5, 2.0, -1.0, math.inf])),
            "source": maybe(some()[0]),
            "day": maybe(datetime(2026, 1, chance.randrange(1, 9))),
            "flag": maybe(chance.random() < 0.5),
            "tags": maybe(["a"]),
            "filename": f"f{chance.randrange(3)}",
            "Source": chance.randrange(5),
            "row": chance.randrange(3),
            "at": maybe(time(chance.randrange(24))),
            "price": maybe(Decimal(chance.randrange(300)) / 100),
        }
        for _ in range(count)
    ]


class Corpus:
    """The dataset on disk and the same samples in memory, in the order of the rows."""

    def __init__(self, folder: Path) -> None:
        parts = {"train": records(90, 1), "test": records(40, 2), "other": []}
        write_dataset(folder, {name: pa.Table.from_pylist(rows, SCHEMA) for name, rows in parts.items()})
        lengths = {name: [len(row["text"] or "") // 2 for row in parts[name]] for name in ("test", "train")}
        write_token_counts(folder, TOK, {"test": lengths["test"]})
        build_index(folder)
        self.reader = SampleReader(folder)
        self.connection = open_index(self.reader)
        self.rows: list[Record] = []
        for name in ("train", "test"):
            for row, tokens in zip(parts[name], lengths[name], strict=True):
                self.rows.append(row | {"split": name, "tokens": tokens if name == "test" else None})
        self.copies = Counter(row["text"] for row in self.rows)

    def expected(self, query: SampleQuery, keep: Callable[[Record], bool], hits: list[int] | None) -> list[int]:
        chosen = [
            number
            for number, row in enumerate(self.rows)
            if (query.split is None or row["split"] == query.split) and keep(row) and (hits is None or number in hits)
        ]
        if query.duplicates:
            chosen = [number for number in chosen if self.rows[number]["text"] is not None]
            chosen = [number for number in chosen if self.copies[self.rows[number]["text"]] > 1]
        if query.sort == "position" or (query.sort == "" and not query.duplicates):
            return sorted(chosen, reverse=query.descending)
        key = partial(self.key, query)
        named = [number for number in chosen if key(number) is not None]
        ordered = sorted(named, key=key, reverse=query.descending)  # stable, also when reversed
        return ordered + [number for number in chosen if key(number) is None]

    def key(self, query: SampleQuery, number: int) -> Any:
        row = self.rows[number]
        text = row["text"]
        if query.sort == "":
            return next(at for at, other in enumerate(self.rows) if other["text"] == text)
        measures = {"chars": len, "bytes": lambda text: len(text.encode()), "words": lambda text: len(text.split())}
        if query.sort in measures:
            return None if text is None else measures[query.sort](text)
        value = row[query.sort.removeprefix("column:")]
        return value.encode() if isinstance(value, str) else value


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Corpus]:
    made = Corpus(tmp_path_factory.mktemp("corpus"))
    yield made
    made.connection.close()


def above(name: str, bound: Any) -> Callable[[Record], bool]:
    return lambda row: row[name] is not None and row[name] >= bound


def equal(name: str, value: Any) -> Callable[[Record], bool]:
    return lambda row: row[name] is not None and row[name] == value


CONDITIONS: dict[str, Callable[[Record], bool]] = {
    "len(tags)>=1": lambda row: row["tags"] is not None,
    "len(tags)!=1": lambda row: False,
    "letters(text)=latin": lambda row: row["text"] is not None and has_latin(row["text"]),
    "letters(text)!=Latin": lambda row: row["text"] is not None and not has_latin(row["text"]),
    "label=good": equal("label", 1),
    "label!=so-so": lambda row: row["label"] not in (None, 2),
    "label>=1": above("label", 1),
    "score=0.1": equal("score", 0.1),
    "score>=0.5": above("score", 0.5),
    "score<=1e0": lambda row: row["score"] is not None and row["score"] <= 1,
    "source=café": equal("source", "café"),
    "source>=k": lambda row: row["source"] is not None and row["source"].encode() >= b"k",
    "Source=3": equal("Source", 3),
    "Source>=2.5": above("Source", 2.5),
    "day>=2026-01-04": above("day", datetime(2026, 1, 4)),
    "day=2026-01-02T02:00+02:00": equal("day", datetime(2026, 1, 2)),
    "flag=true": equal("flag", True),
    "filename=f1": equal("filename", "f1"),
    "row=2": equal("row", 2),
    "row<=" + "9" * 38: above("row", 0),
    "row<=" + "9" * 400: above("row", 0),
    "at>=15:00": above("at", time(15)),
    "price>=1.5": above("price", Decimal("1.5")),
    "price=0.07": equal("price", Decimal("0.07")),
    "price<=" + "9" * 50: above("price", 0),
    "tags is null": lambda row: row["tags"] is None,
    "source IS NOT NULL": lambda row: row["source"] is not None,
}
SORTS = [
    "",
    "position",
    "chars",
    "bytes",
    "words",
    "tokens",
    "label",
    "score",
    "source",
    "column:Source",
    "day",
    "flag",
]


@hypothesis_settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_filters_and_sorts_give_what_python_gives(corpus: Corpus, data: st.DataObject) -> None:
    where = data.draw(st.lists(st.sampled_from(sorted(CONDITIONS)), max_size=2, unique=True))
    bound = st.none() | st.integers(0, 30)

    def pair() -> tuple[int | None, int | None]:
        low, high = data.draw(bound), data.draw(bound)
        return (low, high) if low is None or high is None else (min(low, high), max(low, high))

    bounds = {measure: pair() for measure in ("chars", "bytes", "words", "tokens")}
    query = SampleQuery(
        split=data.draw(st.sampled_from([None, "train", "test", "other"])),
        where=tuple(where),
        **{f"min_{measure}": low for measure, (low, _) in bounds.items()},
        **{f"max_{measure}": high for measure, (_, high) in bounds.items()},
        tokenization=TOK,
        duplicates=data.draw(st.booleans()),
        sort=data.draw(st.sampled_from(SORTS)),
        descending=data.draw(st.booleans()),
    )
    hits = data.draw(st.none() | st.lists(st.integers(0, 129), unique=True).map(sorted))

    def keep(row: Record) -> bool:
        text = row["text"]
        lengths = {
            "chars": None if text is None else len(text),
            "bytes": None if text is None else len(text.encode()),
            "words": None if text is None else len(text.split()),
            "tokens": row["tokens"],
        }
        fits = all(within(lengths[measure], *bounds[measure]) for measure in bounds)
        return fits and all(CONDITIONS[condition](row) for condition in where)

    expected = corpus.expected(query, keep, hits)
    found = None if hits is None else np.array(hits, np.int64)
    listing = SampleListing(corpus.reader, corpus.connection, query, found)
    assert listing.count() == len(expected)
    size = data.draw(st.sampled_from([1, 7, 50]))
    pages = [listing.rows(offset, size).tolist() for offset in range(0, len(expected) + 1, size)]
    assert [row for page in pages for row in page] == expected
    assert [row for block in listing.blocks() for row in block.tolist()] == expected


@pytest.mark.parametrize(
    "query", [SampleQuery(sort="chars"), SampleQuery(where=("label>=1",), sort="score", descending=True)]
)
def test_a_cached_order_gives_the_same_pages(
    corpus: Corpus, monkeypatch: pytest.MonkeyPatch, query: SampleQuery
) -> None:
    listing = SampleListing(corpus.reader, corpus.connection, query)
    pages = [listing.rows(offset, 9).tolist() for offset in range(0, 130, 9)]
    count = listing.count()
    monkeypatch.setattr(sample_listing, "_DEEP", 20)
    assert [listing.rows(offset, 9).tolist() for offset in range(0, 130, 9)] == pages
    assert cached_order((corpus.reader, query)) is not None
    again = SampleListing(corpus.reader, corpus.connection, query)
    assert [again.rows(offset, 9).tolist() for offset in range(0, 130, 9)] == pages
    assert again.count() == count
    assert SampleListing(corpus.reader, corpus.connection, query, np.array([3, 5])).count() <= 2
    for sort in ("bytes", "words", "label", "source", "day"):  # more than are kept
        SampleListing(corpus.reader, corpus.connection, SampleQuery(sort=sort)).rows(30, 1)
    assert cached_order((corpus.reader, query)) is None


def has_latin(text: str) -> bool:
    return any(sign.isalpha() and unicodedata.name(sign).startswith("LATIN") for sign in text)


def within(value: int | None, low: int | None, high: int | None) -> bool:
    if value is None:
        return low is None and high is None
    return (low is None or value >= low) and (high is None or value <= high)


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"where": ("nope=1",)}, "where"),
        ({"where": ("label",)}, "where"),
        ({"where": ("label=fine",)}, "'fine' does not fit"),
        ({"where": ("score=abc",)}, "score"),
        ({"where": ("tags=a",)}, "scalar values"),
        ({"where": ("flag=maybe",)}, "flag"),
        ({"where": ("day=yesterday",)}, "day"),
        ({"where": ("at=noon",)}, "where"),
        ({"sort": "nope"}, "sort"),
        ({"sort": "tags"}, "sort"),
        ({"column": "label"}, "column"),
        ({"column": "source", "duplicates": True}, "duplicates"),
        ({"where": ("len(source)>=1",)}, "neither lists nor bytes"),
        ({"where": ("len(tags)>=x",)}, "'x' does not fit"),
        ({"where": ("len(nope)>=1",)}, "not a condition"),
        ({"where": ("letters(source)>=Latin",)}, "does not support"),
        ({"where": ("letters(source)=Elvish",)}, "'Elvish' does not fit"),
        ({"where": ("letters(tags)=Latin",)}, "holds no text"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(corpus: Corpus, fields: dict[str, Any], word: str) -> None:
    with pytest.raises(StudioError) as caught:
        SampleListing(corpus.reader, corpus.connection, SampleQuery(**fields)).count()
    assert caught.value.code == "invalid_request"
    assert word in caught.value.message


@pytest.mark.parametrize("sort", ["chars", "bytes", "words"])
def test_the_length_of_another_text_column_is_counted_on_the_way(corpus: Corpus, sort: str) -> None:
    query = SampleQuery(column="source", min_chars=5, sort=sort)
    sizes: dict[str, Callable[[str], int]] = {
        "chars": len,
        "bytes": lambda text: len(text.encode()),
        "words": lambda text: len(text.split()),
    }
    fitting = [number for number, row in enumerate(corpus.rows) if row["source"] and len(row["source"]) >= 5]
    expected = sorted(fitting, key=lambda number: sizes[sort](corpus.rows[number]["source"]))
    assert SampleListing(corpus.reader, corpus.connection, query).rows(0, 500).tolist() == expected


def test_columns_named_like_what_duckdb_adds(tmp_path: Path) -> None:
    table = pa.table({"text": list("abcdefghij"), "file_row_number": [n % 2 for n in range(10)], "begins": [1] * 10})
    write_dataset(tmp_path, {"train": table, "test": table}, group_rows=2, part_groups=2)
    build_index(tmp_path)
    reader = SampleReader(tmp_path)
    with open_index(reader) as connection:
        for split, expected in ((None, [*range(1, 20, 2)]), ("test", [*range(11, 20, 2)])):
            query = SampleQuery(split=split, where=("file_row_number=1", "begins=1"))
            assert SampleListing(reader, connection, query).rows(0, 50).tolist() == expected


@pytest.mark.parametrize("harm", ["unknown", "cut short", "other split"])
def test_token_counts_that_do_not_fit_are_refused(corpus: Corpus, tmp_path: Path, harm: str) -> None:
    write_dataset(tmp_path, {"train": pa.table({"text": ["a", "b"]})})
    build_index(tmp_path)
    if harm != "unknown":
        write_token_counts(tmp_path, TOK, {"train" if harm == "cut short" else "test": [1, 2]})
        (tmp_path / "tokenized" / TOK / "lengths").write_bytes(b"1234")
    reader = SampleReader(tmp_path)
    with open_index(reader) as connection, pytest.raises(StudioError) as caught:
        SampleListing(reader, connection, SampleQuery(tokenization=TOK, min_tokens=1))
    assert caught.value.code == ("not_found" if harm == "unknown" else "corrupt_data")


def test_a_listing_can_be_interrupted(corpus: Corpus) -> None:
    listing = SampleListing(corpus.reader, corpus.connection, SampleQuery(sort="chars"))
    blocks = listing.blocks()
    next(blocks)
    listing.interrupt()  # nothing is running: harmless
    assert listing.count() == 130
    assert isinstance(corpus.connection, duckdb.DuckDBPyConnection)


def test_a_query_is_its_own_key() -> None:
    query = SampleQuery(search="a", offset=100, limit=10)
    assert query.without_paging() == replace(query, offset=0, limit=50)
    assert SampleQuery(split="x", offset=9).is_plain
    assert not SampleQuery(sort="chars").is_plain
    assert SampleQuery(sort="position").is_plain

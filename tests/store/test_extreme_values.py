"""Values at the edges of every type: pages, conditions, sorting and exports of them do not fail."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mistudio_core.store.samples.export import export_samples
from mistudio_core.store.samples.index import build_index, open_index
from mistudio_core.store.samples.query import SampleQuery
from mistudio_core.store.samples.reader import SampleReader
from mistudio_core.store.samples.search import SampleSearch
from tests.support.corpora import write_dataset

SMALL, LARGE = (pa.int32(), 2**31), (pa.int64(), 2**63)
KINDS: dict[pa.DataType, tuple[pa.DataType, int]] = {
    pa.date32(): SMALL, pa.time32("ms"): SMALL, pa.time64("us"): LARGE, pa.time64("ns"): LARGE,
    **{pa.timestamp(unit, zone): LARGE for unit in ("ms", "us", "ns") for zone in (None, "UTC", "+05:30")},
    **{pa.duration(unit): LARGE for unit in ("s", "ms", "us", "ns")},
}  # fmt: skip
DAY = {"ms": 86_400_000, "us": 86_400_000_000, "ns": 86_400_000_000_000}


def _search(folder: Path, column: pa.Array) -> SampleSearch:
    texts = pa.array([f"text {number}" for number in range(len(column))])
    write_dataset(folder, {"train": pa.table({"text": texts, "a": column})})
    build_index(folder)
    reader = SampleReader(folder)
    return SampleSearch(reader, open_index(reader))


def _found(search: SampleSearch, /, **query: Any) -> list[int]:
    return [sample.index for sample in search.find(SampleQuery(**query)).page.rows]


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_nothing_fails_at_the_edges(kind: pa.DataType, tmp_path: Path) -> None:
    base, edge = KINDS[kind]
    numbers = [0, -edge, edge - 1, -1, None, 1, 10**9]
    column = pa.array(numbers, base).view(kind)
    search = _search(tmp_path / "made", column)
    page = search.find(SampleQuery()).page.rows
    assert [row.columns["a"] is None for row in page] == [number is None for number in numbers]
    for descending in (False, True):
        assert sorted(_found(search, sort="a", descending=descending)) == list(range(len(numbers)))
    for operator in ("=", "!=", ">=", "<="):
        value = "00:00" if pa.types.is_time(kind) else "0 s" if pa.types.is_duration(kind) else "1970-01-01"
        assert (0 in _found(search, where=(f"a{operator}{value}",))) == (operator != "!=")
    for name in ("parquet", "jsonl", "csv"):
        assert export_samples(search, SampleQuery(), tmp_path / f"all.{name}", name) == len(numbers)
    assert pq.read_table(tmp_path / "all.parquet")["a"].combine_chunks().equals(column)
    shown = [row.columns["a"] for row in page]
    lines = (tmp_path / "all.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(line)["a"] for line in lines] == shown
    with open(tmp_path / "all.csv", encoding="utf-8", newline="") as file:
        assert [row["a"] for row in csv.DictReader(file)] == ["" if value is None else value for value in shown]


@pytest.mark.parametrize("kind", [pa.time32("ms"), pa.time64("us"), pa.time64("ns")], ids=str)
def test_times_beyond_a_day_are_without_order_and_the_others_in_theirs(kind: Any, tmp_path: Path) -> None:
    day = DAY[kind.unit]
    numbers = [day, 5, -1, None, 0, day - 1, day + 1, day // 2]
    base = pa.int32() if pa.types.is_time32(kind) else pa.int64()
    search = _search(tmp_path / "made", pa.array(numbers, base).view(kind))
    assert _found(search, sort="a") == [4, 1, 7, 5, 0, 2, 3, 6]
    assert _found(search, sort="a", descending=True) == [5, 7, 1, 4, 0, 2, 3, 6]
    assert _found(search, where=("a>=12:00",)) == [5, 7]
    assert _found(search, where=("a<=12:00",)) == [1, 4, 7]
    assert _found(search, where=("a=12:00", "text!=x")) == [7]
    assert _found(search, where=("a!=12:00",), split="train") == [1, 4, 5]
    assert _found(search, search="text", where=("a>=12:00",), sort="a") == [7, 5]
    assert search.find(SampleQuery(where=("a>=12:00",))).page.total == 2


@pytest.mark.parametrize("zone", [None, "UTC", "+05:30"])
@pytest.mark.parametrize("unit", ["s", "ms"])
def test_moments_beyond_microseconds_are_in_their_order(unit: str, zone: str | None, tmp_path: Path) -> None:
    most = 2**63 // {"s": 10**6, "ms": 1000}[unit]  # as many as microseconds count
    numbers = [0, most + 2, None, -most - 2, 1, most + 1, -most - 1, -1]
    search = _search(tmp_path / "made", pa.array(numbers, pa.int64()).view(pa.timestamp(unit, zone)))
    assert _found(search, sort="a") == [3, 6, 7, 0, 4, 5, 1, 2]
    assert _found(search, sort="a", descending=True) == [1, 5, 4, 0, 7, 6, 3, 2]
    assert _found(search, where=("a>=1970-01-01",)) == [0, 1, 4, 5]
    assert _found(search, where=("a<=1970-01-01",)) == [0, 3, 6, 7]
    assert _found(search, where=("a=1970-01-01",), search="text") == [0]
    assert _found(search, where=("a!=1970-01-01T00:00Z", "text!=x")) == [1, 3, 4, 5, 6, 7]
    assert _found(search, where=("a>=200000-01-01",)) == [1, 5]
    assert _found(search, where=("a is null",), split="train") == [2]
    assert _found(search, where=("a=null",)) == [2]


def test_only_columns_that_may_be_beyond_microseconds_are_read_as_integers(tmp_path: Path) -> None:
    most = 2**63 // 1000
    columns = {
        "ordinary": [0, 10**12, None] * 10,
        "edges": [-most, most - 1] * 15,
        "nulls": [None] * 30,
        "above": [0] * 29 + [most],
        "below": [0] * 29 + [-most - 1],
    }
    moments = {name: pa.array(values, pa.int64()).view(pa.timestamp("ms")) for name, values in columns.items()}
    write_dataset(tmp_path / "few", {"train": pa.table(moments), "test": pa.table(moments).slice(0, 0)})
    assert SampleReader(tmp_path / "few").integer_times == {"above", "below"}
    wide = moments | {f"c{at}": pa.array([at] * 30) for at in range(30)}  # too many columns for bounds in the footers
    write_dataset(tmp_path / "many", {"train": pa.table(wide)})
    assert SampleReader(tmp_path / "many").integer_times == set(columns)

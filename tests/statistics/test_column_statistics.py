"""Statistics of columns that hold no text, against slow counts, in any split and order."""

import json
import math
import random
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mistudio_core.statistics.dataset import dataset_statistics
from mistudio_core.statistics.distributions import PERCENTILES
from mistudio_core.statistics.text import TextStatistics
from tests.support import slow_statistics

RELAXED = settings(deadline=None)
KINDS: dict[str, tuple[pa.DataType, st.SearchStrategy[Any]]] = {
    "int8": (pa.int8(), st.integers(-128, 127)),
    "int64": (pa.int64(), st.integers(-(2**63), 2**63 - 1)),
    "uint64": (pa.uint64(), st.integers(0, 2**64 - 1)),
    "float32": (pa.float32(), st.floats(width=32)),
    "float64": (pa.float64(), st.floats()),
    "decimal": (pa.decimal128(9, 2), st.decimals(-1000, 1000, places=2)),
    "bool": (pa.bool_(), st.booleans()),
    "date": (pa.date32(), st.dates(date(1900, 1, 1), date(2100, 1, 1))),
    "moment": (pa.timestamp("us"), st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1))),
    "duration": (pa.duration("ms"), st.integers(0, 9999).map(lambda ms: timedelta(milliseconds=ms))),
    "list": (pa.list_(pa.int64()), st.lists(st.integers(0, 3), max_size=4)),
    "bytes": (pa.binary(), st.binary(max_size=6)),
    "struct": (pa.struct([("a", pa.int64())]), st.fixed_dictionaries({"a": st.integers(0, 9)})),
}
SCHEMA = pa.schema([(name, kind) for name, (kind, _) in KINDS.items()])
ROWS = st.lists(st.fixed_dictionaries({name: st.none() | values for name, (_, values) in KINDS.items()}), max_size=12)


def counted(rows: list[dict[str, Any]], schema: pa.Schema = SCHEMA, limit: int | None = None) -> TextStatistics:
    made = TextStatistics(schema, limit)
    made.add(pa.Table.from_pylist(rows, schema), "train")
    return made


def one(values: list[Any], kind: pa.DataType, metadata: dict[str, str] | None = None) -> dict[str, Any]:
    schema = pa.schema([("x", kind)], metadata)
    return counted([{"x": value} for value in values], schema).result()["columns"][0]


def part(found: dict[str, Any], expected: dict[str, Any]) -> dict[str, Any]:
    return {key: found[key] for key in expected}


@RELAXED
@given(ROWS, st.none() | st.just(2), st.integers(0, 12), st.randoms(use_true_random=False))
def test_no_split_or_order_changes_the_result(
    rows: list[dict[str, Any]], limit: int | None, cut: int, shuffler: random.Random
) -> None:
    whole = counted(rows, limit=limit).result()
    shuffler.shuffle(rows)
    merged = counted(rows[cut:], limit=limit)
    merged.merge(counted(rows[:cut], limit=limit))
    assert merged.result() == whole
    json.dumps(whole, allow_nan=False)


@RELAXED
@given(st.lists(st.none() | st.integers(0, 2**64 - 1), max_size=20))
def test_integers_of_any_size_are_exact(values: list[int | None]) -> None:
    present = [value for value in values if value is not None]
    expected = slow_statistics.summary(present, PERCENTILES, floats=False)
    found = one(values, pa.uint64())
    assert part(found, expected) == expected
    assert found["nulls"] == len(values) - len(present)
    assert {row["value"]: row["count"] for row in found["values"]} == {x: present.count(x) for x in present}
    assert sum(row["count"] for row in found["histogram"]) == len(present)


@RELAXED
@given(st.lists(st.none() | st.floats(), max_size=20))
def test_figures_of_floats_are_of_the_finite_ones(values: list[float | None]) -> None:
    present = [value for value in values if value is not None]
    finite = [value for value in present if math.isfinite(value)]
    expected = slow_statistics.summary(finite, PERCENTILES, floats=True)
    found = one(values, pa.float64())
    assert part(found, expected) == expected
    assert found["nulls"] == values.count(None)
    assert found["nans"] == sum(math.isnan(value) for value in present)
    assert found["infinities"] == present.count(math.inf)
    assert found["negative_infinities"] == present.count(-math.inf)
    assert sum(row["count"] for row in found["histogram"]) == len(finite)


def test_decimals_count_as_floats() -> None:
    found = one([Decimal("0.25"), Decimal("1.75")], pa.decimal128(5, 2))
    assert (found["kind"], found["mean"]) == ("float", 1.0)


def test_truth_values_are_counted() -> None:
    found = one([True, False, True, None], pa.bool_())
    assert [(row["value"], row["count"]) for row in found["values"]] == [("true", 2), ("false", 1)]
    assert one([None], pa.bool_())["values"] == []


def class_label_metadata(names: list[str]) -> dict[str, str]:
    features = {"x": {"names": names, "_type": "ClassLabel"}}
    return {"huggingface": json.dumps({"info": {"features": features}})}


def test_class_labels_are_counted_by_name() -> None:
    found = one([0, 2, 2, -1, 7, None], pa.int64(), class_label_metadata(["neg", "neu", "pos"]))
    assert [(row["value"], row["count"]) for row in found["values"]] == [("neg", 1), ("neu", 0), ("pos", 2)]
    assert (found["kind"], found["unlabelled"], found["out_of_range"], found["nulls"]) == ("class_label", 1, 1, 1)


def test_dates_are_reported_as_dates() -> None:
    found = one([date(2024, 1, 1), date(2024, 1, 31), None], pa.date32())
    assert (found["kind"], found["min"], found["max"], found["median"]) == (
        "datetime",
        "2024-01-01",
        "2024-01-31",
        "2024-01-16",
    )
    assert found["std_seconds"] == pytest.approx(30 / math.sqrt(2) * 86_400)
    assert (found["histogram"][0]["first"], found["histogram"][0]["last"]) == ("2024-01-01", "2024-01-04")


def test_moments_of_a_time_zone_are_reported_in_utc() -> None:
    found = one([datetime(2024, 1, 1, 12, tzinfo=UTC)], pa.timestamp("ms", "Europe/Berlin"))
    assert (found["min"], found["count"]) == ("2024-01-01T12:00:00.000Z", 1)


def test_moments_beyond_the_calendar_are_written_all_the_same() -> None:
    schema = pa.schema([("x", pa.timestamp("s"))])
    made = TextStatistics(schema)
    made.add(pa.table([pa.array([2**40], pa.int64()).cast(pa.timestamp("s"))], schema=schema), "train")
    assert made.result()["columns"][0]["max"].startswith("36812-")


@pytest.mark.parametrize("kind", [pa.list_(pa.int64()), pa.large_list(pa.int64()), pa.list_(pa.int64(), 2)], ids=str)
def test_lists_are_counted_by_their_lengths(kind: pa.DataType) -> None:
    found = one([[1, 2], None, [3, 4]], kind)
    assert (found["kind"], found["nulls"], found["lengths"]["count"], found["lengths"]["sum"]) == ("list", 1, 2, 4)


def test_bytes_are_counted_by_their_lengths() -> None:
    found = one([b"abc", b"", None], pa.large_binary())
    assert (found["kind"], found["lengths"]["max"], found["lengths"]["min"]) == ("binary", 3, 0)


@pytest.mark.parametrize("kind", [*SCHEMA.types, pa.string(), pa.null()], ids=str)
def test_nulls_only_and_no_sample_at_all(kind: pa.DataType) -> None:
    assert one([None, None], kind)["nulls"] == 2
    assert one([], kind)["nulls"] == 0


def test_one_sample_has_no_deviation() -> None:
    found = one([5], pa.int64())
    assert (found["std"], found["mean"], found["median"]) == (None, 5.0, 5)


def test_many_columns_share_the_memory_of_few() -> None:
    assert TextStatistics(pa.schema([("a", pa.int64())])).limit == 1 << 20
    assert TextStatistics(pa.schema([(str(n), pa.int64()) for n in range(1024)])).limit == 1 << 12


def test_statistics_of_other_columns_are_not_merged() -> None:
    with pytest.raises(ValueError, match="different columns"):
        counted([]).merge(counted([], pa.schema([("other", pa.int64())])))


def test_a_dataset_folder_is_counted_in_one_pass(tmp_path: Path) -> None:
    schema = pa.schema([("text", pa.string()), ("n", pa.int64())])
    for split, sizes in {"train": [5, 3], "test": [2], "empty": []}.items():
        folder = tmp_path / "raw" / split
        folder.mkdir(parents=True)
        for place, size in enumerate(sizes):
            table = pa.table({"text": [f"{split} {number}" for number in range(size)], "n": range(size)}, schema=schema)
            pq.write_table(table, folder / f"part-0-{place}.parquet", row_group_size=2)
    told: list[tuple[int, int]] = []
    result = dataset_statistics(tmp_path, lambda done, total: told.append((done, total)))
    assert {name: row["samples"] for name, row in result["splits"].items()} == {"train": 8, "test": 2, "empty": 0}
    assert told[-1] == (10, 10)
    text, numbers = result["columns"]
    assert (text["duplicates"]["copies"], numbers["sum"]) == (3, 14)
    assert result["samples"] == 10


def test_a_folder_without_samples_has_empty_statistics(tmp_path: Path) -> None:
    result = dataset_statistics(tmp_path)
    assert (result["samples"], result["splits"], result["columns"]) == (0, {}, [])

"""Any page of the raw samples: every sample once, in order, with all of its values as JSON can hold them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from mistudio_core.errors import StudioError
from mistudio_core.records import as_json
from mistudio_core.store.samples.plain_values import plain
from mistudio_core.store.samples.reader import MAX_PAGE, SampleReader, open_reader
from tests.support.corpora import write_dataset

LABELS = {"_type": "ClassLabel", "names": ["bad", "good"]}
FEATURES = {
    "text": {"_type": "Value", "dtype": "string"},
    "label": LABELS,
    "more": {"feature": LABELS, "_type": "List"},
    "image": {"_type": "Image"},
}
SCHEMA = pa.schema(
    [
        ("text", pa.string()),
        ("label", pa.int64()),
        ("more", pa.list_(pa.int64())),
        ("image", pa.struct([("bytes", pa.binary()), ("path", pa.string())])),
        ("when", pa.timestamp("us", "UTC")),
        ("price", pa.decimal128(6, 2)),
        ("score", pa.float64()),
    ],
    {b"huggingface": json.dumps({"info": {"features": FEATURES}}).encode()},
)


def numbered(count: int, start: int = 0) -> pa.Table:
    return pa.table({"text": [f"sample {start + n}" for n in range(count)], "n": list(range(count))})


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    splits = {"test": numbered(33, 1000), "train": numbered(101), "empty": numbered(0)}
    return write_dataset(tmp_path_factory.mktemp("dataset"), splits)


@pytest.mark.parametrize(("split", "total"), [(None, 134), ("train", 101), ("test", 33), ("empty", 0)])
@pytest.mark.parametrize("limit", [1, 10, 50, 200])
def test_pages_cover_every_sample_exactly_once(dataset: Path, split: str | None, total: int, limit: int) -> None:
    reader = SampleReader(dataset)
    pages = [reader.page(split, offset, limit) for offset in range(0, total + 1, limit)]
    assert {page.total for page in pages} == {total}
    assert all(page.total_is_exact for page in pages)
    seen = [(row.split, row.index, row.text) for page in pages for row in page.rows]
    texts = {
        "train": [f"sample {n}" for n in range(101)],
        "test": [f"sample {1000 + n}" for n in range(33)],
        "empty": [],
    }
    order = ["train", "empty", "test"] if split is None else [split]
    assert seen == [(name, index, text) for name in order for index, text in enumerate(texts[name])]


@hypothesis_settings(max_examples=40, deadline=None)
@given(rows=st.lists(st.integers(0, 133), max_size=60))
def test_scattered_rows_come_in_the_order_asked(dataset: Path, rows: list[int]) -> None:
    samples = open_reader(dataset).samples(rows)
    assert [(sample.split, sample.index) for sample in samples] == [
        ("train", row) if row < 101 else ("test", row - 101) for row in rows
    ]
    assert all(sample.columns == {"n": sample.index} for sample in samples)


def test_values_are_what_json_can_hold(tmp_path: Path) -> None:
    row = {
        "text": "\x00 <b>ש</b>",
        "label": 1,
        "more": [0, 1, -1, None],
        "image": {"bytes": b"12345", "path": None},
        "when": datetime(2026, 11, 20, tzinfo=UTC),
        "price": Decimal("12.50"),
        "score": float("nan"),
    }
    empty = dict.fromkeys(SCHEMA.names)
    write_dataset(tmp_path, {"train": pa.Table.from_pylist([row, empty], SCHEMA)})
    first, second = SampleReader(tmp_path).page().rows
    assert first.text == "\x00 <b>ש</b>"
    assert first.columns == {
        "label": "good",
        "more": ["bad", "good", -1, None],
        "image": {"bytes": {"bytes": 5}, "path": None},
        "when": "2026-11-20T00:00:00+00:00",
        "price": "12.50",
        "score": "NaN",
    }
    json.dumps(as_json(first), allow_nan=False)
    assert second.text is None
    assert set(second.columns.values()) == {None}


@pytest.mark.parametrize(
    ("feature", "value", "expected"),
    [
        ({"_type": "Sequence", "feature": {"a": LABELS}}, [{"a": 1}], [{"a": "good"}]),
        ([LABELS], [1, 0], ["good", "bad"]),
        ({"a": LABELS}, {"a": 0, "b": 7}, {"a": "bad", "b": 7}),
        (LABELS, 9, 9),
        (None, [("key", b"xy")], [["key", {"bytes": 2}]]),
        (None, float("-inf"), "-Infinity"),
    ],
)
def test_nested_values_keep_their_shape(feature: object, value: object, expected: object) -> None:
    assert plain(value, feature) == expected


def test_the_text_column_is_chosen_by_name_or_by_size(tmp_path: Path) -> None:
    by_size = pa.table({"id": ["a", "b"], "content": ["long " * 9, "longer " * 9]})
    assert SampleReader(write_dataset(tmp_path / "a", {"train": by_size})).default_column == "content"
    by_name = by_size.append_column("text", pa.array(["x", "y"]))
    reader = SampleReader(write_dataset(tmp_path / "b", {"train": by_name}))
    assert reader.default_column == "text"
    sample = reader.page(column="id").rows[1]
    assert (sample.text, sample.columns["text"]) == ("b", "y")
    none = SampleReader(write_dataset(tmp_path / "c", {"train": pa.table({"n": [1]})}))
    assert none.default_column is None
    assert none.page().rows[0].text is None


@pytest.mark.parametrize(
    ("asked", "code", "word"),
    [
        ({"split": "nope"}, "split_not_found", "train"),
        ({"offset": -1}, "invalid_request", "offset"),
        ({"limit": 0}, "invalid_request", "limit"),
        ({"limit": MAX_PAGE + 1}, "invalid_request", "limit"),
        ({"column": "n"}, "invalid_request", "column"),
    ],
)
def test_what_cannot_be_is_refused_by_name(dataset: Path, asked: dict[str, object], code: str, word: str) -> None:
    with pytest.raises(StudioError) as caught:
        SampleReader(dataset).page(**asked)
    assert caught.value.code == code
    assert word in caught.value.message + caught.value.hint


def test_a_folder_without_samples_is_corrupt(tmp_path: Path) -> None:
    with pytest.raises(StudioError, match="has no samples"):
        SampleReader(tmp_path)


def test_a_reader_is_kept_until_the_samples_are_others(tmp_path: Path) -> None:
    write_dataset(tmp_path, {"train": numbered(3)})
    assert open_reader(tmp_path) is open_reader(tmp_path)
    before = open_reader(tmp_path)
    write_dataset(tmp_path, {"more": numbered(4)})
    assert open_reader(tmp_path) is not before
    assert open_reader(tmp_path).num_samples == 7

"""An exported file holds exactly the result of the query, in its order, and is there whole or not at all."""

from __future__ import annotations

import base64
import csv
import json
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mistudio_core.errors import StudioError
from mistudio_core.store.samples import export as sample_export
from mistudio_core.store.samples.export import EXPORT_KINDS, export_samples
from mistudio_core.store.samples.index import build_index, open_index
from mistudio_core.store.samples.query import SampleQuery
from mistudio_core.store.samples.ranked_index import build_ranked_index
from mistudio_core.store.samples.reader import SampleReader
from mistudio_core.store.samples.search import SampleSearch
from tests.support.corpora import WORDS, write_dataset

FEATURES = {"label": {"_type": "ClassLabel", "names": ["bad", "good"]}}
SCHEMA = pa.schema(
    [("text", pa.string()), ("label", pa.int64()), ("tags", pa.list_(pa.string())), ("raw", pa.binary())],
    {b"huggingface": json.dumps({"info": {"features": FEATURES}}).encode()},
)
HOSTILE = ('"quoted", and\nnew line', "=1+1", "\x00", "<script>", "a\r\nb", "\u2028", "")
QUERIES = {
    "everything": SampleQuery(),
    "a split": SampleQuery(split="test"),
    "a filter": SampleQuery(where=("label=good",)),
    "sorted": SampleQuery(sort="chars", descending=True),
    "words": SampleQuery(search="cat 2024", mode="any"),
    "substring": SampleQuery(search="a", mode="substring"),
    "sorted substring": SampleQuery(search="a", mode="substring", sort="chars"),
    "nothing": SampleQuery(search="nowhere to be found", mode="substring"),
}


def records() -> list[dict[str, Any]]:
    chance = random.Random(3)
    return [
        {
            "text": chance.choice([None, *HOSTILE, " ".join(chance.choices(WORDS, k=4)), "cat a"]),
            "label": chance.choice([0, 1, None]),
            "tags": chance.choice([[], ["x", None], None]),
            "raw": chance.choice([b"\xff\x00", None]),
        }
        for _ in range(200)
    ]


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> SampleReader:
    folder = tmp_path_factory.mktemp("dataset")
    rows = pa.Table.from_pylist(records(), SCHEMA)
    write_dataset(folder, {"train": rows.slice(0, 150), "test": rows.slice(150)})
    build_index(folder)
    build_ranked_index(folder)
    return SampleReader(folder)


@pytest.fixture
def search(reader: SampleReader) -> Iterator[SampleSearch]:
    with open_index(reader) as connection:
        yield SampleSearch(reader, connection)


@pytest.mark.parametrize("kind", EXPORT_KINDS)
@pytest.mark.parametrize("name", QUERIES)
@pytest.mark.parametrize("chunk_bytes", [1, 1 << 20])
def test_the_file_is_the_result(
    search: SampleSearch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, kind: str, chunk_bytes: int
) -> None:
    monkeypatch.setattr(sample_export, "_CHUNK_BYTES", chunk_bytes)
    monkeypatch.setattr(sample_export, "_CHUNK_ROWS", 37)
    rows = [row for block in search.blocks(QUERIES[name]) for row in block.tolist()]
    expected = [records()[row] for row in rows]
    told: list[int] = []
    target = tmp_path / f"result.{kind}"
    assert export_samples(search, QUERIES[name], target, kind, told.append) == len(expected)
    assert (told[-1] if told else 0) == len(expected)
    assert [path.name for path in tmp_path.iterdir()] == [target.name]
    if kind == "parquet":
        table = pq.read_table(target)
        assert table.schema.equals(SCHEMA, check_metadata=False)
        assert table.schema.metadata[b"huggingface"] == SCHEMA.metadata[b"huggingface"]
        assert table.to_pylist() == expected
    elif kind == "jsonl":
        lines = target.read_text("utf-8").split("\n")
        assert lines.pop() == ""
        assert [json.loads(line) for line in lines] == [shown(sample) for sample in expected]
    else:
        csv.field_size_limit(sys.maxsize)
        with target.open(encoding="utf-8", newline="") as file:
            header, *cells = csv.reader(file)
        assert header == SCHEMA.names
        as_kind = without_formula if kind == "spreadsheet" else as_cell
        assert cells == [[as_kind(value) for value in shown(sample).values()] for sample in expected]


def test_a_spreadsheet_gets_no_formula(tmp_path: Path) -> None:
    texts = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "plain", "a=b", "", None, '=HYPERLINK("x")']
    write_dataset(tmp_path / "made", {"train": pa.table({"text": texts, "=n": range(-6, 6)})})
    build_index(tmp_path / "made")
    opened = SampleReader(tmp_path / "made")
    with open_index(opened) as connection:
        export_samples(SampleSearch(opened, connection), SampleQuery(), tmp_path / "all.csv", "spreadsheet")
    with (tmp_path / "all.csv").open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    assert header == ["text", "'=n"]
    assert [row[0] for row in rows] == [
        "'=1+1", "'+1", "'-1", "'@SUM(A1)", "'\t=1", "'\r=1", " =1", "plain", "a=b", "", "", "'=HYPERLINK(\"x\")",
    ]  # fmt: skip
    assert [int(row[1]) for row in rows] == list(range(-6, 6)), "a number is no formula"


def shown(sample: dict[str, Any]) -> dict[str, Any]:
    return sample | {
        "label": None if sample["label"] is None else ["bad", "good"][sample["label"]],
        "raw": None if sample["raw"] is None else base64.b64encode(sample["raw"]).decode(),
    }


def as_cell(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def without_formula(value: Any) -> str:
    cell = as_cell(value)
    is_text = not isinstance(value, (int, float))
    return f"'{cell}" if is_text and cell[:1] in set("=+-@\t\r") - {""} and cell else cell


def test_an_export_that_fails_leaves_the_file_that_was_there(search: SampleSearch, tmp_path: Path) -> None:
    target = tmp_path / "result.jsonl"
    target.write_text("older")

    def stop(_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export_samples(search, SampleQuery(), target, "jsonl", stop)
    assert target.read_text() == "older"
    assert [path.name for path in tmp_path.iterdir()] == [target.name]
    with pytest.raises(StudioError, match="not an export format"):
        export_samples(search, SampleQuery(), target, "xlsx")


def test_a_wide_result_is_read_a_few_samples_at_a_time(
    search: SampleSearch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sample_export, "_CHUNK_BYTES", 64)
    sizes: list[int] = []
    export_samples(search, SampleQuery(sort="chars"), tmp_path / "a.jsonl", "jsonl", sizes.append)
    steps = [after - before for before, after in zip([0, *sizes], sizes, strict=False)]
    longest = max(len((sample["text"] or "").encode()) for sample in records())
    assert min(steps) < 5
    assert max(steps) <= 120
    assert longest < 200
    assert isinstance(search.connection, duckdb.DuckDBPyConnection)

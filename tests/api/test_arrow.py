"""Samples and sequences over the network as Arrow: the same rows as in the files, for every reader."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from fastapi.testclient import TestClient

from mistudio_core import arrow_stream
from mistudio_core.library import Library
from mistudio_core.tokenization.output.stored_sequences import StoredSequences
from tests.api.conftest import Connect
from tests.support.api_server import served

ARROW = {"Accept": "application/vnd.apache.arrow.stream"}


@pytest.fixture
def library(home: Path) -> Library:
    return Library.open(home)


@pytest.fixture
def client(home: Path, connect: Connect) -> TestClient:
    return connect(home)


def _table(client: TestClient, path: str) -> pa.Table:
    answer = client.get(path, headers=ARROW | {"Accept-Encoding": "gzip"})
    assert (answer.status_code, answer.headers["content-type"]) == (200, ARROW["Accept"]), answer.text
    assert answer.headers["content-encoding"] == "identity"
    return pa.ipc.open_stream(answer.content).read_all()


def test_sequences_are_those_of_the_files(library: Library, client: TestClient) -> None:
    (record,) = library.tokenizations()
    assert record.path is not None
    stored = StoredSequences(record.path)
    expected = pa.Table.from_batches([batch for split in stored.splits for batch in stored.batches(split)])
    path = f"/tokenizations/{record.id}/sequences"
    assert _table(client, path).equals(expected, check_metadata=True)
    announced = client.get(path, headers=ARROW)
    assert int(announced.headers["content-length"]) == len(announced.content)
    assert _table(client, f"{path}?offset=3&limit=5").equals(expected.slice(3, 5))
    assert _table(client, f"{path}?split={next(iter(stored.splits))}").num_rows == next(iter(stored.splits.values()))
    assert _table(client, f"{path}?offset=1000000").num_rows == 0
    refused = client.get(f"{path}?split=nowhere", headers=ARROW)
    assert (refused.status_code, refused.json()["error"]["code"]) == (404, "split_not_found")
    assert client.get(path).headers["content-type"] == "application/json"


def test_samples_are_those_of_the_files_and_of_a_search(
    library: Library, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrow_stream, "CHUNK_BYTES", 5_000)
    (dataset,) = library.datasets()
    rows = library.samples(dataset.id, limit=1000).rows
    path = f"/datasets/{dataset.id}/samples"
    whole = _table(client, path)
    assert whole.column("text").to_pylist() == [row.text for row in rows]
    assert whole.column("text").num_chunks > 3
    assert _table(client, f"{path}?columns=text&offset=7&limit=2").to_pylist() == [
        {"text": row.text} for row in rows[7:9]
    ]
    for split, count in dataset.splits.items():
        part = _table(client, f"{path}?split={split}&offset=1")
        assert part.column("text").to_pylist() == [row.text for row in rows if row.split == split][1:count]
    query = "search=the&mode=substring&sort=chars&descending=true"
    asked = {"search": "the", "mode": "substring", "sort": "chars", "descending": True, "limit": 1000}
    found = [row.text for row in library.search(dataset.id, asked).page.rows]
    assert _table(client, f"{path}?{query}&columns=text").column("text").to_pylist() == found
    assert _table(client, f"{path}?{query}&offset=2&limit=3").column("text").to_pylist() == found[2:5]
    assert _table(client, f"{path}?search=zzzzzz&mode=substring").num_rows == 0
    for wrong in ("columns=nowhere", "columns=text&columns=text", "mode=psychic&search=a", "split=nowhere"):
        assert client.get(f"{path}?{wrong}", headers=ARROW).json()["error"]["code"] in (
            "invalid_request", "split_not_found",
        )  # fmt: skip


def test_duckdb_reads_the_stream(library: Library, client: TestClient) -> None:
    (dataset,) = library.datasets()
    stream = client.get(f"/datasets/{dataset.id}/samples", headers=ARROW).content
    samples = pa.ipc.open_stream(stream)
    assert isinstance(samples, pa.RecordBatchReader)
    assert duckdb.sql("SELECT count(*) FROM samples").fetchall() == [(dataset.num_samples,)]


def test_the_code_for_another_machine_brings_the_sequences_there(library: Library, tmp_path: Path) -> None:
    (record,) = library.tokenizations()
    assert record.path is not None
    code = next(one.code for one in library.snippets(record.id) if one.name == "remote")
    assert code is not None
    with served(library.home.root) as server:
        there = code.replace("http://localhost:8501", server.url).replace("/api/v1/", "/")
        done = subprocess.run(
            [sys.executable, "-c", there + "print(sequences[0]['input_ids'])"],
            cwd=tmp_path, env=os.environ | {"MISTUDIO_API_KEY": server.key}, capture_output=True, text=True,
            timeout=120,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    stored = StoredSequences(record.path)
    first = next(iter(stored.ids(next(iter(stored.splits)))))[0]
    assert done.stdout.splitlines()[-1] == str(first.tolist())
    (copy,) = tmp_path.glob("*.arrow")
    rows = sum(batch.num_rows for batch in pa.ipc.open_stream(pa.memory_map(str(copy))))
    assert rows == next(count for count in stored.splits.values() if count)


def test_memory_holds_a_few_batches_of_a_stream() -> None:
    """A stream takes its next batch when it is asked for more, and not before."""
    made: list[int] = []

    def batches() -> Iterator[pa.RecordBatch]:
        for number in range(50):
            made.append(number)
            yield pa.record_batch({"number": pa.array(np.full(10, number))})

    stream = iter(arrow_stream.ArrowStream(pa.schema({"number": pa.int64()}), batches()))
    next(stream)
    next(stream)
    assert made == [0]

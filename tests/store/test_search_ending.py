"""A search that its user ends: what it found stands, and is told as it grows."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from mistudio_core.store.samples.index import build_index, close_index, open_index
from mistudio_core.store.samples.query import SampleQuery
from mistudio_core.store.samples.reader import SampleReader
from mistudio_core.store.samples.search import SampleSearch
from mistudio_core.store.samples.search_pool import SearchPool
from mistudio_core.store.samples.text_scan import TextScan
from tests.support.corpora import write_dataset
from tests.support.fetching import until


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> SampleReader:
    folder = tmp_path_factory.mktemp("ending")
    write_dataset(folder, {"train": pa.table({"text": [f"cat number {n}" for n in range(500)]})}, group_rows=50)
    build_index(folder)
    return SampleReader(folder)


@pytest.fixture
def connection(reader: SampleReader) -> Iterator[duckdb.DuckDBPyConnection]:
    opened = open_index(reader)
    yield opened
    close_index(opened)


@pytest.fixture
def pool() -> Iterator[SearchPool]:
    made = SearchPool(workers=1)
    yield made
    made.close()


def test_progress_is_that_of_the_sessions_own_search(
    reader: SampleReader, connection: duckdb.DuckDBPyConnection, pool: SearchPool
) -> None:
    assert pool.progress("nobody") == (0, True)
    query = SampleQuery(search="cat", mode="substring")
    scan = pool.scan("me", "q", lambda: TextScan(reader, connection, query), 30)
    scan.hits.wait(None, 30)
    assert pool.progress("me") == (500, True)
    assert pool.progress("somebody else") == (0, True)


def test_an_ended_search_keeps_its_hits_and_is_not_begun_again(
    reader: SampleReader, connection: duckdb.DuckDBPyConnection, pool: SearchPool
) -> None:
    query = SampleQuery(search="cat", mode="substring")
    scan = TextScan(reader, connection, query)
    scan.hits.add(np.arange(7))
    assert pool.scan("me", _key(reader, query), lambda: scan, 0.0) is scan
    pool.end("me")
    scan.hits.wait(None, 10)
    found, ended = pool.progress("me")
    assert ended
    assert found >= 7
    page = SampleSearch(reader, connection, pool, "me").find(query).page
    assert (page.total, page.total_is_exact) == (found, False)
    pool.end("nobody")


def test_an_index_is_closed_while_a_search_runs(reader: SampleReader) -> None:
    opened = open_index(reader)
    cursor = opened.cursor()

    def search() -> None:
        with suppress(duckdb.InterruptException):
            cursor.execute("SELECT sum(a.range * b.range) FROM range(10_000_000) a, range(10_000_000) b")

    searching = threading.Thread(target=search)
    searching.start()
    try:
        until(lambda: _is_busy(cursor))
        close_index(opened)
        with pytest.raises(duckdb.ConnectionException):
            opened.execute("SELECT 1")
    finally:
        while searching.is_alive():
            cursor.interrupt()
            searching.join(0.05)


def _is_busy(cursor: duckdb.DuckDBPyConnection) -> bool:
    try:
        cursor.execute("SELECT 1")
    except duckdb.ResourceInUseException:
        return True
    return False


def _key(reader: SampleReader, query: SampleQuery) -> tuple[Path, SampleQuery]:
    return reader.folder, query.without_paging()

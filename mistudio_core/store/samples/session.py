"""An open sample index and the questions that are put to it, so that nothing above knows what database it is."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from itertools import chain
from pathlib import Path
from threading import Lock
from typing import Final, Self, TypeVar

import duckdb
import pyarrow as pa

from mistudio_core.errors import IndexUnusable
from mistudio_core.file_names import SAMPLE_INDEX
from mistudio_core.store.samples.concordance import Collected, Concordance, collect
from mistudio_core.store.samples.export import Progress, export_samples, result_tables
from mistudio_core.store.samples.index import close_index, damaged, is_sound, ready_index
from mistudio_core.store.samples.query import SampleQuery
from mistudio_core.store.samples.reader import open_reader
from mistudio_core.store.samples.search import Found, SampleSearch
from mistudio_core.store.samples.search_pool import SearchPool

Answer = TypeVar("Answer")
_CONCORDANCES: Final = 4
"""Whose hits stay for the next page: at most 2 MB each."""


class SessionClosedError(Exception):
    """Somebody else has closed the session, before or during a question: open another one and ask again."""


class SearchSession:
    """The open sample index of one dataset, for any number of questions from any threads, until `close`.

    An index that turns out to be damaged is built again where that takes a moment; for a larger dataset it is removed
    and `index_damaged` raised, so that a job can build it.
    """

    def __init__(self, dataset_folder: Path) -> None:
        """Open the index, building it where it cannot be used; raises `IndexUnusable` where only a job may."""
        self._reader = open_reader(dataset_folder)
        self._connection = ready_index(self._reader)
        self._repairing = Lock()
        self._closed = False
        self._collected: dict[Hashable, Collected] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the index, so that its file can be replaced or its disk become free."""
        self._closed = True
        close_index(self._connection)

    def find(self, query: SampleQuery, pool: SearchPool | None = None, tab: str = "") -> Found:
        """Return a page of a query; with a `pool`, a scan goes on behind it, one for each `tab`.

        Raises as `SampleSearch.find`, `SessionClosedError`, and `index_damaged`.
        """
        return self._answered(lambda opened: SampleSearch(self._reader, opened, pool, tab).find(query))

    def concordance(self, query: SampleQuery, sort: str, time_limit_s: float) -> Concordance:
        """Return a page of the hits of a query, each with what stands beside it; see `collect`.

        The hits of the last few questions are kept, so that another page of them costs nothing.
        """
        key = (query.without_paging(), sort, time_limit_s)
        collected = self._collected.pop(key, None)
        if collected is None:
            collected = self._answered(
                lambda opened: collect(SampleSearch(self._reader, opened), query, sort, time_limit_s)
            )
        self._collected[key] = collected
        while len(self._collected) > _CONCORDANCES:
            self._collected.pop(next(iter(self._collected)), None)
        return collected.page(self._reader, query)

    def export(self, query: SampleQuery, target: Path, kind: str, progress: Progress | None = None) -> int:
        """Write the whole result of a query to a file and return the number of samples; see `export_samples`."""
        return self._answered(
            lambda opened: export_samples(SampleSearch(self._reader, opened), query, target, kind, progress)
        )

    def tables(self, query: SampleQuery) -> Iterator[pa.Table]:
        """Return the raw samples of the complete result of a query, some MB at a time; the first is found at once."""

        def begun(opened: duckdb.DuckDBPyConnection) -> Iterator[pa.Table]:
            found = result_tables(SampleSearch(self._reader, opened), query)
            first = next(found, None)
            return iter(()) if first is None else chain((first,), found)

        return self._answered(begun)

    def _answered(self, ask: Callable[[duckdb.DuckDBPyConnection], Answer]) -> Answer:
        connection = self._connection
        try:
            return ask(connection)
        except duckdb.Error as error:
            if self._closed:
                raise SessionClosedError from error
            if self._connection is connection and is_sound(connection):
                raise
        return ask(self._repaired(connection))

    def _repaired(self, damaged_one: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
        """Return an index that is not the damaged one; only the first of those that wait builds it."""
        with self._repairing:
            if self._connection is damaged_one:
                close_index(damaged_one)  # or the same file would be opened once more
                (self._reader.folder / SAMPLE_INDEX).unlink(missing_ok=True)
                try:
                    self._connection = ready_index(self._reader)
                except IndexUnusable:
                    raise damaged() from None
            return self._connection


def index_stamp(dataset_folder: Path) -> int:
    """Return a number that changes when the sample index is built again; 0 where there is none."""
    try:
        return (dataset_folder / SAMPLE_INDEX).stat().st_mtime_ns
    except OSError:
        return 0

"""Search by scan: DuckDB reads the texts in their order, hits are there at once, the count comes behind."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from typing import Final

import duckdb
import numpy as np
import numpy.typing as npt

from mistudio_core.errors import StudioError
from mistudio_core.store.samples.parquet_rows import parquet_rows
from mistudio_core.store.samples.query import SampleQuery
from mistudio_core.store.samples.reader import SampleReader
from mistudio_core.store.samples.text_tests import check_search, text_test

Rows = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

MAX_HITS: Final = 2_000_000
"""16 MB of row numbers; a search with more hits says "at least"."""
_FIRST_FETCH: Final = 16
_FETCH: Final = 4096
_NUDGE_S: Final = 0.02
_POLL_S: Final = 0.5


class Hits:
    """The rows that a search has found so far, rising; one thread adds them, any number may read."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._blocks: list[Rows] = []
        self._count = 0
        self._error: BaseException | None = None
        self.finished = False
        self.exact = False

    def __len__(self) -> int:
        """Return how many there are so far."""
        return self._count

    def add(self, rows: Rows) -> None:
        """Append rows."""
        with self._changed:
            self._blocks.append(rows)
            self._count += len(rows)
            self._changed.notify_all()

    def finish(self, *, exact: bool, error: BaseException | None = None) -> None:
        """Say that no more will come; `exact` tells whether these are all there are."""
        with self._changed:
            self.finished, self.exact, self._error = True, exact, error
            self._changed.notify_all()

    def wait(self, count: int | None, timeout: float | None) -> None:
        """Wait until `count` rows are there (None: until the end), or the end has come, or the time is over.

        Raises what the search raised.
        """
        with self._changed:
            self._changed.wait_for(lambda: self.finished or (count is not None and self._count >= count), timeout)
            if self._error is not None:
                raise self._error

    def rows(self, first: int = 0, last: int | None = None) -> Rows:
        """Return the rows `[first, last)` of those found."""
        with self._changed:
            if len(self._blocks) > 1:
                self._blocks = [np.concatenate(self._blocks)]
            return self._blocks[0][first:last] if self._blocks else np.empty(0, np.int64)


class TextScan:
    """One search by scan; `run` does it once, in whatever thread, and `hits` fills meanwhile.

    `keep`, where given, tells for every row whether the filters let it through; `control` are the control tokens that
    the query may ask for. Raises `invalid_request` for a search that cannot be.
    """

    def __init__(
        self,
        reader: SampleReader,
        connection: duckdb.DuckDBPyConnection,
        query: SampleQuery,
        keep: Mask | None = None,
        control: Sequence[str] = (),
    ) -> None:
        self.hits = Hits()
        self._cursor = connection.cursor()
        self._keep = keep
        self._stop = threading.Event()
        self.cancelled = self._begun = False
        check_search(self._cursor, query)
        column = reader.text_column(query.column)
        relation, parameters = parquet_rows(self._cursor, reader, [] if column is None else [column], query.split)
        test = text_test(query, "v.c0" if column is not None else "CAST(NULL AS VARCHAR)", control)
        self._sql = f'SELECT "row" FROM {relation} v WHERE {test.sql}'  # noqa: S608 - names are quoted
        self._parameters = parameters | test.parameters

    def run(self, time_limit_s: float) -> None:
        """Scan to the end, or until `cancel`, the time limit or `MAX_HITS`; `hits.wait` raises what goes wrong."""
        if self._stop.is_set():
            self.hits.finish(exact=False)
            return
        watcher = threading.Thread(target=self._watch, args=(time_limit_s,), daemon=True, name="scan watcher")
        watcher.start()
        try:
            exact = self._scan()
        except duckdb.InterruptException:
            self.hits.finish(exact=False)
        except duckdb.Error as error:
            # A connection that its owner closed meanwhile ends a cancelled scan, and is no news then.
            self.hits.finish(exact=False, error=None if self.cancelled else _unreadable(error))
        except BaseException as error:
            self.hits.finish(exact=False, error=error)
            raise
        else:
            self.hits.finish(exact=exact)
        finally:
            self._stop.set()
            watcher.join()

    def cancel(self) -> None:
        """Stop soon, without waiting for it; one that has not begun will find nothing."""
        self.cancelled = True
        self.end()

    def end(self) -> None:
        """Stop soon and keep the hits so far as "at least" so many."""
        self._stop.set()
        if not self._begun:
            self.hits.finish(exact=False)

    def stream(self) -> Iterator[Rows]:
        """Yield the hits in blocks as they are found, to the end, in the caller's thread; `hits` stays empty."""
        self._begun = True
        result = self._cursor.execute(self._sql, self._parameters)
        found = 0
        while fetched := result.fetchmany(_FIRST_FETCH if found < 10 * _FIRST_FETCH else _FETCH):
            rows = np.fromiter((row for (row,) in fetched), np.int64, len(fetched))
            matching = rows if self._keep is None else rows[self._keep[rows]]
            found += len(matching)
            yield matching

    def _scan(self) -> bool:
        """Return whether the scan came to its end."""
        for rows in self.stream():
            self.hits.add(rows)
            if self._stop.is_set() or len(self.hits) >= MAX_HITS:
                return False
        return not self._stop.is_set()

    def _watch(self, time_limit_s: float) -> None:
        """Interrupt when it is time to stop, again and again: an interruption between two calls is lost."""
        until = time.monotonic() + time_limit_s
        while not self._stop.wait(max(0.0, min(_POLL_S, until - time.monotonic()))):
            # A server that is asked to end waits for its threads, and a scan may have a minute to go.
            if time.monotonic() >= until or not threading.main_thread().is_alive():
                self._stop.set()
        while not self.hits.finished:
            self._cursor.interrupt()
            time.sleep(_NUDGE_S)


def _unreadable(error: duckdb.Error) -> StudioError:
    return StudioError(
        "corrupt_data",
        f"The search failed before the end: {str(error).splitlines()[0][:200]}",
        "Verify the dataset to see whether a file is damaged.",
    )

"""A page of any query, by the cheapest way that answers it: position, index, index of words, or scan."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import duckdb
import numpy as np
import numpy.typing as npt

from mistudio_core.errors import IndexDamaged, IndexUnusable
from mistudio_core.records import Record, Sample, SamplesPage
from mistudio_core.store.samples.listing import SampleListing
from mistudio_core.store.samples.query import SampleQuery
from mistudio_core.store.samples.ranked_index import discard_ranked_index
from mistudio_core.store.samples.ranked_search import RankedSearch
from mistudio_core.store.samples.reader import SampleReader
from mistudio_core.store.samples.search_pool import SearchPool
from mistudio_core.store.samples.text_scan import MAX_HITS, TextScan
from mistudio_core.store.samples.text_tests import find_matches
from mistudio_core.store.samples.token_lengths import TokenLengths

TIME_LIMIT_S: Final = 60.0
"""How long one search may scan; what it has found then is "at least" the number of hits."""
FIRST_HITS_S: Final = 2.0
"""How long a page waits for its hits, or for all where they are sorted, while the scan goes on behind it."""

FULL_PAGE_S: Final = 0.5
"""How long a page that has some of its hits waits to be full: the others come when it is drawn again."""

_NOTES: Final = {
    "index_missing": "No word index yet: results come from a full scan, in dataset order.",
    "index_stale": "The index of words is out of date: this was searched by scan, in the order of the dataset.",
    "index_damaged": "The index of words was damaged and will be built again: this was searched by scan, in the order "
    "of the dataset.",
}
NOT_INDEXED: Final = "Not in the word index: results come from a full scan, in dataset order."
CONTROL_SCAN: Final = "Control tokens are found by a full scan, in dataset order."

Rows = npt.NDArray[np.int64]
_BLOCK_ROWS: Final = 100_000


@dataclass(frozen=True, slots=True)
class Found(Record):
    """A page, and how it was found.

    `by` is `position`, `filters`, `ranked` or `scan`; `note` is a sentence for the user where it was not the way that
    was asked for, and `problem` the error code of the index of words where that is why; `finished` is False while a
    scan still counts: ask again for more.
    """

    page: SamplesPage
    by: str
    note: str = ""
    problem: str = ""
    finished: bool = True


class SampleSearch:
    """Answers queries on one dataset.

    `connection` is the open sample index (`ready_index`); its owner may keep it for any number of these. With a pool,
    a scan goes on in the background for the session, and `find` returns as soon as a page is there; without one, `find`
    waits for the end of the scan, at most `time_limit_s`.
    """

    def __init__(
        self,
        reader: SampleReader,
        connection: duckdb.DuckDBPyConnection,
        pool: SearchPool | None = None,
        session: str = "",
        *,
        time_limit_s: float = TIME_LIMIT_S,
    ) -> None:
        self.reader = reader
        self.connection = connection
        self._pool = pool
        self._session = session
        self._limit = time_limit_s

    def find(self, query: SampleQuery) -> Found:
        """Return the page that the query asks for, with the matches of its search.

        Raises `invalid_request` naming what cannot be, `split_not_found`, `not_found` for a tokenization.
        """
        if query.search or query.control_tokens:
            if not query.is_ranked or query.control_tokens:
                return self._scanned(query, CONTROL_SCAN if query.is_ranked else "")
            try:
                return self._ranked(query)
            except LookupError:
                return self._scanned(query, NOT_INDEXED)
            except IndexUnusable as error:
                self._let_go(error)
                return replace(self._scanned(query, _NOTES[error.code]), problem=error.code)
        listing = SampleListing(self.reader, self.connection, query)
        rows = listing.rows(query.offset, query.limit)
        by = "position" if listing.is_everything else "filters"
        return Found(self._page(query, rows, listing.count()), by)

    def blocks(self, query: SampleQuery) -> Iterator[Rows]:
        """Yield the rows of the complete result in its order, some at a time; a scan goes to its end, however long."""
        if query.is_ranked and not query.control_tokens:
            try:
                rows = self._ranked_rows(RankedSearch(self.reader, query), query, sys.maxsize)
            except LookupError:
                pass
            except IndexUnusable as error:
                self._let_go(error)
            else:
                if _by_relevance(query):
                    yield from (rows[at : at + _BLOCK_ROWS] for at in range(0, len(rows), _BLOCK_ROWS))
                else:
                    yield from SampleListing(self.reader, self.connection, query, rows).blocks()
                return
        if not query.search and not query.control_tokens:
            yield from SampleListing(self.reader, self.connection, query).blocks()
        elif _by_position(query) and not query.descending:
            yield from self._new_scan(query).stream()
        else:
            hits = np.concatenate([np.empty(0, np.int64), *self._new_scan(query).stream()])
            yield from SampleListing(self.reader, self.connection, query, hits).blocks()

    def rows(self, query: SampleQuery, time_limit_s: float) -> tuple[Rows, bool]:
        """Return the rows that a search finds, rising, and whether they are all: a scan takes as long as it may."""
        query = replace(query, sort="position", descending=False)
        if query.is_ranked and not query.control_tokens:
            try:
                rows = self._ranked_rows(RankedSearch(self.reader, query), query, MAX_HITS)
                return np.sort(rows), len(rows) < MAX_HITS
            except LookupError:
                pass
            except IndexUnusable as error:
                self._let_go(error)
        scan = self._new_scan(query)
        scan.run(time_limit_s)
        scan.hits.wait(None, 0)
        return scan.hits.rows(), scan.hits.exact

    def _let_go(self, error: IndexUnusable) -> None:
        """Remove an index of words that is damaged, so that it can be built again."""
        if isinstance(error, IndexDamaged):
            discard_ranked_index(self.reader.folder)

    def _page(self, query: SampleQuery, rows: Rows, total: int, *, exact: bool = True) -> SamplesPage:
        samples = self.reader.samples(rows.tolist(), query.column)
        matches = find_matches(
            self.connection.cursor(), [sample.text for sample in samples], query, self.control(query)
        )
        found: list[Sample] = [replace(sample, matches=spans) for sample, spans in zip(samples, matches, strict=True)]
        return SamplesPage(total, exact, tuple(found))

    def _ranked(self, query: SampleQuery) -> Found:
        search = RankedSearch(self.reader, query)
        if _by_relevance(query) and not _other_filters(query):
            best, total = search.page(query.offset, query.limit)
            return Found(self._page(query, np.array(best, np.int64), total), "ranked")
        rows = self._ranked_rows(search, query, MAX_HITS)
        if _by_relevance(query):
            page = rows[query.offset : query.offset + query.limit]
        else:
            page = SampleListing(self.reader, self.connection, query, rows).rows(query.offset, query.limit)
        return Found(self._page(query, page, len(rows), exact=len(rows) < MAX_HITS), "ranked")

    def _ranked_rows(self, search: RankedSearch, query: SampleQuery, most: int) -> Rows:
        """Return the rows of a ranked search that the filters let through; of more than `most`, some are left out.

        By relevance the best come first, equal ones in the order of the dataset; for any other sort the order is none.
        """
        keep = self._mask(query) if _other_filters(query) else None
        found_rows: list[Rows] = [np.empty(0, np.int64)]
        found_scores = [np.empty(0, np.float32)]
        count = 0
        for rows, scores in search.blocks():
            chosen = slice(None) if keep is None else keep[rows]
            found_rows.append(rows[chosen])
            found_scores.append(scores[chosen])
            count += len(found_rows[-1])
            if count >= most:
                break
        rows = np.concatenate(found_rows)
        return rows[np.lexsort((rows, -np.concatenate(found_scores)))] if _by_relevance(query) else rows

    def _scanned(self, query: SampleQuery, note: str) -> Found:
        needs_all = query.descending or not _by_position(query)
        if self._pool is None:
            scan = self._new_scan(query)
            scan.run(self._limit)
            scan.hits.wait(None, 0)
        else:
            key = (self.reader.folder, replace(query.without_paging(), sort="", descending=False))
            scan = self._pool.scan(self._session, key, lambda: self._new_scan(query), self._limit)
            if not needs_all:
                scan.hits.wait(query.offset + query.limit, FULL_PAGE_S)
            if needs_all or len(scan.hits) <= query.offset:
                scan.hits.wait(None if needs_all else query.offset + 1, FIRST_HITS_S)
        finished, exact, total = scan.hits.finished, scan.hits.exact, len(scan.hits)
        if needs_all:
            rows = SampleListing(self.reader, self.connection, query, scan.hits.rows(0, total)).rows(
                query.offset, query.limit
            )
        else:
            rows = scan.hits.rows(query.offset, min(query.offset + query.limit, total))
        return Found(self._page(query, rows, total, exact=exact), "scan", note, finished=finished)

    def _new_scan(self, query: SampleQuery) -> TextScan:
        keep = self._mask(query) if _row_filters(query) else None
        return TextScan(self.reader, self.connection, query, keep, self.control(query))

    def control(self, query: SampleQuery) -> tuple[str, ...]:
        """Return the control tokens that a query asks for, as texts."""
        if query.tokenization is None or not query.control_tokens:
            return ()
        return TokenLengths(self.reader, query.tokenization).control

    def _mask(self, query: SampleQuery) -> npt.NDArray[np.bool_]:
        """Return for every row whether the filters let it through."""
        filters = replace(query, search="", mode="words", ignore_case=False, sort="position", descending=False)
        return SampleListing(self.reader, self.connection, filters).mask()


def _by_position(query: SampleQuery) -> bool:
    return query.sort in ("position", "relevance") or (query.sort == "" and not query.duplicates)


def _by_relevance(query: SampleQuery) -> bool:
    """Tell whether a ranked search keeps its own order."""
    return query.sort in ("", "relevance")


def _row_filters(query: SampleQuery) -> bool:
    """Tell whether there are filters beside the split and the control tokens."""
    return replace(query, control_tokens=False).has_filters


def _other_filters(query: SampleQuery) -> bool:
    """Tell whether there are filters that the index of words does not know by itself."""
    return replace(query, min_chars=None, max_chars=None).has_filters

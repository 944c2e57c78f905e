"""Ranked search for words and phrases: query objects only, so that no sign a user types is ever syntax."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import tantivy

from mistudio_core.errors import StudioError
from mistudio_core.store.samples.query import SampleQuery
from mistudio_core.store.samples.ranked_index import field_names, indexed_columns, open_ranked_index
from mistudio_core.store.samples.reader import SampleReader
from mistudio_core.store.samples.word_rules import Unit, is_hangul, search_units

Rows = npt.NDArray[np.int64]
Scores = npt.NDArray[np.float32]

_BLOCK_HITS: Final = 100_000
"""Hits come as Python tuples of about 150 bytes."""


class RankedSearch:
    """One search of the index of words, with the filters that the index itself knows: split and length.

    Raises `index_missing`, `index_stale` or `index_damaged`, `invalid_request` when there is no word to search for, and
    `LookupError` when the index does not hold what is searched: another column, or words too long to be indexed.
    """

    def __init__(self, reader: SampleReader, query: SampleQuery) -> None:
        column = reader.text_column(query.column)
        columns = indexed_columns(reader)
        if column not in columns:
            raise LookupError("the column is not indexed")
        units = search_units(query.search, query.mode)
        if units.too_long:
            raise LookupError("a word is too long for the index")
        self.units = units.units
        index = open_ranked_index(reader)
        self._schema = index.schema
        self._fields = field_names(columns.index(column))
        with _damage_named():
            self._searcher = index.searcher()
        self._span = reader.span(query.split)
        self._num_samples = reader.num_samples
        self._query = self._match(query)
        for name, low, high in ((self._fields[2], query.min_chars, query.max_chars), ("row", *self._own_span())):
            if low is not None or high is not None:
                self._query = _both(self._query, self._range(name, low, high))

    def page(self, offset: int, limit: int) -> tuple[list[int], int]:
        """Return the rows `[offset, offset + limit)`, best first, and the number of all hits."""
        with _damage_named():
            found = self._searcher.search(self._query, limit=limit, offset=offset)
            rows = self._searcher.fast_field_values("row", [address for _, address in found.hits])
        return [int(row) for row in rows if row is not None], int(found.count)  # type: ignore[attr-defined]  # its stub forgot it

    def count(self) -> int:
        """Return the number of all hits."""
        return self.page(0, 1)[1]

    def blocks(self) -> Iterator[tuple[Rows, Scores]]:
        """Yield all hits, as rows and scores, in blocks of rising rows; within a block in no useful order."""
        total = self.count()
        first, last = self._span
        blocks = max(1, -(-total // _BLOCK_HITS))
        for number in range(blocks):
            start = first + (last - first) * number // blocks
            end = first + (last - first) * (number + 1) // blocks
            if end > start:
                yield self._block(start, end)

    def _block(self, start: int, end: int) -> tuple[Rows, Scores]:
        query = _both(self._query, self._range("row", start, end - 1))
        with _damage_named():
            hits: list[tuple[Any, Any]] = self._searcher.search(query, limit=end - start, count=False).hits
            rows = self._searcher.fast_field_values("row", [address for _, address in hits])
        return np.array(rows, np.int64), np.array([score for score, _ in hits], np.float32)

    def _own_span(self) -> tuple[int | None, int | None]:
        first, last = self._span
        return (None, None) if (first, last) == (0, self._num_samples) else (first, last - 1)

    def _match(self, query: SampleQuery) -> tantivy.Query:
        occur = tantivy.Occur.Should if query.mode == "any" else tantivy.Occur.Must
        parts = [self._unit(unit) for unit in self.units]
        return parts[0] if len(parts) == 1 else tantivy.Query.boolean_query([(occur, part) for part in parts])

    def _unit(self, unit: Unit) -> tantivy.Query:
        field = self._fields[0] if unit.field == "words" else self._fields[1]
        if unit.prefix:
            patterns: list[str | tuple[int, str]] = [
                (step, f"{term}.*" if is_hangul(term) else term) for step, term in unit.terms
            ]
            if len(patterns) == 1:
                return tantivy.Query.regex_query(self._schema, field, f"{unit.terms[0][1]}.*")
            return tantivy.Query.regex_phrase_query(self._schema, field, patterns)
        if len(unit.terms) == 1:
            return tantivy.Query.term_query(self._schema, field, unit.terms[0][1])
        return tantivy.Query.phrase_query(self._schema, field, list(unit.terms))

    def _range(self, name: str, low: int | None, high: int | None) -> tantivy.Query:
        return tantivy.Query.range_query(self._schema, name, tantivy.FieldType.Integer, low, high)


def _both(query: tantivy.Query, bound: tantivy.Query) -> tantivy.Query:
    """Keep of the hits of a query those within a bound, with their scores."""
    must = tantivy.Occur.Must
    return tantivy.Query.boolean_query([(must, query), (must, tantivy.Query.const_score_query(bound, 0.0))])


@contextmanager
def _damage_named() -> Iterator[None]:
    """Name what a damaged index does to its library: an error, or a panic."""
    try:
        yield
    except (ValueError, OSError) as error:
        raise _damaged() from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # which is no Exception
            raise
        raise _damaged() from None


def _damaged() -> StudioError:
    return StudioError("index_damaged", "The word index is damaged.", "It can be rebuilt from the samples.")

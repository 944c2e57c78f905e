"""Every place where a search finds something in the texts, with what stands beside it: a concordance of words."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from mistudio_core.errors import invalid
from mistudio_core.records import Record
from mistudio_core.store.samples.neighbours import words_after, words_before
from mistudio_core.store.samples.query import SampleQuery
from mistudio_core.store.samples.reader import SampleReader
from mistudio_core.store.samples.search import SampleSearch
from mistudio_core.store.samples.text_tests import MAX_MATCHES, find_matches

Rows = npt.NDArray[np.int64]

SORTS: Final = ("position", "before", "after")
TIME_LIMIT_S: Final = 60.0
"""How long texts are read for it; what has been read then is what it tells of."""
MOST_LISTED: Final = 50_000
"""Hits that are sorted and paged, the first ones: some MB, and more than anybody pages through."""
NEIGHBOURS: Final = 20
"""How many of the most frequent words before and after are reported."""
CONTEXT_CHARS: Final = 80
"""Characters on either side of a hit."""
_TEXTS_A_TIME: Final = 500


@dataclass(frozen=True, slots=True)
class TextHit(Record):
    """A hit, the characters [start, end) of its sample's text, with what stands beside it.

    `number` counts the samples that hold hits, from 0 in the order of the dataset.
    """

    split: str
    index: int
    number: int
    start: int
    end: int
    left: str
    match: str
    right: str


@dataclass(frozen=True, slots=True)
class WordCount(Record):
    """A word as the index has it, without regard to case and accents, and how often it stands there."""

    word: str
    count: int


@dataclass(frozen=True, slots=True)
class Concordance(Record):
    """One page of hits, and what all of them tell.

    `num_samples` hold the `total` hits that were counted; where `total_is_exact` is False there may be more.
    `num_listed` is how many hits there are pages of: all, or the first `MOST_LISTED`, which are those that were sorted.
    `preceding` and `following` are the words directly beside the hits, most frequent first.
    """

    total: int
    total_is_exact: bool
    num_samples: int
    num_listed: int
    hits: tuple[TextHit, ...]
    preceding: tuple[WordCount, ...]
    following: tuple[WordCount, ...]


def check_sort(sort: str) -> None:
    """Raise `invalid_request` for no order of hits."""
    if sort not in SORTS:
        raise invalid(f"sort: {sort!r:.80} is not an order of hits.", f"Use one of: {', '.join(SORTS)}.")


@dataclass
class Collected:
    """All hits of a query as far as the time allows, of which any page can be read.

    `places` are the row, start, end and number of sample of each hit that is listed, in their order.
    """

    total: int = 0
    exact: bool = True
    num_samples: int = 0
    places: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros((0, 4), np.int64))
    preceding: tuple[WordCount, ...] = ()
    following: tuple[WordCount, ...] = ()

    def page(self, reader: SampleReader, query: SampleQuery) -> Concordance:
        """Return the hits `[query.offset, query.offset + query.limit)`."""
        chosen = self.places[query.offset : query.offset + query.limit].tolist()
        rows = np.unique(np.array([row for row, *_ in chosen], np.int64))
        texts = {row: text for block in _texts(reader, rows, query.column) for row, text in block}
        hits = tuple(_hit(reader, texts[place[0]], place) for place in chosen)
        return Concordance(
            self.total, self.exact, self.num_samples, len(self.places), hits, self.preceding, self.following
        )


def collect(search: SampleSearch, query: SampleQuery, sort: str, time_limit_s: float = TIME_LIMIT_S) -> Collected:
    """Find and count all hits of a query, and sort them.

    `position` is the order of the dataset; `before` and `after` compare hits word by word, going away from them, where
    the end of the text comes first, and equal ones stay in the order of the dataset. Raises `invalid_request`
    where nothing is searched for, and as `SampleSearch.find`.
    """
    check_sort(sort)
    if not query.search and not query.control_tokens:
        raise invalid("search: there is nothing to search for.", "Give a word or a phrase.")
    until = time.monotonic() + time_limit_s
    rows, exact = search.rows(query, time_limit_s)
    tally = _Tally(sort)
    for block in _texts(search.reader, rows, query.column):
        if time.monotonic() > until:
            exact = False
            break
        spans = find_matches(search.connection.cursor(), [text for _, text in block], query, search.control(query))
        for (row, text), found in zip(block, spans, strict=True):
            tally.add(row, text, found)
            exact = exact and len(found) < MAX_MATCHES
    return tally.collected(exact)


class _Tally:
    """Counts the hits of one text after the other, and keeps the first ones with what they are sorted by."""

    def __init__(self, sort: str) -> None:
        self._sort = sort
        self._total = self._num_samples = 0
        self._places: list[tuple[int, int, int, int]] = []
        self._keys: list[list[str]] = []
        self._before: Counter[str] = Counter()
        self._after: Counter[str] = Counter()

    def add(self, row: int, text: str, spans: Sequence[tuple[int, int]]) -> None:
        for start, end in spans:
            before, after = words_before(text, start), words_after(text, end)
            self._before.update(before[:1])
            self._after.update(after[:1])
            if len(self._places) < MOST_LISTED:
                self._places.append((row, start, end, self._num_samples))
                if self._sort != "position":
                    self._keys.append(before if self._sort == "before" else after)
        self._total += len(spans)
        self._num_samples += bool(spans)

    def collected(self, exact: bool) -> Collected:
        places = np.array(self._places, np.int64).reshape(-1, 4)
        if self._keys:
            places = places[sorted(range(len(self._keys)), key=self._keys.__getitem__)]
        return Collected(self._total, exact, self._num_samples, places, _most(self._before), _most(self._after))


def _most(counts: Counter[str]) -> tuple[WordCount, ...]:
    best = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:NEIGHBOURS]
    return tuple(WordCount(word, count) for word, count in best)


def _hit(reader: SampleReader, text: str, place: Sequence[int]) -> TextHit:
    row, start, end, number = place
    split, index = reader.place(row)
    left, right = text[max(0, start - CONTEXT_CHARS) : start], text[end : end + CONTEXT_CHARS]
    return TextHit(split, index, number, start, end, left, text[start:end], right)


def _texts(reader: SampleReader, rows: Rows, column: str | None) -> Iterator[list[tuple[int, str]]]:
    """Yield some rows (rising) with their texts, some at a time; one row group is in memory, and no other column."""
    name = reader.text_column(column)
    for split, first, last in reader.row_groups():
        low, high = np.searchsorted(rows, [first, last])
        if name is None or low == high:
            continue
        begin = reader.firsts[split]
        group = reader.splits[split].read(int(rows[low]) - begin, int(rows[high - 1]) - begin + 1, [name])
        for at in range(low, high, _TEXTS_A_TIME):
            mine = rows[at : min(at + _TEXTS_A_TIME, high)]
            texts: list[Any] = group.column(name).take(mine - rows[low]).to_pylist()
            yield [(row, text or "") for row, text in zip(mine.tolist(), texts, strict=True)]

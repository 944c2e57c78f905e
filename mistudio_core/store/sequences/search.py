"""Where a query of tokens occurs: a scan of the mapped ids, without any index, of 260 million in about 0.1 s."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt

from mistudio_core.errors import invalid
from mistudio_core.statistics.positions import position_bins, position_starts
from mistudio_core.store.sequences.reader import Ids, Places, TokenSequences
from mistudio_core.tokenization.output.shard_sequences import Source
from mistudio_core.tokenization.packing.policy import Policy
from mistudio_core.tokenization.packing.preset import packing_preset
from mistudio_core.tokenization.recipes.recipe import Recipe

MAX_SEQUENCE: Final = 100
MOST_SORTED: Final = 100_000
"""Hits that are sorted, the first ones: a tenth of a second and some MB, and more than anybody pages through."""
NEIGHBOURS: Final = 20
"""How many of the most frequent tokens before and after are reported."""
_THREADS: Final = 2
_MOST_TRACED: Final = 500
"""Sequences whose documents are looked up, up to some ms each, where there is no separator between documents."""
Counts = npt.NDArray[np.int64]
Crossings = Callable[[Places, Places, int], npt.NDArray[np.bool_]]
Order = Callable[[TokenSequences, Places, Places, int], Places]
"""From hits, by their sequences (rising) and where they start, and their length to their places in another order."""
_PROBE_IDS: Final = 1 << 16


class SequenceSources(Protocol):
    """The interface of `Provenance`: which samples a sequence consists of."""

    def sources(self, sequence: int) -> tuple[Source, ...]:
        """Return the pieces of a sequence in their order."""
        ...


@dataclass(frozen=True, slots=True)
class TokenFindings:
    """All that a scan found. `places` are the sequence and position of the hits of one page, in their order.

    `following` and `preceding` are ids with their counts next to a hit, most frequent first. `by_position` counts
    the hits by the position where they start, in bins `{"first", "last", "count"}` with both ends inclusive, up to the
    last one with a hit. `seams_known` tells whether hits across two documents could be told from others. `num_listed`
    is how many hits the pages have: all that were found, or the first `MOST_SORTED` of them, which were sorted.
    """

    total: int
    total_is_exact: bool
    num_listed: int
    places: tuple[tuple[int, int], ...]
    following: tuple[tuple[int, int], ...]
    preceding: tuple[tuple[int, int], ...]
    by_position: tuple[dict[str, int], ...]
    seams_known: bool


def find_tokens(
    sequences: TokenSequences, query: Sequence[int], *, offset: int = 0, limit: int = 50, across: bool = False,
    order: Order | None = None, sources: SequenceSources | None = None,
    cancelled: Callable[[], bool] = lambda: False,
) -> TokenFindings:  # fmt: skip
    """Find every position where the ids occur one after the other within a sequence.

    Hits that reach from one document into the next count only if `across`; `sources` is the sequences' own provenance
    if None. With an `order` the first `MOST_SORTED` hits are sorted by it and paged. Of a cancelled search the total is
    "at least". Raises `invalid_request` for ids that cannot be.
    """
    wanted = _checked(query, offset, limit)
    seams = _Seams(sequences, sources)
    tally = _Tally(sequences, *((offset, limit) if order is None else (0, MOST_SORTED)))
    exact = True
    if across or not seams.within(wanted):
        crossings = None if across or len(wanted) == 1 or seams.marked else seams.crossings
        for block in _scanned(sequences, wanted, crossings, cancelled):
            tally.add(block)
        exact = not cancelled()
    if order is not None:
        tally.sort(order, len(wanted), offset, limit)
    return tally.findings(exact=exact, seams_known=across or seams.known)


class _Seams:
    """Where one document ends and the next begins: by the tokens there, else by the sequences' sources."""

    def __init__(self, sequences: TokenSequences, sources: SequenceSources | None) -> None:
        recipe = Recipe.from_stored(sequences.manifest["recipe"])
        preset = packing_preset(recipe)
        alone = preset.is_alone(recipe)
        seams = preset.seams(Policy.from_json(sequences.manifest["policy"]))
        self._before, self._after = (set(), set()) if alone else (set(seams.before), set(seams.after))
        self.marked = alone or bool(self._before or self._after)
        self.known = True
        self._sequences, self._sources = sequences, sources
        self._left = _MOST_TRACED
        self._lock = threading.Lock()

    def within(self, wanted: list[int]) -> bool:
        """Return whether the query itself contains a document boundary."""
        return any(ident in self._after for ident in wanted[:-1]) or any(ident in self._before for ident in wanted[1:])

    def crossings(self, sequences: Places, starts: Places, length: int) -> npt.NDArray[np.bool_]:
        """Tell which of the hits hold tokens of two documents; of more sequences than can be traced, none."""
        sources = self._sources or self._sequences.provenance
        crossing = np.zeros(len(sequences), np.bool_)
        for sequence in np.unique(sequences).tolist():
            with self._lock:
                self._left -= 1
                if self._left < 0:
                    self.known = False
                    return crossing
                begins = np.array([source.start for source in sources.sources(sequence)[1:]], np.int64)
            mine = np.flatnonzero(sequences == sequence)
            after = np.searchsorted(begins, starts[mine], side="right")
            crossing[mine] = np.searchsorted(begins, starts[mine] + length, side="left") > after
        return crossing


@dataclass(frozen=True, slots=True)
class _BlockHits:
    """The hits of one block: their sequences, where in them they start, and how often each id is next to them."""

    sequences: Places
    starts: Places
    following: Counts
    preceding: Counts


class _Tally:
    """Sums up hits block by block, in order."""

    def __init__(self, sequences: TokenSequences, offset: int, limit: int) -> None:
        self._sequences, self._offset, self._limit = sequences, offset, limit
        longest = sequences.width or max((int(np.diff(ends).max(initial=1)) for ends in sequences.ends), default=1)
        self._longest = longest
        self._starts = position_starts(longest)
        self._bins = np.zeros(len(self._starts), np.int64)
        self._total = 0
        self._kept: tuple[Places, Places] = (np.zeros(0, np.int64), np.zeros(0, np.int64))
        self._num_listed: int | None = None
        self._following = self._preceding = np.zeros(0, np.int64)

    def add(self, hits: _BlockHits) -> None:
        first, last = max(0, self._offset - self._total), max(0, self._offset + self._limit - self._total)
        if len(hits.sequences[first:last]):
            page = hits.sequences[first:last], hits.starts[first:last]
            self._kept = np.concatenate([self._kept[0], page[0]]), np.concatenate([self._kept[1], page[1]])
        self._total += len(hits.sequences)
        places = np.searchsorted(self._starts, hits.starts, side="right") - 1
        self._bins += np.bincount(places, minlength=len(self._bins))
        self._following = _sum(self._following, hits.following)
        self._preceding = _sum(self._preceding, hits.preceding)

    def sort(self, order: Order, length: int, offset: int, limit: int) -> None:
        """Sort the hits that are kept, and keep one page of them."""
        numbers, starts = self._kept
        page = order(self._sequences, numbers, starts, length)[offset : offset + limit]
        self._num_listed, self._kept = len(numbers), (numbers[page], starts[page])

    def findings(self, *, exact: bool, seams_known: bool) -> TokenFindings:
        listed = self._total if self._num_listed is None else self._num_listed
        places = tuple(zip(*(values.tolist() for values in self._kept), strict=True))
        return TokenFindings(
            self._total, exact, listed, places, _most(self._following), _most(self._preceding),
            self._by_position(), seams_known,
        )  # fmt: skip

    def _by_position(self) -> tuple[dict[str, int], ...]:
        used = int(np.flatnonzero(self._bins)[-1]) + 1 if self._total else 0
        bins = position_bins(self._starts, self._longest)[:used]
        return tuple(place | {"count": count} for place, count in zip(bins, self._bins.tolist(), strict=False))


def _sum(one: Counts, other: Counts) -> Counts:
    longer, shorter = (one, other) if len(one) >= len(other) else (other, one)
    summed = longer.copy()
    summed[: len(shorter)] += shorter
    return summed


def _most(counts: Counts) -> tuple[tuple[int, int], ...]:
    best = np.lexsort((np.arange(len(counts)), -counts))[:NEIGHBOURS]
    return tuple((int(ident), int(counts[ident])) for ident in best if counts[ident])


def _scanned(
    sequences: TokenSequences, wanted: list[int], crossings: Crossings | None, cancelled: Callable[[], bool]
) -> Iterator[_BlockHits]:
    """Yield the hits of each block in order; blocks are scanned in threads, a few at a time."""
    if not sequences.ids or max(wanted) > np.iinfo(sequences.ids[0].dtype).max:
        return
    anchor = _rarest(sequences, wanted)
    with ThreadPoolExecutor(_THREADS) as pool:
        for start in range(0, len(sequences.ids), 2 * _THREADS):
            if cancelled():
                return
            group = range(start, min(start + 2 * _THREADS, len(sequences.ids)))
            yield from pool.map(lambda block: _block_hits(sequences, block, wanted, anchor, crossings), group)


def _block_hits(
    sequences: TokenSequences, block: int, wanted: list[int], anchor: int, crossings: Crossings | None
) -> _BlockHits:
    """Find the hits of a block that stay within a sequence, and within a document where `crossings` can tell."""
    ids, ends, length = sequences.ids[block], sequences.ends[block], len(wanted)
    begins, stops = sequences.token_spans(block)
    places = _places(ids, wanted, anchor)
    owners = places // sequences.width if sequences.width else np.searchsorted(ends, places, side="right") - 1
    starts = places - ends[owners]
    before, room = (
        starts - begins[owners],
        stops[owners] - starts - length,
    )  # tokens on either side in the same sequence
    valid = (room >= 0) & (before >= 0)
    if crossings is not None and length > 1 and len(places):
        valid &= ~crossings(owners + sequences.firsts[block], starts, length)
    if not valid.all():
        places, owners, starts, before, room = (values[valid] for values in (places, owners, starts, before, room))
    following = np.bincount(ids[(places + length)[room > 0]])
    preceding = np.bincount(ids[(places - 1)[before > 0]])
    return _BlockHits(owners + sequences.firsts[block], starts, following, preceding)


def _places(ids: Ids, wanted: list[int], anchor: int) -> Places:
    """Return where the query begins: the rarest id is looked for, then its neighbours at the places found."""
    room = len(ids) - len(wanted) + 1
    if room <= 0:
        return np.empty(0, np.int64)
    kind = ids.dtype.type
    places = np.flatnonzero(ids[anchor : anchor + room] == kind(wanted[anchor]))
    for step, ident in enumerate(wanted):
        if step != anchor and len(places):
            places = places[ids[places + step] == kind(ident)]
    return places


def _rarest(sequences: TokenSequences, wanted: list[int]) -> int:
    """Return which id of the query is the rarest, judged by the beginning of the first block."""
    probe = sequences.ids[0][:_PROBE_IDS]
    return min(range(len(wanted)), key=lambda at: np.count_nonzero(probe == probe.dtype.type(wanted[at])))


def _checked(query: Sequence[int], offset: int, limit: int) -> list[int]:
    wanted: list[Any] = list(query)
    if not 1 <= len(wanted) <= MAX_SEQUENCE:
        raise invalid(f"ids: {len(wanted)} tokens were given.", f"Give 1 to {MAX_SEQUENCE} tokens.")
    for ident in wanted:
        if isinstance(ident, bool) or not isinstance(ident, int) or ident < 0:
            raise invalid(f"ids: {ident!r:.40} is not a token id.", "Give whole numbers of 0 or more.")
    if offset < 0 or not 1 <= limit <= 1000:
        raise invalid(
            f"limit: {limit} with offset {offset} is out of range.",
            "Give an offset of 0 or more and a limit of 1 to 1000.",
        )
    return wanted

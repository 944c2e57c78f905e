"""The pieces that the rows of one shard are made of, worked out as far as rows are asked for, and then known."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np

from mistudio_core.tokenization.engines.encoded import Encoded, ends_of
from mistudio_core.tokenization.packing.continuous import Documents, Packer
from mistudio_core.tokenization.packing.policy import Policy
from mistudio_core.tokenization.packing.rows import Places, Rows

Mark = tuple[int, int, int]
"""A token in a document that the rule of packing compares with: sample, place and id."""

_LABELS: Final = 1 << 31
"""Ids from here on stand for places in the documents while rows are laid out once more."""
_CHUNK_TOKENS: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Source:
    """A piece of a row: its tokens `[start, end)` of the row are the tokens `[first, last)` of a sample's own."""

    split: str
    sample: int
    first: int
    last: int
    start: int
    end: int


@dataclass(frozen=True)
class Shard:
    """The documents that a shard packed, in its order: their samples, and the tokens of each."""

    split: str
    samples: Places
    lengths: Places
    num_rows: int
    used_tokens: int
    limit: int | None

    @classmethod
    def of_plan(cls, planned: Mapping[str, Any], samples: Places, lengths: Places) -> Shard:
        """Return the shard of an entry in the manifest's plan."""
        counts = planned["num_rows"], planned["used_tokens"]
        return cls(planned["split"], samples, lengths, *counts, planned["limit"])

    @cached_property
    def begins(self) -> Places:
        """Where each document begins in all of them put together, and their end."""
        return ends_of(self.lengths)


class StreamedRows:
    """Pieces of a shard whose documents make one stream, with a policy's tokens between them."""

    def __init__(self, shard: Shard, policy: Policy) -> None:
        self.shard = shard
        before = len(policy.document_start)
        extra = before + len(policy.separator) + len(policy.document_end)
        self._firsts = ends_of(shard.lengths + extra)[:-1] + before
        self._lasts = self._firsts + shard.lengths

    def between(self, begin: int, end: int, start: int) -> Iterator[Source]:
        """Yield the pieces of `[begin, end)` of the stream, which begins at place `start` of the row."""
        shard, shift = self.shard, start - begin
        for place in range(int(np.searchsorted(self._lasts, begin, side="right")), len(self._firsts)):
            own = int(self._firsts[place])
            first, last = max(own, begin), min(int(self._lasts[place]), end)
            if first >= end:
                return
            if first < last:
                sample = int(shard.samples[place])
                yield Source(shard.split, sample, first - own, last - own, first + shift, last + shift)


class PackedRows:
    """Pieces of a shard whose rows only its packer knows: it packs places instead of ids, until a row has come.

    `marks` are those of the shard's split. Where `aligned_right` is given, rows are padded on the left to that width.
    For one thread at a time.
    """

    def __init__(
        self, shard: Shard, packer: Packer, marks: Sequence[Mark] = (), aligned_right: int | None = None
    ) -> None:
        self.shard = shard
        self._aligned_right = aligned_right
        self._blocks: list[_Pieces] = []
        self._firsts: list[int] = []
        self._num_rows = 0
        self._coming = self._packed(packer, marks)

    def sources(self, number: int) -> tuple[Source, ...]:
        """Return the pieces of a row of the shard."""
        while number >= self._num_rows:
            rows = next(self._coming)
            self._firsts.append(self._num_rows)
            self._blocks.append(_Pieces.of(self.shard, rows, self._aligned_right))
            self._num_rows += len(rows)
        block = bisect_right(self._firsts, number) - 1
        return self._blocks[block].sources(self.shard.split, number - self._firsts[block])

    def _packed(self, packer: Packer, marks: Sequence[Mark]) -> Iterator[Rows]:
        calls = np.cumsum(self.shard.lengths) // _CHUNK_TOKENS
        for chunk in np.split(np.arange(len(calls)), np.flatnonzero(np.diff(calls)) + 1):
            yield packer.add(self._labelled(chunk, marks))
        yield packer.finish()

    def _labelled(self, chunk: Places, marks: Sequence[Mark]) -> Documents:
        """Return some documents with their places in the shard instead of their ids."""
        lengths = self.shard.lengths[chunk]
        offsets = ends_of(lengths)
        first = int(self.shard.begins[chunk[0]]) if len(chunk) else 0
        ids = (np.arange(int(offsets[-1])) + first + _LABELS).astype(np.uint32)
        compared = ids.copy()
        samples = self.shard.samples[chunk]
        for sample, place, ident in marks:
            owner = np.searchsorted(samples, sample)
            if owner < len(samples) and samples[owner] == sample:
                compared[offsets[owner] + place] = ident
        return Documents(Encoded(ids, offsets), samples, compared)


@dataclass(frozen=True, slots=True)
class _Pieces:
    """The pieces of some rows: those of row i are `[ends[i], ends[i + 1])` of the columns of `table`.

    The columns are the five numbers of a `Source`.
    """

    ends: Places
    table: Places

    @classmethod
    def of(cls, shard: Shard, rows: Rows, aligned_right: int | None) -> _Pieces:
        """Find the runs of places in rows of labels; what is no label there was inserted."""
        own = np.flatnonzero(rows.ids >= _LABELS)
        places = rows.ids[own].astype(np.int64) - _LABELS
        numbers = np.searchsorted(rows.offsets, own, side="right") - 1
        owners = np.searchsorted(shard.begins, places, side="right") - 1
        breaks = (np.diff(own) != 1) | (np.diff(places) != 1) | (np.diff(owners) != 0) | (np.diff(numbers) != 0)
        edges = np.flatnonzero(np.concatenate([[len(own) > 0], breaks])) if len(own) else np.empty(0, np.int64)
        counts = np.diff(np.append(edges, len(own)))
        numbers, owners = numbers[edges], owners[edges]
        starts = own[edges] - rows.offsets[numbers]
        if aligned_right is not None:
            starts += aligned_right - rows.widths[numbers]
        inner = places[edges] - shard.begins[owners]
        ends = np.searchsorted(numbers, np.arange(len(rows) + 1))
        return cls(ends, np.stack([shard.samples[owners], inner, inner + counts, starts, starts + counts], axis=1))

    def sources(self, split: str, row: int) -> tuple[Source, ...]:
        mine = self.table[self.ends[row] : self.ends[row + 1]].tolist()
        return tuple(Source(split, *numbers) for numbers in mine)

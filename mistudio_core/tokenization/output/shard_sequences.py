"""The pieces that the sequences of one shard are made of, worked out as far as they are asked for, and then kept."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np

from mistudio_core.tokenization.engines.encoded import Encoded, ends_of
from mistudio_core.tokenization.packing.policy import Policy
from mistudio_core.tokenization.packing.sequences import Places, Sequences
from mistudio_core.tokenization.packing.stream import Documents, Packer

Mark = tuple[int, int, int]
"""A token in a document that the rule of packing compares with: sample, place and id."""

_LABELS: Final = 1 << 31
"""Ids from here on stand for places in the documents while sequences are laid out once more."""
_CHUNK_TOKENS: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Source:
    """A piece of a sequence: its tokens `[start, end)` are the tokens `[first, last)` of a sample."""

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
    num_sequences: int
    used_tokens: int
    limit: int | None

    @classmethod
    def of_plan(cls, planned: Mapping[str, Any], samples: Places, lengths: Places) -> Shard:
        """Return the shard of an entry in the manifest's plan."""
        counts = planned["num_sequences"], planned["used_tokens"]
        return cls(planned["split"], samples, lengths, *counts, planned["limit"])

    @cached_property
    def begins(self) -> Places:
        """Where each document begins in all of them put together, and their end."""
        return ends_of(self.lengths)


class StreamedSequences:
    """Pieces of a shard whose documents make one stream, with a policy's tokens between them."""

    def __init__(self, shard: Shard, policy: Policy) -> None:
        self.shard = shard
        before = len(policy.document_start)
        extra = before + len(policy.separator) + len(policy.document_end)
        self._firsts = ends_of(shard.lengths + extra)[:-1] + before
        self._lasts = self._firsts + shard.lengths

    def between(self, begin: int, end: int, start: int) -> Iterator[Source]:
        """Yield the pieces of `[begin, end)` of the stream, which begins at place `start` of the sequence."""
        shard, shift = self.shard, start - begin
        for place in range(int(np.searchsorted(self._lasts, begin, side="right")), len(self._firsts)):
            own = int(self._firsts[place])
            first, last = max(own, begin), min(int(self._lasts[place]), end)
            if first >= end:
                return
            if first < last:
                sample = int(shard.samples[place])
                yield Source(shard.split, sample, first - own, last - own, first + shift, last + shift)


class PackedSequences:
    """Pieces of a shard whose sequences only its packer knows: it packs places instead of ids, as far as needed.

    `marks` are those of the shard's split. Where `aligned_right` is given, sequences are padded on the left to that
    width. For one thread at a time.
    """

    def __init__(
        self, shard: Shard, packer: Packer, marks: Sequence[Mark] = (), aligned_right: int | None = None
    ) -> None:
        self.shard = shard
        self._aligned_right = aligned_right
        self._blocks: list[_Pieces] = []
        self._firsts: list[int] = []
        self._num_sequences = 0
        self._coming = self._packed(packer, marks)

    def sources(self, number: int) -> tuple[Source, ...]:
        """Return the pieces of a sequence of the shard."""
        while number >= self._num_sequences:
            sequences = next(self._coming)
            self._firsts.append(self._num_sequences)
            self._blocks.append(_Pieces.of(self.shard, sequences, self._aligned_right))
            self._num_sequences += len(sequences)
        block = bisect_right(self._firsts, number) - 1
        return self._blocks[block].sources(self.shard.split, number - self._firsts[block])

    def _packed(self, packer: Packer, marks: Sequence[Mark]) -> Iterator[Sequences]:
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
    """The pieces of some sequences: those of sequence i are `[ends[i], ends[i + 1])` of the columns of `table`.

    The columns are the five numbers of a `Source`.
    """

    ends: Places
    table: Places

    @classmethod
    def of(cls, shard: Shard, sequences: Sequences, aligned_right: int | None) -> _Pieces:
        """Find the runs of places in sequences of labels; what is no label there was inserted."""
        own = np.flatnonzero(sequences.ids >= _LABELS)
        places = sequences.ids[own].astype(np.int64) - _LABELS
        numbers = np.searchsorted(sequences.offsets, own, side="right") - 1
        owners = np.searchsorted(shard.begins, places, side="right") - 1
        breaks = (np.diff(own) != 1) | (np.diff(places) != 1) | (np.diff(owners) != 0) | (np.diff(numbers) != 0)
        edges = np.flatnonzero(np.concatenate([[len(own) > 0], breaks])) if len(own) else np.empty(0, np.int64)
        counts = np.diff(np.append(edges, len(own)))
        numbers, owners = numbers[edges], owners[edges]
        starts = own[edges] - sequences.offsets[numbers]
        if aligned_right is not None:
            starts += aligned_right - sequences.widths[numbers]
        inner = places[edges] - shard.begins[owners]
        ends = np.searchsorted(numbers, np.arange(len(sequences) + 1))
        return cls(ends, np.stack([shard.samples[owners], inner, inner + counts, starts, starts + counts], axis=1))

    def sources(self, split: str, sequence: int) -> tuple[Source, ...]:
        mine = self.table[self.ends[sequence] : self.ends[sequence + 1]].tolist()
        return tuple(Source(split, *numbers) for numbers in mine)

"""Packing documents into sequences that are full: a stream of tokens, cut every so many of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from mistudio_core.tokenization.engines.encoded import Encoded, Ids, Offsets, ends_of
from mistudio_core.tokenization.packing.sequences import NO_SEQUENCES, Places, Sequences


@dataclass(frozen=True, slots=True)
class Documents:
    """Documents on their way into sequences: their own ids, and each one's sample number in its split (int64).

    `compared` stands for the ids where a rule compares them with special tokens; None is the ids themselves.
    """

    encoded: Encoded
    samples: Places
    compared: Ids | None = None

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.samples)

    def only(self, mask: npt.NDArray[np.bool_]) -> Documents:
        """Return those where the mask is true."""
        if mask.all():
            return self
        lengths = self.encoded.lengths
        offsets = np.concatenate([[0], np.cumsum(lengths[mask])]).astype(np.int64)
        return Documents(Encoded(self.encoded.ids[np.repeat(mask, lengths)], offsets), self.samples[mask])


Stream = tuple[Ids, Offsets, Offsets]
"""Tokens, and where documents begin and end in them."""


class Packer(Protocol):
    """A rule of packing, for the documents of one shard in their order."""

    used_tokens: int
    """Tokens given to sequences or the tail so far, in the unit in which a token budget is kept (see `budget`)."""
    repeated: int
    """Documents' own tokens that stand in sequences a second time, where sequences overlap."""
    cut: int
    """Own tokens of the documents used that the limit keeps out."""
    limit: int | None
    """Stop when `used_tokens` has come to this."""
    unused_documents: int
    """Documents at the end of those added last of which nothing is used, since the limit had been met."""

    def add(self, documents: Documents) -> Sequences:
        """Take documents and return the sequences that are complete."""
        ...

    def finish(self) -> Sequences:
        """Return the sequences that the end of the shard completes."""
        ...

    def tail(self) -> Stream | None:
        """Return the tokens that fill no sequence, where the preset joins them with those of the other shards."""
        ...


class StreamCutter:
    """Cuts a stream of tokens into sequences: `start`, the next `room` tokens of the stream, `end`.

    Stream position p stands in sequence `p // room`. With `hold_last` a sequence is given out only when a further token
    follows.
    """

    def __init__(self, room: int, start: tuple[int, ...] = (), end: tuple[int, ...] = (), *, hold_last: bool = False):
        """Start with an empty stream."""
        self._room = room
        self._start = start
        self._end = end
        self._hold = int(hold_last)
        self._left: list[Ids] = []
        self.left_tokens = 0
        self._left_documents: list[tuple[Offsets, Offsets]] = []

    def add(self, ids: Ids, begins: Offsets, ends: Offsets) -> Sequences:
        """Append tokens and return the sequences that are full now.

        Document i has the tokens `[begins[i], ends[i])` of `ids`; what lies outside is no document's own.
        """
        self._left.append(ids)
        self._left_documents.append((begins + self.left_tokens, ends + self.left_tokens))
        self.left_tokens += len(ids)
        count = max(0, self.left_tokens - self._hold) // self._room
        if not count:
            return NO_SEQUENCES
        stream, begins, ends = self.take()
        cut = count * self._room
        sequences = self._sequences(stream[:cut].reshape(count, self._room), begins, ends)
        alive = ends > cut
        self._left = [stream[cut:].copy()]
        self.left_tokens = len(self._left[0])
        self._left_documents = [(np.maximum(begins[alive] - cut, 0), ends[alive] - cut)]
        return sequences

    def take(self) -> tuple[Ids, Offsets, Offsets]:
        """Return what fills no sequence yet, with its documents, and start anew."""
        none = np.empty(0, np.int64)
        ids = self._left[0] if len(self._left) == 1 else np.concatenate([np.empty(0, np.uint32), *self._left])
        begins = np.concatenate([none, *(pair[0] for pair in self._left_documents)])
        ends = np.concatenate([none, *(pair[1] for pair in self._left_documents)])
        self._left, self._left_documents, self.left_tokens = [], [], 0
        return ids, begins, ends

    def _sequences(self, body: npt.NDArray[np.uint32], begins: Offsets, ends: Offsets) -> Sequences:
        count, extra = len(body), len(self._start) + len(self._end)
        width = self._room + extra
        if extra:
            whole = np.empty((count, width), np.uint32)
            whole[:, : len(self._start)] = self._start
            whole[:, len(self._start) : len(self._start) + self._room] = body
            whole[:, len(self._start) + self._room :] = self._end
            body = whole
        documents = documents_in_sequences(begins, ends, self._room, count)
        own = own_in_sequences(begins, ends, self._room, count)
        return Sequences(
            body.reshape(-1), np.arange(count + 1) * width, np.full(count, width, np.int64), documents, own
        )


def documents_in_sequences(begins: Offsets, ends: Offsets, room: int, count: int) -> Places:
    """Return how many documents each of `count` sequences has a part of, when a stream is cut every `room` tokens."""
    filled = (ends > begins) & (begins < count * room)
    steps = np.bincount(begins[filled] // room, minlength=count + 1)
    steps[1:] -= np.bincount(np.minimum((ends[filled] - 1) // room, count - 1), minlength=count + 1)[:-1]
    return np.cumsum(steps)[:count]


def own_in_sequences(begins: Offsets, ends: Offsets, room: int, count: int) -> Places:
    """Return how many of the documents' own tokens each of `count` sequences holds; documents in order, disjoint."""
    edges = np.arange(count + 1) * room
    begun = np.searchsorted(begins, edges)
    before = ends_of(ends - begins)[begun]
    beyond = np.where(begun > 0, np.concatenate([[0], ends])[begun] - edges, 0)
    return np.diff(before - np.maximum(beyond, 0))


def surrounded(documents: Encoded, start: tuple[int, ...], end: tuple[int, ...]) -> tuple[Ids, Offsets, Offsets]:
    """Return the documents in one array, `start` before and `end` after each, and where each begins and ends."""
    extra = len(start) + len(end)
    if not extra:
        return documents.ids, documents.offsets[:-1], documents.offsets[1:]
    count = len(documents)
    shift = np.arange(count) * extra + len(start)
    begins, ends = documents.offsets[:-1] + shift, documents.offsets[1:] + shift
    stream = np.empty(len(documents.ids) + count * extra, np.uint32)
    own = np.ones(len(stream), np.bool_)
    for step, ident in enumerate(start):
        stream[begins - len(start) + step] = ident
        own[begins - len(start) + step] = False
    for step, ident in enumerate(end):
        stream[ends + step] = ident
        own[ends + step] = False
    stream[own] = documents.ids
    return stream, begins, ends

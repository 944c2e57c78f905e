"""What the presets that reproduce other projects have in common: packing by batches, as `datasets.map` makes them.

What fills no sequence at the end of a batch is lost.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from mistudio_core.tokenization.engines.encoded import Encoded, Offsets
from mistudio_core.tokenization.packing.policy import Policy
from mistudio_core.tokenization.packing.sequences import Places, Sequences, joined_sequences, slice_sequences
from mistudio_core.tokenization.packing.stream import Documents, Stream
from mistudio_core.tokenization.recipes.recipe import Recipe


def emulated_parts(num_samples: int, parts: int) -> list[int]:
    """Return where `datasets.map` cuts a split for several processes: the first `n % k` parts are one longer."""
    parts = max(1, min(parts, num_samples))
    small, longer = divmod(num_samples, parts)
    return [part * small + min(part, longer) for part in range(parts + 1)]


class BatchSeams:
    """Where the batches of a split begin: sample numbers, rising, the first 0."""

    def __init__(self, batch_rows: int, parts: list[int]) -> None:
        """Lay batches of `batch_rows` documents into each of the parts that the processes of the other project get."""
        seams = [np.arange(start, end, batch_rows) for start, end in pairwise(parts)]
        self._firsts: Places = np.concatenate([np.empty(0, np.int64), *seams])

    @classmethod
    def of(cls, recipe: Recipe, batch_rows: int, num_samples: int) -> BatchSeams:
        """Return the seams of a split of `num_samples`, with batches of `batch_rows` unless the recipe says."""
        return cls(recipe.batch_rows or batch_rows, emulated_parts(num_samples, recipe.emulate_num_proc))

    def batches(self, samples: Places) -> Places:
        """Return the number of the batch that each sample is in."""
        return np.searchsorted(self._firsts, samples, side="right") - 1


class BatchPacker:
    """What packing in batches has in common: cuts at the seams of batches, and a limit of complete sequences."""

    def __init__(self, policy: Policy, seams: BatchSeams, limit: int | None = None) -> None:
        """Start before the first batch; `limit` counts the tokens of whole sequences."""
        self._policy = policy
        self._seams = seams
        self._batch = -1
        self.used_tokens = 0
        self.repeated = self.cut = 0
        self.limit = limit
        self.unused_documents = 0

    def add(self, documents: Documents) -> Sequences:
        """Take documents and return the sequences that are complete, of every batch that they touch."""
        if not len(documents):
            return joined_sequences([])
        batches = self._seams.batches(documents.samples)
        bounds = [0, *(np.flatnonzero(np.diff(batches)) + 1).tolist(), len(batches)]
        sequences: list[Sequences] = []
        for first, last in pairwise(bounds):
            batch = int(batches[first])
            if batch != self._batch and self._batch >= 0:
                sequences.append(self._end_batch())
            starts, self._batch = batch != self._batch, batch
            sequences.append(self._add(_between(documents, first, last), starts=starts))
        return self._limited(joined_sequences(sequences))

    def finish(self) -> Sequences:
        """Return what the last batch of the shard still gives."""
        return self._limited(self._end_batch()) if self._batch >= 0 else joined_sequences([])

    def tail(self) -> Stream | None:
        """Return nothing: what fills no sequence is lost with its batch."""
        return None

    def _add(self, documents: Documents, *, starts: bool) -> Sequences:
        raise NotImplementedError

    def _end_batch(self) -> Sequences:
        raise NotImplementedError

    def _limited(self, sequences: Sequences) -> Sequences:
        if self.limit is not None:
            every = sequences
            sequences = slice_sequences(every, 0, (self.limit - self.used_tokens) // self._policy.sequence_length)
            self.cut += int(every.own[len(sequences) :].sum())
        self.used_tokens += int(sequences.offsets[-1])
        return sequences


def one_sequence(ids: np.typing.NDArray[np.uint32], begins: Offsets, ends: Offsets) -> Sequences:
    """Return a sequence of these ids, none of them padding, in which documents begin and end."""
    width = np.array([len(ids)], np.int64)
    documents = np.array([np.count_nonzero(ends > begins)], np.int64)
    return Sequences(
        ids, np.array([0, len(ids)], np.int64), width, documents, np.array([(ends - begins).sum()], np.int64)
    )


def _between(documents: Documents, first: int, last: int) -> Documents:
    if first == 0 and last == len(documents):
        return documents
    offsets = documents.encoded.offsets[first : last + 1]
    inside = slice(int(offsets[0]), int(offsets[-1]))
    encoded = Encoded(documents.encoded.ids[inside], offsets - offsets[0])
    compared = None if documents.compared is None else documents.compared[inside]
    return Documents(encoded, documents.samples[first:last], compared)

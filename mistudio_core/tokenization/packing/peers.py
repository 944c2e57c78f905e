"""Two presets that reproduce other projects row for row: `transformer_lens` and `sparsify`.

Both work on batches of documents, as `datasets.map` hands them out, and lose what fills no row at the end of each.
TransformerLens 4.3.0 (`tokenize_and_concatenate`): documents are encoded without special tokens and joined with EOS
between them; each row is BOS and the next tokens; a batch too short for one row is padded.
sparsify 1.3.3 (`chunk_and_tokenize`): EOS stands before each document, special tokens round each row, and the last row
of a batch is dropped, even if it is full.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from mistudio_core.tokenization.engines.encoded import Encoded, Offsets
from mistudio_core.tokenization.packing.continuous import Documents, StreamCutter, surrounded
from mistudio_core.tokenization.packing.policy import Policy
from mistudio_core.tokenization.packing.rows import Places, Rows, joined_rows, padded_rows, slice_rows


class BatchSeams:
    """Where the batches of a split begin: sample numbers, rising, the first 0."""

    def __init__(self, batch_rows: int, parts: list[int]) -> None:
        """Lay batches of `batch_rows` into each of the parts that the processes of the other project get."""
        seams = [np.arange(start, end, batch_rows) for start, end in pairwise(parts)]
        self._firsts: Places = np.concatenate([np.empty(0, np.int64), *seams])

    def batches(self, samples: Places) -> Places:
        """Return the number of the batch that each sample is in."""
        return np.searchsorted(self._firsts, samples, side="right") - 1


class BatchPacker:
    """What packing in batches has in common: it cuts the documents at the seams and heeds a limit of whole rows."""

    def __init__(self, policy: Policy, seams: BatchSeams, limit: int | None = None) -> None:
        """Start before the first batch; `limit` counts the tokens of whole rows."""
        self._policy = policy
        self._seams = seams
        self._batch = -1
        self.used_tokens = 0
        self.repeated = self.cut = 0
        self.limit = limit
        self.unused_documents = 0

    def add(self, documents: Documents) -> Rows:
        """Take documents and return the rows that are complete, of every batch that they touch."""
        if not len(documents):
            return joined_rows([])
        batches = self._seams.batches(documents.samples)
        bounds = [0, *(np.flatnonzero(np.diff(batches)) + 1).tolist(), len(batches)]
        rows: list[Rows] = []
        for first, last in pairwise(bounds):
            batch = int(batches[first])
            if batch != self._batch and self._batch >= 0:
                rows.append(self._end_batch())
            starts, self._batch = batch != self._batch, batch
            rows.append(self._add(_between(documents, first, last), starts=starts))
        return self._limited(joined_rows(rows))

    def finish(self) -> Rows:
        """Return what the last batch of the shard still gives."""
        return self._limited(self._end_batch()) if self._batch >= 0 else joined_rows([])

    def _add(self, documents: Documents, *, starts: bool) -> Rows:
        raise NotImplementedError

    def _end_batch(self) -> Rows:
        raise NotImplementedError

    def _limited(self, rows: Rows) -> Rows:
        if self.limit is not None:
            every = rows
            rows = slice_rows(every, 0, (self.limit - self.used_tokens) // self._policy.row_length)
            self.cut += int(every.own[len(rows) :].sum())
        self.used_tokens += int(rows.offsets[-1])
        return rows


class TransformerLensPacker(BatchPacker):
    """The preset `transformer_lens`."""

    def __init__(self, policy: Policy, seams: BatchSeams, limit: int | None = None) -> None:
        """Start before the first batch."""
        super().__init__(policy, seams, limit)
        self._cutter = StreamCutter(policy.row_room, policy.row_start)
        self._has_row = False

    def _add(self, documents: Documents, *, starts: bool) -> Rows:
        stream, begins, ends = surrounded(documents.encoded, self._policy.separator, ())
        if starts:
            skipped = len(self._policy.separator)
            stream, begins, ends = stream[skipped:], begins - skipped, ends - skipped
        rows = self._cutter.add(stream, begins, ends)
        self._has_row = (self._has_row and not starts) or len(rows) > 0
        return rows

    def _end_batch(self) -> Rows:
        left, begins, ends = self._cutter.take()
        if self._has_row:
            return joined_rows([])
        assert self._policy.pad_id is not None
        start = np.array(self._policy.row_start, np.uint32)
        row = one_row(np.concatenate([start, left]), begins, ends)
        return padded_rows(row, self._policy.row_length, self._policy.pad_id, "right")


class SparsifyPacker(BatchPacker):
    """The preset `sparsify`."""

    def __init__(self, policy: Policy, seams: BatchSeams, limit: int | None = None) -> None:
        """Start before the first batch."""
        super().__init__(policy, seams, limit)
        self._cutter = StreamCutter(policy.row_room, policy.row_start, policy.row_end, hold_last=True)

    def _add(self, documents: Documents, *, starts: bool) -> Rows:  # noqa: ARG002 - the rule is the same everywhere
        return self._cutter.add(*surrounded(documents.encoded, self._policy.separator, ()))

    def _end_batch(self) -> Rows:
        self._cutter.take()
        return joined_rows([])


def one_row(ids: np.typing.NDArray[np.uint32], begins: Offsets, ends: Offsets) -> Rows:
    """Return a row of these ids, none of them padding, in which documents begin and end."""
    width = np.array([len(ids)], np.int64)
    documents = np.array([np.count_nonzero(ends > begins)], np.int64)
    return Rows(ids, np.array([0, len(ids)], np.int64), width, documents, np.array([(ends - begins).sum()], np.int64))


def _between(documents: Documents, first: int, last: int) -> Documents:
    if first == 0 and last == len(documents):
        return documents
    offsets = documents.encoded.offsets[first : last + 1]
    inside = slice(int(offsets[0]), int(offsets[-1]))
    encoded = Encoded(documents.encoded.ids[inside], offsets - offsets[0])
    compared = None if documents.compared is None else documents.compared[inside]
    return Documents(encoded, documents.samples[first:last], compared)

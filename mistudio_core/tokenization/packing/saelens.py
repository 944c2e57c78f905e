"""Sequences as SAELens makes them (`concat_and_batch_sequences`).

A prefix is put before a document or a sequence only where the next token is not that very token. At the start of a
sequence stands the begin-of-batch token, within a sequence the separator before each further document; a prefix that
does not fit is cut. What fills no sequence at the end of a `map` batch is dropped.
"""

from __future__ import annotations

import numpy as np

from mistudio_core.tokenization.engines.encoded import Encoded, ends_of
from mistudio_core.tokenization.packing.peers import BatchPacker, BatchSeams
from mistudio_core.tokenization.packing.policy import Policy
from mistudio_core.tokenization.packing.sequences import NO_SEQUENCES, Sequences, spans
from mistudio_core.tokenization.packing.stream import Documents, surrounded


class SaeLensPacker(BatchPacker):
    """The rule of SAELens, followed piece by piece and carried out in one gathering step."""

    def __init__(self, policy: Policy, seams: BatchSeams, limit: int | None = None) -> None:
        """Start before the first batch."""
        super().__init__(policy, seams, limit)
        self._sequence: list[np.typing.NDArray[np.uint32]] = []
        self._filled = 0
        self._documents = self._own = 0

    def _add(self, documents: Documents, *, starts: bool) -> Sequences:  # noqa: ARG002 - an ended batch leaves nothing
        policy = self._policy
        around = (policy.document_start, policy.document_end)
        stream, begins, ends = surrounded(documents.encoded, *around)
        compared = stream
        if documents.compared is not None:
            compared = surrounded(Encoded(documents.compared, documents.encoded.offsets), *around)[0]
        layout = _Layout(policy, len(stream), self._filled, (self._documents, self._own))
        begin_all, end_all = begins - len(policy.document_start), ends + len(policy.document_end)
        for begin, end in zip(begin_all.tolist(), end_all.tolist(), strict=True):
            layout.place(compared, begin, end)
        source = np.concatenate([stream, np.array(layout.inserted, np.uint32)])
        ids = source[spans(np.array(layout.firsts, np.int64), np.array(layout.counts, np.int64))]
        return self._cut(ids, layout)

    def _cut(self, ids: np.typing.NDArray[np.uint32], layout: _Layout) -> Sequences:
        whole = np.concatenate([*self._sequence, ids]) if self._sequence else ids
        width = self._policy.sequence_length
        count = len(layout.documents)
        rest = whole[count * width :]
        self._sequence, self._filled = [rest.copy()], len(rest)
        self._documents, self._own = layout.open_documents, layout.open_own
        if not count:
            return NO_SEQUENCES
        widths = np.full(count, width, np.int64)
        documents, own = np.array(layout.documents, np.int64), np.array(layout.own, np.int64)
        return Sequences(whole[: count * width], ends_of(widths), widths, documents, own)

    def _end_batch(self) -> Sequences:
        self._sequence, self._filled, self._documents, self._own = [], 0, 0, 0
        return NO_SEQUENCES


class _Layout:
    """Collects the pieces of sequences: spans of the stream, and inserted tokens as spans of a short list behind it."""

    def __init__(self, policy: Policy, stream_length: int, filled: int, open_sequence: tuple[int, int]) -> None:
        self._width = policy.sequence_length
        self.inserted = [*policy.sequence_start, *policy.separator, *policy.begin_sequence]
        places = iter(range(stream_length, stream_length + 3))
        self._sequence_start = _token(policy.sequence_start, places)
        self._separator = _token(policy.separator, places)
        self._begin_sequence = _token(policy.begin_sequence, places)
        self._filled = filled
        self.open_documents, self.open_own = open_sequence
        self._around = len(policy.document_start), len(policy.document_end)
        self.documents: list[int] = []
        self.own: list[int] = []
        self.firsts: list[int] = []
        self.counts: list[int] = []

    def place(self, stream: np.typing.NDArray[np.uint32], begin: int, end: int) -> None:
        """Lay the tokens `[begin, end)` of one document into sequences."""
        at, starts_document = begin, True
        first, last = begin + self._around[0], end - self._around[1]
        while at < end:
            prefix: list[int] = []
            next_token = int(stream[at])
            if starts_document and self._begin_sequence is not None and next_token != self._begin_sequence[0]:
                prefix, next_token = [self._begin_sequence[1]], self._begin_sequence[0]
            begins_text = bool(prefix)
            before = self._separator if self._filled else self._sequence_start
            if before is not None and next_token != before[0]:
                prefix.insert(0, before[1])
            room = self._width - self._filled
            starts_document = begins_text and len(prefix) > room
            take = max(0, room - len(prefix))
            for place in prefix[:room]:
                self._piece(place, 1)
            if take:
                self._piece(at, min(take, end - at))
                self.open_documents += 1
                self.open_own += max(0, min(at + take, last) - max(at, first))
            at += take
            if self._filled == self._width:
                self.documents.append(self.open_documents)
                self.own.append(self.open_own)
                self._filled = self.open_documents = self.open_own = 0

    def _piece(self, first: int, count: int) -> None:
        self.firsts.append(first)
        self.counts.append(count)
        self._filled += count


def _token(ids: tuple[int, ...], places: object) -> tuple[int, int] | None:
    """Return an inserted token and its place behind the stream."""
    return (ids[0], next(places)) if ids else None  # type: ignore[call-overload]

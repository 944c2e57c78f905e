"""Packing documents apart: one sequence for each, cut short, or several windows that may overlap."""

from __future__ import annotations

import numpy as np

from mistudio_core.tokenization.engines.encoded import Encoded, ends_of
from mistudio_core.tokenization.packing.policy import Policy
from mistudio_core.tokenization.packing.sequences import NO_SEQUENCES, Places, Sequences, padded_sequences, spans
from mistudio_core.tokenization.packing.stream import Documents, Stream


class PerDocumentPacker:
    """Gives each sequence `sequence_start`, tokens of one document, `sequence_end`; padded if the policy pads.

    Longer documents are cut to the room of a sequence, or, with `windows`, go on in further sequences, each of which
    starts with the last `stride` tokens of the one before.
    """

    def __init__(self, policy: Policy, *, windows: bool, stride: int, limit: int | None = None) -> None:
        """Take the rule; `limit` counts tokens without padding, and the last sequence is cut to meet it."""
        self._policy = policy
        self._windows = windows
        self._stride = stride
        self._step = policy.content_length - stride
        self.used_tokens = 0
        self.repeated = self.cut = 0
        self.limit = limit
        self.unused_documents = 0

    def add(self, documents: Documents) -> Sequences:
        """Return the sequences of these documents."""
        encoded = _with_separator(documents.encoded, self._policy.separator)
        lengths = encoded.lengths
        room = self._policy.content_length
        counts = np.ones(len(lengths), np.int64)
        if self._windows:
            counts += np.maximum(0, -(-(lengths - room) // self._step))
        owners = np.repeat(np.arange(len(lengths)), counts)
        steps = spans(np.zeros(len(counts), np.int64), counts) * self._step
        firsts = encoded.offsets[:-1][owners] + steps
        sizes = np.minimum(room, lengths[owners] - steps)
        own = np.clip(documents.encoded.lengths[owners] - steps, 0, sizes)
        every = surrounded_spans(encoded, firsts, sizes, self._policy, own)
        sequences = self._limited(every)
        repeated = np.where(steps > 0, np.minimum(own, self._stride), 0)
        if self.limit is not None and int(sequences.tokens.sum()) < int(every.tokens.sum()):
            used = owners[len(sequences) - 1] + 1 if len(sequences) else 0
            self.unused_documents = len(documents) - int(used)
            owned = np.searchsorted(owners, used)
            self.cut += int((own - repeated)[:owned].sum())
            repeated = np.minimum(repeated[: len(sequences)], sequences.own)
            self.cut -= int((sequences.own - repeated).sum())
        self.repeated += int(repeated.sum())
        self.used_tokens += int(sequences.tokens.sum())
        if self._policy.pad_sequences:
            assert self._policy.pad_id is not None
            return padded_sequences(
                sequences, self._policy.sequence_length, self._policy.pad_id, self._policy.padding_side
            )
        return sequences

    def finish(self) -> Sequences:
        """Return nothing: every sequence is complete with its document."""
        return NO_SEQUENCES

    def tail(self) -> Stream | None:
        """Return nothing: documents are not joined."""
        return None

    def _limited(self, sequences: Sequences) -> Sequences:
        if self.limit is None:
            return sequences
        left = self.limit - self.used_tokens
        tokens = np.diff(np.minimum(ends_of(sequences.tokens), left))
        if (tokens == sequences.tokens).all():
            return sequences
        kept = tokens > 0
        ids = sequences.ids[spans(sequences.offsets[:-1], tokens)]
        own = np.clip(tokens - len(self._policy.sequence_start), 0, sequences.own)[kept]
        return Sequences(ids, ends_of(tokens[kept]), tokens[kept], np.minimum(sequences.documents[kept], own), own)


def surrounded_spans(encoded: Encoded, firsts: Places, sizes: Places, policy: Policy, own: Places) -> Sequences:
    """Return a sequence for each span of ids, `own` of them the document's, with what the policy puts round it.

    A part of a separator that stands alone is no part of a document.
    """
    start, end = policy.sequence_start, policy.sequence_end
    widths = sizes + len(start) + len(end)
    offsets = ends_of(widths)
    ids = np.empty(int(offsets[-1]), np.uint32)
    ids[spans(offsets[:-1] + len(start), sizes)] = encoded.ids[spans(firsts, sizes)]
    for step, ident in enumerate(start):
        ids[offsets[:-1] + step] = ident
    for step, ident in enumerate(reversed(end)):
        ids[offsets[1:] - 1 - step] = ident
    return Sequences(ids, offsets, widths, np.minimum(own, 1), own)


def _with_separator(encoded: Encoded, separator: tuple[int, ...]) -> Encoded:
    if not separator:
        return encoded
    count = len(encoded)
    return Encoded(np.insert(encoded.ids, encoded.offsets[1:], separator[0]), encoded.offsets + np.arange(count + 1))

"""Sequences as SAELens makes them without concatenation (`disable_concat_sequences`).

Each document that is long enough gives one sequence, its beginning; the others are dropped. The begin token is put
before a document only where it does not begin with that very token, and then a document may be shorter by one.
"""

from __future__ import annotations

import numpy as np

from mistudio_core.tokenization.engines.encoded import Encoded
from mistudio_core.tokenization.packing.peers import BatchPacker
from mistudio_core.tokenization.packing.sequences import NO_SEQUENCES, Sequences, spans
from mistudio_core.tokenization.packing.stream import Documents, surrounded


class SaeLensAlonePacker(BatchPacker):
    """One sequence of each document that fills one."""

    def _add(self, documents: Documents, *, starts: bool) -> Sequences:  # noqa: ARG002 - each document is on its own
        policy, width = self._policy, self._policy.sequence_length
        around = (policy.document_start, policy.document_end)
        stream, begins, ends = surrounded(documents.encoded, *around)
        compared = stream
        if documents.compared is not None:
            compared = surrounded(Encoded(documents.compared, documents.encoded.offsets), *around)[0]
        begins, ends = begins - len(policy.document_start), ends + len(policy.document_end)
        lengths = ends - begins
        prefixed = np.zeros(len(lengths), np.bool_)
        if policy.sequence_start and len(compared):
            firsts = compared[np.minimum(begins, len(compared) - 1)]
            prefixed = (lengths >= max(1, width - 1)) & (firsts != policy.sequence_start[0])
        used = prefixed | (lengths >= width)
        own = width - prefixed[used].astype(np.int64)
        count = len(own)
        if not count:
            return NO_SEQUENCES
        ids = np.empty(count * width, np.uint32)
        offsets = np.arange(count + 1) * width
        ids[offsets[:-1]] = policy.sequence_start[0] if policy.sequence_start else 0
        ids[spans(offsets[1:] - own, own)] = stream[spans(begins[used], own)]
        inner = np.minimum(own - len(policy.document_start), documents.encoded.lengths[used])
        return Sequences(ids, offsets, np.full(count, width, np.int64), np.minimum(own, 1), np.maximum(inner, 0))

    def _end_batch(self) -> Sequences:
        return NO_SEQUENCES

"""Sequences as they pass from packing to disk: flat ids, where each sequence ends, and how much of it is padding."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from mistudio_core.tokenization.engines.encoded import Ids, Offsets, ends_of

Places = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Sequences:
    """n sequences: sequence i is `ids[offsets[i]:offsets[i + 1]]` (uint32 until they are written), padding included.

    `tokens` (int64, n) is how many of its ids are no padding, `documents` (int64, n) of how many documents it holds a
    part, `own` (int64, n) how many of its ids are the documents' own and not added by the rule. Padding stands on one
    side, the same for all sequences of a tokenization.
    """

    ids: npt.NDArray[Any]
    offsets: Offsets
    tokens: Places
    documents: Places
    own: Places

    def __len__(self) -> int:
        """Return n."""
        return len(self.tokens)

    @property
    def widths(self) -> Places:
        """Ids of each sequence, padding included."""
        return np.diff(self.offsets)

    def unpadded(self, padding_side: str) -> Ids:
        """Return the ids of all sequences without the padding, in one array."""
        widths = self.widths
        if np.array_equal(widths, self.tokens):
            return self.ids
        first = self.offsets[:-1] if padding_side == "right" else self.offsets[1:] - self.tokens
        return self.ids[spans(first, self.tokens)]


_NONE: Final = np.empty(0, np.int64)
NO_SEQUENCES: Final = Sequences(np.empty(0, np.uint32), np.zeros(1, np.int64), _NONE, _NONE, _NONE)


def spans(firsts: Places, counts: Places) -> Places:
    """Return the indexes `first, first + 1, ...` of each span, `count` of them, one span after the other."""
    ends = np.cumsum(counts)
    total = int(ends[-1]) if len(ends) else 0
    return np.arange(total) + np.repeat(firsts - ends + counts, counts)


def joined_sequences(parts: list[Sequences]) -> Sequences:
    """Return the sequences of several parts, in order."""
    parts = [part for part in parts if len(part)]
    if not parts:
        return NO_SEQUENCES
    if len(parts) == 1:
        return parts[0]
    return Sequences(
        np.concatenate([part.ids for part in parts]),
        ends_of(np.concatenate([part.widths for part in parts])),
        np.concatenate([part.tokens for part in parts]),
        np.concatenate([part.documents for part in parts]),
        np.concatenate([part.own for part in parts]),
    )


def slice_sequences(sequences: Sequences, first: int, last: int) -> Sequences:
    """Return the sequences `[first, last)`."""
    if first == 0 and last >= len(sequences):
        return sequences
    offsets = sequences.offsets[first : last + 1]
    ids, chosen = sequences.ids[offsets[0] : offsets[-1]], slice(first, last)
    return Sequences(
        ids, offsets - offsets[0], sequences.tokens[chosen], sequences.documents[chosen], sequences.own[chosen]
    )


def padded_sequences(sequences: Sequences, width: int, pad_id: int, padding_side: str) -> Sequences:
    """Return the sequences, none longer than `width`, filled up to it with `pad_id`."""
    widths = sequences.widths
    if (widths == width).all():
        return sequences
    ids = np.full(len(sequences) * width, pad_id, np.uint32)
    firsts = np.arange(len(sequences)) * width
    if padding_side == "left":
        firsts += width - widths
    ids[spans(firsts, widths)] = sequences.ids
    return Sequences(ids, np.arange(len(sequences) + 1) * width, sequences.tokens, sequences.documents, sequences.own)

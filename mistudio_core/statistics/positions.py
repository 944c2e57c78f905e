"""How often chosen ids occur at each position, counted from stored sequences once the frequencies are known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from mistudio_core.statistics.frequencies import Ranking, TokenText, token_sequence

FIRST_SINGLE: Final = 64
"""A model treats the first positions unlike all others (BOS, attention sinks), so each has a bin of its own."""
LAST_SINGLE: Final = 8
"""The same for the end: separators, padding and what ends a document are seen there."""
MOST_BINS: Final = 256
MOST_TOKENS: Final = 50
EXACT_SLOTS: Final = 1 << 24
"""Beyond so many every k-th sequence is counted: 16 M take 0.03 s, and shares are right to 0.2 %."""
_BLOCK_SLOTS: Final = 1 << 18

Sequences = npt.NDArray[np.integer]


def position_starts(length: int) -> npt.NDArray[np.int64]:
    """Return the first position of each bin, of at most 256, of sequences with `length` positions.

    The first 64 and the last 8 positions are bins by themselves, those between are in bins of one width, the last of
    which may be narrower. Sequences of up to 256 positions have no wider bins.
    """
    if length <= MOST_BINS:
        return np.arange(length, dtype=np.int64)
    end = length - LAST_SINGLE
    width = -(-(end - FIRST_SINGLE) // (MOST_BINS - FIRST_SINGLE - LAST_SINGLE))
    return np.concatenate(
        [np.arange(FIRST_SINGLE), np.arange(FIRST_SINGLE, end, width), np.arange(end, length)], dtype=np.int64
    )


class PositionCounts:
    """Counts of chosen ids by position, in the bins of `position_starts`.

    Mergeable; sequences may come in any order and split.
    """

    def __init__(self, ids: Sequence[int], vocab_size: int, context_length: int, *, step: int = 1) -> None:
        """Choose at most 255 ids; of the sequences only those are counted whose number is a multiple of `step`."""
        self.ids = tuple(ids)[:255]
        self.vocab_size = vocab_size
        self.context_length = context_length
        self.step = step
        self._starts = position_starts(context_length)
        self.num_bins = len(self._starts)
        self.sequences = 0
        self.sequences_seen = 0
        self.counts = np.zeros((len(self.ids) + 1, self.num_bins), np.int64)  # in sequence 0 all others, and padding
        slots = np.zeros(vocab_size, np.uint16)
        slots[list(self.ids)] = np.arange(1, len(self.ids) + 1) * self.num_bins
        self._slots = pa.array(slots)  # Arrow takes by small integers without widening them, and lets threads run
        self._bins = np.searchsorted(self._starts, np.arange(context_length), side="right").astype(
            np.uint16
        ) - np.uint16(1)

    def add_sequences(self, sequences: Sequences, first: int = 0, tokens: npt.NDArray[np.bool_] | None = None) -> None:
        """Count sequences, an array [n, context_length] of ids, of which the first one has the number `first`.

        `tokens` has the shape of `sequences` and is False where there is padding.
        """
        self.sequences_seen += len(sequences)
        start, step = -first % self.step, self.step
        chosen, used = sequences[start::step], None if tokens is None else tokens[start::step]
        self.sequences += len(chosen)
        block = max(1, _BLOCK_SLOTS // self.context_length)
        for at in range(0, len(chosen), block):
            part = np.ascontiguousarray(chosen[at : at + block])
            slots = pc.take(self._slots, pa.array(part.reshape(-1))).to_numpy().reshape(part.shape)
            if used is not None:
                slots = slots * used[at : at + block]
            places = (slots + self._bins).reshape(-1)
            self.counts += np.bincount(places, minlength=self.counts.size).reshape(self.counts.shape)

    def empty(self) -> PositionCounts:
        """Return counts of the same ids that have seen nothing."""
        return PositionCounts(self.ids, self.vocab_size, self.context_length, step=self.step)

    def merge(self, other: PositionCounts) -> None:
        """Take in what another one has counted of the same ids."""
        if (self.ids, self.context_length, self.step) != (other.ids, other.context_length, other.step):
            raise ValueError("these positions were not counted alike")
        self.sequences += other.sequences
        self.sequences_seen += other.sequences_seen
        self.counts += other.counts

    def result(self, text: TokenText | None = None) -> dict[str, Any]:
        """Return the bins of positions (both ends inclusive, from 0) and each id's count in each."""
        return {
            "context_length": self.context_length,
            "sequences": self.sequences_seen,
            "sequences_counted": self.sequences,
            "exact": self.sequences == self.sequences_seen,
            "bins": position_bins(self._starts, self.context_length),
            "tokens": [
                token_sequence(token_id, text) | {"counts": counts}
                for token_id, counts in zip(self.ids, self.counts[1:].tolist(), strict=True)
            ],
        }


def position_bins(starts: npt.NDArray[np.int64], length: int) -> list[dict[str, int]]:
    """Return the bins with these first positions, both ends inclusive, from 0."""
    lasts = np.append(starts[1:], length) - 1
    return [{"first": first, "last": last} for first, last in zip(starts.tolist(), lasts.tolist(), strict=True)]


def position_ids(frequencies: npt.NDArray[np.int64], special_ids: Sequence[int]) -> list[int]:
    """Return the special ids that were seen, then the fifty most frequent of the others."""
    known = set(special_ids)
    special = [token_id for token_id in special_ids if frequencies[token_id]]
    others = [token_id for token_id in Ranking(frequencies).ids.tolist() if token_id not in known]
    return special + others[:MOST_TOKENS]


def sequence_step(sequences: int, context_length: int) -> int:
    """Return how many sequences to go on from one that is counted to the next, 1 where all are counted."""
    return max(1, -(-sequences * context_length // EXACT_SLOTS))

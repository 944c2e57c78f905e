"""What is counted while a shard is made: how often each id stands in a row, and how long the documents are."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt

from mistudio_core.files import write_bytes

_CHUNK: Final = 1 << 18
"""`np.bincount` makes an int64 copy of what it counts, so it is given a little at a time."""
_LIVE_BINS: Final = 40
_LIVE_TOP: Final = 20


class TokenCounts:
    """Counts of ids and of document lengths; sums of any two are those of both parts together."""

    def __init__(self, vocab_size: int) -> None:
        """Start at nothing."""
        self.frequency = np.zeros(vocab_size, np.int64)
        self.length_counts: npt.NDArray[np.int64] = np.zeros(0, np.int64)
        self.num_documents = 0

    def add_documents(self, lengths: npt.NDArray[np.int64]) -> None:
        """Count documents by their tokens (powers of 2^(1/4), which a histogram needs)."""
        self.num_documents += len(lengths)
        buckets = np.floor(4 * np.log2(np.maximum(lengths, 1))).astype(np.int64)
        self._grow(int(buckets.max(initial=-1)) + 1)
        self.length_counts += np.bincount(buckets, minlength=len(self.length_counts))

    def add_tokens(self, ids: npt.NDArray[Any]) -> None:
        """Count every id of an array of any shape."""
        flat = ids.reshape(-1)
        for first in range(0, len(flat), _CHUNK):
            self.frequency += np.bincount(flat[first : first + _CHUNK], minlength=len(self.frequency))

    def merge(self, other: TokenCounts) -> None:
        """Take in what another one has counted."""
        self.frequency += other.frequency
        self._grow(len(other.length_counts))
        self.length_counts[: len(other.length_counts)] += other.length_counts
        self.num_documents += other.num_documents

    def save(self, path: Path) -> None:
        """Put the counts at `path` in one step."""
        data = io.BytesIO()
        np.savez(data, frequency=self.frequency, lengths=self.length_counts, documents=np.array([self.num_documents]))
        write_bytes(path, data.getvalue())

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what `save` wrote."""
        with np.load(path, allow_pickle=False) as arrays:
            made = cls(len(arrays["frequency"]))
            made.frequency, made.length_counts = arrays["frequency"], arrays["lengths"]
            made.num_documents = int(arrays["documents"][0])
        return made

    def live(self) -> dict[str, Any]:
        """Return what a page draws while the job runs; a few KB."""
        edges = np.round(2 ** (np.arange(len(self.length_counts) + 1) / 4)).astype(int)
        top = np.argsort(-self.frequency, kind="stable")[:_LIVE_TOP]
        return {
            "documents": self.num_documents,
            "tokens": int(self.frequency.sum()),
            "length_histogram": {"edges": edges.tolist(), "counts": self.length_counts.tolist()},
            "top_tokens": [
                {"id": int(ident), "count": int(self.frequency[ident])} for ident in top if self.frequency[ident]
            ],
        }

    def _grow(self, size: int) -> None:
        if size > len(self.length_counts):
            self.length_counts = np.concatenate(
                [self.length_counts, np.zeros(size - len(self.length_counts), np.int64)]
            )

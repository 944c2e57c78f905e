"""What engines take and give: their interface, and ids with the places where documents end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from mistudio_core.tokenization.tokenizer.stored import StoredTokenizer

Ids = npt.NDArray[np.uint32]
Offsets = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Encoded:
    """The ids of n documents, one after the other; document i is `ids[offsets[i]:offsets[i + 1]]`.

    `ids` is uint32, `offsets` int64 with n + 1 values, the first 0 and the last `len(ids)`.
    """

    ids: Ids
    offsets: Offsets

    def __len__(self) -> int:
        """Return n."""
        return len(self.offsets) - 1

    @property
    def lengths(self) -> Offsets:
        """Tokens of each document."""
        return np.diff(self.offsets)


class Engine(Protocol):
    """Encodes texts without the special tokens that belong round them. One object serves one thread."""

    name: str
    version: str
    batch_bytes: int
    """Bytes of text for one `encode` call: more costs memory, less costs calls."""
    piece_bytes: int
    """The largest text that the engine takes in one piece at a bearable cost of memory."""
    tokenizer: StoredTokenizer
    """What it encodes with, by which is known where a text may be cut."""

    def encode(self, texts: pa.LargeStringArray) -> Encoded:
        """Return the ids of texts without nulls."""
        ...


def concatenated(parts: list[Encoded]) -> Encoded:
    """Join results in their order."""
    if len(parts) == 1:
        return parts[0]
    if not parts:
        return Encoded(np.empty(0, np.uint32), np.zeros(1, np.int64))
    starts = np.cumsum([0, *(len(part.ids) for part in parts)])
    offsets = [part.offsets[1:] + start for part, start in zip(parts, starts[:-1], strict=True)]
    return Encoded(np.concatenate([part.ids for part in parts]), np.concatenate([[0], *offsets]).astype(np.int64))


def ends_of(counts: Offsets) -> Offsets:
    """Return offsets (n + 1, the first 0) of pieces with these lengths."""
    offsets = np.zeros(len(counts) + 1, np.int64)
    np.cumsum(counts, out=offsets[1:])
    return offsets

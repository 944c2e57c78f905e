"""What turns texts into ids: the interface of an engine, and the reference one on Hugging Face `tokenizers`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from itertools import chain
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from mistudio_core.tokenization.tokenizer import StoredTokenizer

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

    def encode(self, texts: pa.LargeStringArray) -> Encoded:
        """Return the ids of texts without nulls."""
        ...


class ReferenceEngine:
    """Hugging Face `tokenizers`: what its ids are is right by definition."""

    name = "reference"
    version = f"tokenizers {version('tokenizers')}"
    batch_bytes = 1 << 20  # 112 bytes of memory per byte of text were measured
    piece_bytes = 2 << 20

    def __init__(self, tokenizer: StoredTokenizer, *, control_as_text: bool = False) -> None:
        """Load an own copy; with `control_as_text` a control token written in a text is plain text."""
        self._tokenizer = tokenizer.load()
        self._tokenizer.encode_special_tokens = control_as_text

    def encode(self, texts: pa.LargeStringArray) -> Encoded:
        """Return the ids of texts without nulls."""
        encodings: list[Any] = self._tokenizer.encode_batch_fast(texts.to_pylist(), add_special_tokens=False)
        offsets = np.zeros(len(encodings) + 1, np.int64)
        np.cumsum(np.fromiter(map(len, encodings), np.int64, len(encodings)), out=offsets[1:])
        ids = np.fromiter(chain.from_iterable(_ids(encodings)), np.uint32, int(offsets[-1]))
        return Encoded(ids, offsets)


def _ids(encodings: list[Any]) -> Iterator[list[int]]:
    for place, encoding in enumerate(encodings):
        encodings[place] = None  # an Encoding is ten times its ids
        yield encoding.ids


def concatenated(parts: list[Encoded]) -> Encoded:
    """Join results in their order."""
    if len(parts) == 1:
        return parts[0]
    if not parts:
        return Encoded(np.empty(0, np.uint32), np.zeros(1, np.int64))
    starts = np.cumsum([0, *(len(part.ids) for part in parts)])
    offsets = [part.offsets[1:] + start for part, start in zip(parts, starts[:-1], strict=True)]
    return Encoded(np.concatenate([part.ids for part in parts]), np.concatenate([[0], *offsets]).astype(np.int64))

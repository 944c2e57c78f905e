"""The reference engine, on Hugging Face `tokenizers`."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from importlib.metadata import version
from itertools import chain
from typing import Any

import numpy as np
import pyarrow as pa

from mistudio_core.tokenization.engines.encoded import Encoded, ends_of
from mistudio_core.tokenization.tokenizer.stored import StoredTokenizer


class ReferenceEngine:
    """Hugging Face `tokenizers`: what its ids are is right by definition."""

    name = "reference"
    version = f"tokenizers {version('tokenizers')}"
    batch_bytes = 1 << 20  # 112 bytes of memory per byte of text were measured
    piece_bytes = 2 << 20

    def __init__(self, tokenizer: StoredTokenizer, *, control_as_text: bool = False) -> None:
        """Load an own copy; with `control_as_text` a control token written in a text is plain text."""
        self.tokenizer = tokenizer
        self._tokenizer = tokenizer.load()
        self._tokenizer.encode_special_tokens = control_as_text

    def encode(self, texts: pa.LargeStringArray) -> Encoded:
        """Return the ids of texts without nulls."""
        encodings: list[Any] = self._tokenizer.encode_batch_fast(texts.to_pylist(), add_special_tokens=False)
        offsets = ends_of(np.fromiter(map(len, encodings), np.int64, len(encodings)))
        ids = np.fromiter(chain.from_iterable(_ids(encodings)), np.uint32, int(offsets[-1]))
        return Encoded(ids, offsets)


class SharedReference:
    """One reference for all threads, loaded when it is first needed: it takes tens of MB, and is asked for little."""

    name, version = ReferenceEngine.name, ReferenceEngine.version
    batch_bytes, piece_bytes = ReferenceEngine.batch_bytes, ReferenceEngine.piece_bytes

    def __init__(self, tokenizer: StoredTokenizer, *, control_as_text: bool = False) -> None:
        """Keep what to load."""
        self.tokenizer, self._control_as_text = tokenizer, control_as_text
        self._loaded: ReferenceEngine | None = None
        self._lock = threading.Lock()

    def encode(self, texts: pa.LargeStringArray) -> Encoded:
        """Return the ids of texts without nulls; one thread after the other."""
        with self._lock:
            if self._loaded is None:
                self._loaded = ReferenceEngine(self.tokenizer, control_as_text=self._control_as_text)
            return self._loaded.encode(texts)


def _ids(encodings: list[Any]) -> Iterator[list[int]]:
    for place, encoding in enumerate(encodings):
        encodings[place] = None  # an Encoding is ten times its ids
        yield encoding.ids

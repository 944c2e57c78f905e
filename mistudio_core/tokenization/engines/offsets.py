"""Where in a text each of its tokens stands, in characters."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer
from tokenizers.processors import TemplateProcessing

from mistudio_core.tokenization.engines.cutting import PIECE_BYTES, cut_places
from mistudio_core.tokenization.engines.seams import seams_of
from mistudio_core.tokenization.tokenizer.stored import StoredTokenizer


@dataclass(frozen=True, slots=True)
class PlacedTokens:
    """n tokens of a text: `ids` (uint32), and `starts` and `ends` (int64) in characters, ends exclusive."""

    ids: npt.NDArray[np.uint32]
    starts: npt.NDArray[np.int64]
    ends: npt.NDArray[np.int64]


class Placer:
    """Encodes texts with the places of their tokens, cut where a job would cut them."""

    def __init__(self, tokenizer: StoredTokenizer, *, control_as_text: bool = False) -> None:
        """Load a copy of the tokenizer that adds no special tokens and leaves spaces to the tokens they belong to."""
        self._tokenizer: Tokenizer = tokenizer.load()
        self._tokenizer.encode_special_tokens = control_as_text
        self._tokenizer.post_processor = TemplateProcessing(single="$A", pair="$A $B", special_tokens=[])
        self._stored = tokenizer

    def place(self, text: str) -> PlacedTokens:
        """Return the tokens of a text without special tokens round it; a lone surrogate counts as a question mark."""
        data = text.encode("utf-8", "replace")
        bounds = [0, *self._cuts(data), len(data)]
        parts, shift = [], 0
        for first, last in pairwise(bounds):
            piece = data[first:last].decode()
            encoding = self._tokenizer.encode(piece, add_special_tokens=False)
            spans = np.array(encoding.offsets, np.int64).reshape(-1, 2) + shift
            parts.append((np.array(encoding.ids, np.uint32), spans))
            shift += len(piece)
        ids = np.concatenate([part[0] for part in parts])
        spans = np.concatenate([part[1] for part in parts])
        return PlacedTokens(ids, spans[:, 0], spans[:, 1])

    def _cuts(self, data: bytes) -> list[int]:
        if len(data) <= PIECE_BYTES:
            return []
        return cut_places(data, seams_of(self._stored))

    def characters(self, text: str, first: int, last: int) -> tuple[int, int]:
        """Return the characters `[start, end)` that the tokens `[first, last)` of a text stand for."""
        placed = self.place(text)
        if first >= last or first >= len(placed.ids):
            return (len(text), len(text))
        return int(placed.starts[first]), int(placed.ends[min(last, len(placed.ids)) - 1])

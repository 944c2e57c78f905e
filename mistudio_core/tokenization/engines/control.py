"""Counting control tokens that stand written out in texts, such as `<|endoftext|>` on a web page."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from mistudio_core.tokenization.engines.encoded import Encoded
from mistudio_core.tokenization.engines.encoding import buffers
from mistudio_core.tokenization.tokenizer.stored import StoredTokenizer


@dataclass(frozen=True, slots=True)
class ControlCounts:
    """How often each control token stands in texts, and in how many of them any does."""

    counts: Mapping[int, int]
    documents: int


NONE = ControlCounts({}, 0)


class ControlCounter:
    """Finds control tokens in the ids, or, where they are plain text, in the texts. May be shared by threads.

    The token for what is unknown is none of them: it comes from rare characters, and says nothing of the text.
    """

    def __init__(self, tokenizer: StoredTokenizer, *, as_text: bool) -> None:
        """Prepare for a tokenizer."""
        self._ids_by_text = {text: ident for text, ident in tokenizer.control.items() if ident != tokenizer.unk_id}
        self._as_text = as_text
        idents = sorted(set(self._ids_by_text.values()))
        self._is_control: npt.NDArray[np.bool_] = np.zeros(tokenizer.vocab_size, np.bool_)
        self._is_control[idents] = True
        # Control ids mostly stand at one end of the vocabulary, and extremes are found ten times as fast as members.
        self._least = idents[0] if idents and idents[0] > tokenizer.vocab_size // 2 else None
        self._greatest = idents[-1] if idents and idents[-1] < min(1000, tokenizer.vocab_size) else None
        longest_first = sorted((text.encode() for text in self._ids_by_text), key=len, reverse=True)
        self._pattern = re.compile(b"|".join(map(re.escape, longest_first))) if longest_first else None

    def count(self, texts: pa.LargeStringArray | None, encoded: Encoded) -> ControlCounts:
        """Return what stands in documents; `texts` is needed where control tokens are plain text."""
        if self._as_text and texts is not None:
            return self._in_texts(texts)
        return self._in_ids(encoded)

    def _in_ids(self, encoded: Encoded) -> ControlCounts:
        ids = encoded.ids
        if not len(ids) or not self._ids_by_text:
            return NONE
        if self._least is not None and ids.max() < self._least:
            return NONE
        if self._greatest is not None and ids.min() > self._greatest:
            return NONE
        places = np.flatnonzero(self._is_control[ids])
        found, counts = np.unique(ids[places], return_counts=True)
        documents = np.unique(np.searchsorted(encoded.offsets, places, side="right"))
        return ControlCounts(dict(zip(found.tolist(), counts.tolist(), strict=True)), len(documents))

    def _in_texts(self, texts: pa.LargeStringArray) -> ControlCounts:
        data, offsets = buffers(texts)
        if data is None or self._pattern is None:
            return NONE
        counts: dict[int, int] = {}
        owners = set()
        for match in self._pattern.finditer(memoryview(data)[offsets[0] : offsets[-1]]):
            owner = int(np.searchsorted(offsets, offsets[0] + match.start(), side="right"))
            if match.end() + offsets[0] > offsets[owner]:
                continue  # one text's end and the next one's beginning
            ident = self._ids_by_text[bytes(match[0]).decode()]
            counts[ident] = counts.get(ident, 0) + 1
            owners.add(owner)
        return ControlCounts(counts, len(owners))

"""Two engines as one: odd texts are encoded by the reference, all others by the fast engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mistudio_core.tokenization.engines.encoded import Encoded, Engine, ends_of
from mistudio_core.tokenization.engines.encoding import Encoding, encode_texts
from mistudio_core.tokenization.engines.odd_texts import Mask, OddTexts


@dataclass(frozen=True, slots=True)
class Routed:
    """Documents that went to the reference, and the bytes of their texts."""

    documents: int
    bytes: int


RoutedBy = Mapping[str, Routed]
"""What went to the reference, by reason."""
NOTHING_ROUTED: Final[RoutedBy] = MappingProxyType({})


class RoutedEngine:
    """An engine whose odd texts the reference encodes."""

    def __init__(self, fast: Engine, reference: Engine, odd: OddTexts) -> None:
        """Join two engines that encode with the same tokenizer; `odd` says what the first may get wrong."""
        self.name, self.version = fast.name, fast.version
        self.batch_bytes, self.piece_bytes = fast.batch_bytes, fast.piece_bytes
        self.tokenizer, self.fast, self.reference, self.odd = fast.tokenizer, fast, reference, odd

    def encode(self, texts: pa.LargeStringArray) -> Encoded:
        """Return the ids of texts without nulls."""
        odd = union(self.odd.find(texts), len(texts))
        if not odd.any():
            return self.fast.encode(texts)
        usual, rare = texts.filter(pa.array(~odd)), texts.filter(pa.array(odd))
        return _joined(odd, self.fast.encode(usual), self.reference.encode(rare))


def encode_documents(
    engine: Engine, texts: pa.LargeStringArray, max_piece_bytes: int | None = None
) -> tuple[Encoding, RoutedBy]:
    """Return what `encode_texts` does, and which documents went from a `RoutedEngine` to the reference.

    A document is cut by the engine that encodes it.
    """
    if not isinstance(engine, RoutedEngine):
        return encode_texts(engine, texts, max_piece_bytes), NOTHING_ROUTED
    found = engine.odd.find(texts)
    if not found:
        return encode_texts(engine.fast, texts, max_piece_bytes), NOTHING_ROUTED
    odd = union(found, len(texts))
    usual = encode_texts(engine.fast, texts.filter(pa.array(~odd)), max_piece_bytes)
    rare = encode_texts(engine.reference, texts.filter(pa.array(odd)), max_piece_bytes)
    oversized = np.zeros(len(texts), np.bool_)
    oversized[~odd], oversized[odd] = usual.oversized, rare.oversized
    sizes = pc.binary_length(texts).to_numpy()
    routed = {reason: Routed(int(mask.sum()), int(sizes[mask].sum())) for reason, mask in found.items()}
    return Encoding(_joined(odd, usual.encoded, rare.encoded), oversized), routed


def added(one: RoutedBy, other: RoutedBy) -> RoutedBy:
    """Return the sums."""
    if not one or not other:
        return one or other
    none = Routed(0, 0)
    pairs = {reason: (one.get(reason, none), other.get(reason, none)) for reason in [*one, *other]}
    return {reason: Routed(a.documents + b.documents, a.bytes + b.bytes) for reason, (a, b) in pairs.items()}


def union(found: Mapping[str, Mask], count: int) -> Mask:
    """Return which of `count` texts are odd for any reason."""
    odd = np.zeros(count, np.bool_)
    for mask in found.values():
        odd |= mask
    return odd


def _joined(odd: Mask, usual: Encoded, rare: Encoded) -> Encoded:
    """Put the ids of all texts in their order; `odd` tells which are in `rare`."""
    lengths = np.empty(len(odd), np.int64)
    lengths[~odd], lengths[odd] = usual.lengths, rare.lengths
    is_rare = np.repeat(odd, lengths)
    ids = np.empty(len(is_rare), np.uint32)
    ids[~is_rare], ids[is_rare] = usual.ids, rare.ids
    return Encoded(ids, ends_of(lengths))

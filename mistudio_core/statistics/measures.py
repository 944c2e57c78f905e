"""Characters, bytes, words and content hashes of a column of texts, without making Python strings.

A *character* is a Unicode code point. A *word* is a longest run of characters that are not white space, as
Python's `str.split()` cuts them. A *content hash* is xxh3-64 of the UTF-8 bytes (seed 0), which does not change
with the version of any library, so it may be stored and compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import xxhash

Bytes = npt.NDArray[np.uint8]
Counts = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint64]
Mask = npt.NDArray[np.bool_]

_BLOCK_BYTES: Final = 1 << 18  # comparisons run several times faster while a block stays in the second-level cache
_WIDE_SPACES: Final = ("\x85", "\xa0", "\u1680", *map(chr, range(0x2000, 0x200B)),
                       "\u2028", "\u2029", "\u202f", "\u205f", "\u3000")  # fmt: skip
WHITE_SPACE: Final = "".join((*map(chr, (*range(0x09, 0x0E), *range(0x1C, 0x21))), *_WIDE_SPACES))
"""Every character that parts words."""
_WIDEST_SPACE: Final = 3
"""Bytes."""
_FIRST_LEAD: Final = 0xC2
"""Of the bytes that begin a character of more than one."""


@dataclass(frozen=True, slots=True)
class Measures:
    """What was measured of n texts; a null counts 0 characters, bytes and words, and its hash is 0."""

    characters: Counts
    bytes: Counts
    words: Counts
    hashes: Hashes
    nulls: Mask

    def __len__(self) -> int:
        """Return n."""
        return len(self.nulls)


def measure(texts: pa.Array | pa.ChunkedArray) -> Measures:
    """Measure a (chunked) array of string or large_string; a slice is measured without copying it.

    Extra memory: about 100 bytes per text and a few MB, however long the texts. Cost: about 1 ns per byte of text.
    """
    if isinstance(texts, pa.ChunkedArray):
        return joined([measure(chunk) for chunk in texts.chunks])
    data, offsets = utf8(texts)
    nulls = np.asarray(pc.is_null(texts).to_numpy(zero_copy_only=False), dtype=np.bool_)
    lengths = np.diff(offsets)
    words = _words(data, offsets)
    hashes = _hashes(data, offsets)
    if nulls.any():
        lengths, words, hashes = (np.where(nulls, values.dtype.type(0), values) for values in (lengths, words, hashes))
    characters = pc.fill_null(pc.utf8_length(texts), 0).to_numpy(zero_copy_only=False).astype(np.int64, copy=False)
    return Measures(characters, lengths, words, hashes, nulls)


def characters_and_words(texts: pa.Array) -> tuple[Counts, Counts]:
    """Return the characters and the words of each text of an array of string or large_string without nulls."""
    characters = pc.utf8_length(texts).to_numpy(zero_copy_only=False).astype(np.int64, copy=False)
    return characters, _words(*utf8(texts))


def utf8(texts: pa.Array) -> tuple[Bytes, Counts]:
    """Return the UTF-8 bytes of an array of string or large_string, and n + 1 offsets into them.

    The bytes are a view on the array's own memory and start with its first text. The span of a null may hold bytes.
    """
    if pa.types.is_string(texts.type):
        width: np.dtype[np.int32 | np.int64] = np.dtype(np.int32)
    elif pa.types.is_large_string(texts.type):
        width = np.dtype(np.int64)
    else:
        raise TypeError(f"expected an array of texts, not of {texts.type}")
    if len(texts) == 0:
        return np.empty(0, np.uint8), np.zeros(1, np.int64)
    _, offset_buffer, data_buffer = texts.buffers()
    start = texts.offset
    offsets = np.frombuffer(offset_buffer, width, len(texts) + 1, start * width.itemsize).astype(np.int64)
    first, last = int(offsets[0]), int(offsets[-1])
    if first == last:
        return np.empty(0, np.uint8), np.zeros(len(texts) + 1, np.int64)
    return np.frombuffer(data_buffer, np.uint8, last - first, first), offsets - first


def joined(parts: Sequence[Measures]) -> Measures:
    """Return the measures of all parts, one after the other."""
    if not parts:
        none = np.empty(0, np.int64)
        return Measures(none, none, none, np.empty(0, np.uint64), np.empty(0, np.bool_))
    if len(parts) == 1:
        return parts[0]
    return Measures(
        np.concatenate([part.characters for part in parts]),
        np.concatenate([part.bytes for part in parts]),
        np.concatenate([part.words for part in parts]),
        np.concatenate([part.hashes for part in parts]),
        np.concatenate([part.nulls for part in parts]),
    )


def _hashes(data: Bytes, offsets: Counts) -> Hashes:
    view = memoryview(data)  # type: ignore[arg-type]
    digest = xxhash.xxh3_64_intdigest
    bounds = offsets.tolist()
    return np.fromiter((digest(view[first:last]) for first, last in pairwise(bounds)), np.uint64, len(bounds) - 1)


def _words(data: Bytes, offsets: Counts) -> Counts:
    """Count, for each text, the places where a character that is not white space follows one that is, or the start."""
    counts = np.zeros(len(offsets) - 1, np.int64)
    filled = np.flatnonzero(np.diff(offsets))
    firsts = offsets[filled]
    for start in range(0, len(data), _BLOCK_BYTES):
        end = min(start + _BLOCK_BYTES, len(data))
        space = _space_mask(data, start, end)
        begins = np.empty(end - start, np.bool_)
        begins[0] = False  # what continues a word of the block before, unless it begins a text
        np.greater(space[:-1], space[1:], out=begins[1:])
        if start:
            begins[0] = not space[0] and _space_mask(data, start - 1, start)[0]
        # The texts of this block; the first of them may have begun in a block before.
        mine = slice(int(np.searchsorted(firsts, start, "right")) - 1, int(np.searchsorted(firsts, end)))
        edges = firsts[mine] - start
        own = edges[edges >= 0]
        begins[own] = ~space[own]
        counts[filled[mine]] += np.add.reduceat(begins.view(np.uint8), np.maximum(edges, 0), dtype=np.int64)
    return counts


def _space_mask(data: Bytes, start: int, end: int) -> Mask:
    """Mark every byte of `[start, end)` that belongs to a white-space character."""
    first, last = max(0, start - _WIDEST_SPACE + 1), min(len(data), end + _WIDEST_SPACE - 1)
    block = data[first:last]
    mask = (block - np.uint8(0x09)) <= 0x0D - 0x09  # unsigned: what is below wraps to above
    mask |= (block - np.uint8(0x1C)) <= 0x20 - 0x1C
    if block.max() >= _FIRST_LEAD:
        _mark_wide_spaces(block, mask)
    return np.asarray(mask[start - first : end - first], np.bool_)


def _mark_wide_spaces(data: Bytes, mask: Mask) -> None:
    """Mark the white space that takes two or three bytes."""
    tails: dict[int, list[bytes]] = {}
    for character in _WIDE_SPACES:
        encoded = character.encode()
        tails.setdefault(encoded[0], []).append(encoded[1:])
    for lead, endings in tails.items():
        width = len(endings[0])
        places = np.flatnonzero(data[: len(data) - width] == lead)
        if not len(places):
            continue
        following = data[places + 1].astype(np.int64)
        if width == 2:
            following = following << 8 | data[places + 2]
        hits = places[np.isin(following, [int.from_bytes(ending, "big") for ending in endings])]
        for step in range(width + 1):
            mask[hits + step] = True

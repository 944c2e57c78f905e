"""Odd texts: those for which an engine is not shown to give the reference's ids, found in the bytes of many at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from mistudio_core.tokenization.engines.encoding import buffers

Mask = npt.NDArray[np.bool_]
_CODE_POINTS: Final = 0x110000
_STRINGS_AT_ONCE: Final = 100
"""Strings in one regular expression: the compiled form of many more is refused by RE2 as too large."""


@dataclass(frozen=True, slots=True)
class OddCodePoints:
    """Texts that hold any code point of these ranges, both ends included; `reason` says what differs."""

    reason: str
    ranges: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class OddStrings:
    """Texts that hold any of these strings; `reason` says what differs."""

    reason: str
    strings: tuple[str, ...]


OddKind = OddCodePoints | OddStrings


class OddTexts:
    """Tells which texts are odd, without making Python objects of them. May be shared by threads."""

    def __init__(self, kinds: Sequence[OddKind]) -> None:
        """Prepare the tables; no kinds mean that no text is odd."""
        self._tests = [(kind.reason, _test(kind)) for kind in kinds]

    @property
    def reasons(self) -> list[str]:
        """Why texts may be odd."""
        return [reason for reason, _ in self._tests]

    def find(self, texts: pa.LargeStringArray) -> Mapping[str, Mask]:
        """Return for each reason that applies which texts (bool, n) are odd for it and for no earlier one."""
        found: dict[str, Mask] = {}
        known = np.zeros(len(texts), np.bool_)
        for reason, test in self._tests:
            new = test.odd(texts) & ~known
            if new.any():
                found[reason] = new
                known |= new
        return found


class _CodePoints:
    """Looks at lead bytes first, then at the byte after them, and decodes only what may be odd."""

    def __init__(self, kind: OddCodePoints) -> None:
        self._odd = np.zeros(_CODE_POINTS, np.bool_)
        for first, last in kind.ranges:
            self._odd[first : last + 1] = True
        self._odd[0xD800:0xE000] = False  # surrogates, which UTF-8 cannot hold
        points = np.flatnonzero(self._odd)
        encoded = _encoded_points(points)
        self._least = int(encoded[:, 0].min()) if len(points) else 256
        self._pairs = np.zeros((256, 64), np.bool_)
        self._pairs[encoded[:, 0], encoded[:, 1] & 63] = True
        self._pairs[points[points < 0x80]] = True

    def odd(self, texts: pa.LargeStringArray) -> Mask:
        odd = np.zeros(len(texts), np.bool_)
        buffer, offsets = buffers(texts)
        if buffer is None or offsets[0] == offsets[-1]:
            return odd
        data = np.frombuffer(buffer, np.uint8, int(offsets[-1] - offsets[0]), int(offsets[0]))
        if data.max() < self._least:
            return odd
        places = np.flatnonzero(data >= max(self._least, 0xC2) if self._least >= 0x80 else (data & 0xC0) != 0x80)
        last = len(data) - 1
        places = places[self._pairs[data[places], data[np.minimum(places + 1, last)] & 63]]
        if not len(places):
            return odd
        tail = [data[np.minimum(places + step, last)].astype(np.uint32) & 63 for step in (1, 2, 3)]
        places = places[self._odd[decoded_points(data[places].astype(np.uint32), tail)]]
        odd[np.searchsorted(offsets, places + offsets[0], side="right") - 1] = True
        return odd


class _Strings:
    """Arrow's own search: plain for a few strings, one regular expression for a hundred."""

    def __init__(self, kind: OddStrings) -> None:
        strings = kind.strings
        self._plain = strings if len(strings) <= 4 else ()
        rest = strings[len(self._plain) :]
        groups = [rest[first : first + _STRINGS_AT_ONCE] for first in range(0, len(rest), _STRINGS_AT_ONCE)]
        self._patterns = ["|".join(map(_escaped, group)) for group in groups]

    def odd(self, texts: pa.LargeStringArray) -> Mask:
        odd = np.zeros(len(texts), np.bool_)
        for string in self._plain:
            odd |= _as_mask(pc.match_substring(texts, string))
        for pattern in self._patterns:
            odd |= _as_mask(pc.match_substring_regex(texts, pattern))
        return odd


def _test(kind: OddKind) -> _CodePoints | _Strings:
    return _CodePoints(kind) if isinstance(kind, OddCodePoints) else _Strings(kind)


def _as_mask(found: pa.BooleanArray) -> Mask:
    return np.asarray(found.to_numpy(zero_copy_only=False), np.bool_)


def _escaped(string: str) -> str:
    return "".join(char if char.isascii() and char.isalnum() else f"\\x{{{ord(char):X}}}" for char in string)


def _encoded_points(points: npt.NDArray[np.int64]) -> npt.NDArray[np.uint8]:
    """Return the first two bytes (uint8, n x 2) of code points in UTF-8; the second is 0 for ASCII."""
    size = np.searchsorted([0x80, 0x800, 0x10000], points, side="right")
    lead = points >> (6 * size) | np.array([0, 0xC0, 0xE0, 0xF0])[size]
    second = np.where(size > 0, points >> np.maximum(6 * (size - 1), 0) & 63 | 0x80, 0)
    return np.stack([lead, second], axis=1).astype(np.uint8)


def decoded_points(lead: npt.NDArray[np.uint32], tail: list[npt.NDArray[np.uint32]]) -> npt.NDArray[np.uint32]:
    """Return the code points that begin with these bytes; of `tail`, as many bytes count as the lead byte says."""
    two = (lead & 0x1F) << 6 | tail[0]
    three = (lead & 0x0F) << 12 | tail[0] << 6 | tail[1]
    four = (lead & 0x07) << 18 | tail[0] << 12 | tail[1] << 6 | tail[2]
    wide = np.where(lead < 0xE0, two, np.where(lead < 0xF0, three, np.minimum(four, _CODE_POINTS - 1)))
    return np.asarray(np.where(lead < 0x80, lead, wide), np.uint32)

"""Where the engines' versions of Unicode differ, found by trying all code points on both.

`tokenizers` 0.23 composes and orders characters by Unicode 9, `gigatoken` 0.10 by Unicode 17. What no version
changes once it is assigned (combining classes, compositions) differs only for characters that came later.
`benchmarks/engine_features.py` makes this table.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import Final

Ranges = tuple[tuple[int, int], ...]
"""Code points from the first to the last of each pair."""

NFC_RANGES: Final[Ranges] = (
    (0x7FD, 0x7FD), (0x897, 0x89F), (0x8CA, 0x8D3), (0x9FE, 0x9FE), (0xC3C, 0xC3C), (0xD3B, 0xD3C), (0xEBA, 0xEBA),
    (0x1715, 0x1715), (0x1ABF, 0x1ADD), (0x1AE0, 0x1AEB), (0x1DF6, 0x1DFA), (0xA82C, 0xA82C), (0x105C0, 0x105FF),
    (0x10D24, 0x10D27), (0x10D69, 0x10D6D), (0x10EAB, 0x10EAC), (0x10EFA, 0x10EFB), (0x10EFD, 0x10EFF),
    (0x10F46, 0x10F50), (0x10F82, 0x10F85), (0x11070, 0x11070), (0x1133B, 0x1133B), (0x11380, 0x113FF),
    (0x1145E, 0x1145E), (0x11839, 0x1183A), (0x11930, 0x1195F), (0x119E0, 0x119E0), (0x11A34, 0x11A34),
    (0x11A47, 0x11A47), (0x11A99, 0x11A99), (0x11D42, 0x11D42), (0x11D44, 0x11D45), (0x11D97, 0x11D97),
    (0x11F41, 0x11F42), (0x16100, 0x1613F), (0x16D40, 0x16D7F), (0x16FF0, 0x16FF1), (0x1E08F, 0x1E08F),
    (0x1E130, 0x1E136), (0x1E2AE, 0x1E2AE), (0x1E2EC, 0x1E2EF), (0x1E4EC, 0x1E4EF), (0x1E5EE, 0x1E5EF),
    (0x1E6E3, 0x1E6E3), (0x1E6E6, 0x1E6E6), (0x1E6EE, 0x1E6EF), (0x1E6F5, 0x1E6F5),
)  # fmt: skip
"""Marks that only the fast engine puts in order, and the blocks in which it alone composes."""

_HANGUL_LATER_PARTS: Final = ((0x1161, 0x1175), (0x11A8, 0x11C2))


@cache
def normalizable() -> Ranges:
    """Return every character that NFC may change, move or compose; a text without any is in NFC already."""
    points = {point for first, last in (*NFC_RANGES, *_HANGUL_LATER_PARTS) for point in range(first, last + 1)}
    for point in range(0x80, 0x110000):
        char = chr(point)
        if 0xD800 <= point < 0xE000 or not (unicodedata.combining(char) or unicodedata.decomposition(char)):
            continue
        if unicodedata.combining(char) or unicodedata.normalize("NFC", char) != char:
            points.add(point)
        parts = unicodedata.decomposition(char).split()
        if len(parts) == 2 and not parts[0].startswith("<"):
            points.add(int(parts[1], 16))
    return ranges_of(points)


def ranges_of(points: set[int]) -> Ranges:
    """Return code points as ranges, rising."""
    found: list[list[int]] = []
    for point in sorted(points):
        if found and found[-1][1] == point - 1:
            found[-1][1] = point
        else:
            found.append([point, point])
    return tuple((first, last) for first, last in found)


def holds(text: str, ranges: Ranges) -> bool:
    """Tell whether a text holds a character of these ranges."""
    return any(first <= ord(char) <= last for char in text for first, last in ranges)

"""Where the engines' versions of Unicode differ, found by trying all code points on both.

`tokenizers` 0.23 composes and orders characters by Unicode 9 and cuts words by Unicode 16, `gigatoken` 0.10 does both
by Unicode 17. What no version changes once it is assigned (combining classes, compositions) differs only for characters
that came later. `benchmarks/engine_features.py` makes these tables.
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

WORD_RANGES: Final[Ranges] = (
    (0x88F, 0x88F), (0xC5C, 0xC5C), (0xCDC, 0xCDC), (0x1ACF, 0x1ADD), (0x1AE0, 0x1AEB), (0x20C1, 0x20C1),
    (0x2B96, 0x2B96), (0xA7CE, 0xA7CF), (0xA7D2, 0xA7D2), (0xA7D4, 0xA7D4), (0xA7F1, 0xA7F1), (0xFBC3, 0xFBD2),
    (0xFD90, 0xFD91), (0xFDC8, 0xFDCE), (0x10940, 0x10959), (0x10EC5, 0x10EC7), (0x10ED0, 0x10ED8),
    (0x10EFA, 0x10EFB), (0x11B60, 0x11B67), (0x11DB0, 0x11DDB), (0x11DE0, 0x11DE9), (0x16EA0, 0x16EB8),
    (0x16EBB, 0x16ED3), (0x16FF2, 0x16FF6), (0x187F8, 0x187FF), (0x18D09, 0x18D1E), (0x18D80, 0x18DF2),
    (0x1CCFA, 0x1CCFC), (0x1CEBA, 0x1CED0), (0x1CEE0, 0x1CEF0), (0x1E6C0, 0x1E6DE), (0x1E6E0, 0x1E6F5),
    (0x1E6FE, 0x1E6FF), (0x1F6D8, 0x1F6D8), (0x1F777, 0x1F77A), (0x1F8D0, 0x1F8D8), (0x1FA54, 0x1FA57),
    (0x1FA8A, 0x1FA8A), (0x1FA8E, 0x1FA8E), (0x1FAC8, 0x1FAC8), (0x1FACD, 0x1FACD), (0x1FAEA, 0x1FAEA),
    (0x1FAEF, 0x1FAEF), (0x1FBFA, 0x1FBFA), (0x2B73A, 0x2B73F), (0x2CEA2, 0x2CEAD), (0x323B0, 0x33479),
)  # fmt: skip
"""Letters, marks, numbers, punctuation and symbols that only the fast engine knows as such: for any of the word rules.

Rules that ask for letters and numbers alone differ for fewer of these; all are rare, so one table serves all rules.
"""

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

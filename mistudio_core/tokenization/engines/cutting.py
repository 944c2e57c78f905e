"""Cutting long texts where it changes no id, so that memory follows the piece and not the text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from mistudio_core.tokenization.engines.seams import BESIDE, LONGEST_BAN

PIECE_BYTES: Final = 256 << 10
"""Texts up to this size are never cut; longer ones are, into pieces of about this size."""
_LOOKS: Final = (4 << 10, 32 << 10, 128 << 10)
"""Bytes at the end of a piece that are searched for a seam, one after the other: mostly the first holds one."""
_AROUND: Final = 4 * LONGEST_BAN + 16
"""Bytes on each side of a place that decide whether it is a seam."""


def cut_places(data: bytes, seams: re.Pattern[str] | None) -> list[int]:
    """Return the byte places, rising, at which a text may be cut; none where `seams` is None or matches nowhere.

    `data` is UTF-8. A function of the text and the tokenizer alone.
    """
    places: list[int] = []
    start = 0
    while seams is not None and len(data) - start > PIECE_BYTES:
        place = _next_place(data, start, seams)
        if place is None:
            break
        places.append(place)
        start = place
    return places


def _next_place(data: bytes, start: int, seams: re.Pattern[str]) -> int | None:
    """Return the last seam of the next piece, or the first one beyond it."""
    end = start + PIECE_BYTES
    for size in _LOOKS:
        inside = list(_seams_between(data, max(end - min(size, PIECE_BYTES // 2), start + 1), end, seams))
        if inside:
            return inside[-1]
    for first in range(end, len(data), _LOOKS[-1]):
        beyond = next(_seams_between(data, first, first + _LOOKS[-1], seams), None)
        if beyond is not None:
            return beyond
    return None


def _seams_between(data: bytes, first: int, last: int, seams: re.Pattern[str]) -> Iterator[int]:
    """Yield the seams in `[first, last)`."""
    begin = _character(data, max(0, first - _AROUND))
    text = data[begin : _character(data, min(len(data), last + _AROUND))].decode()
    lead = len(data[begin : _character(data, first)].decode())
    place, at = begin, 0
    for found in _matches(text, lead, seams):
        place += len(text[at:found].encode())
        at = found
        if place >= min(last, len(data)):
            return
        if place > 0:
            yield place


def _matches(text: str, lead: int, seams: re.Pattern[str]) -> Iterator[int]:
    for match in BESIDE.finditer(text, max(0, lead - 1)):
        for place in match.span():
            if place >= lead and seams.match(text, place):
                yield place


def _character(data: bytes, place: int) -> int:
    """Return the place itself, or that of the next character where it is inside one."""
    while place < len(data) and data[place] & 0xC0 == 0x80:
        place += 1
    return place

"""Cutting long texts at places where it changes no id, so that memory follows the piece and not the text."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

PIECE_BYTES: Final = 256 << 10
"""Texts up to this size are never cut; longer ones are, into pieces of about this size."""
_WINDOW_BYTES: Final = 256
"""Text on each side of a place that is encoded to prove it."""
_PROBES: Final = 50
"""Most places at which a rule is tried on one text before it is trusted there."""
_PROBE_EVERY: Final = 32 << 10
_TRIES: Final = 8
_RULES: Final = (
    re.compile(rb"(?<=[A-Za-z])(?= [A-Za-z])"),  # before a space between two ASCII letters
    re.compile(rb"(?<=[^\s]\n)(?=[^\s])"),  # after a single line feed
    re.compile(rb"(?<=\xe3\x80\x82)(?=[\xe3-\xe9])"),  # after an ideographic full stop
)

Proof = Callable[[Sequence[tuple[bytes, bytes]]], Sequence[bool]]
"""Tells for pairs of texts a, b whether encode(a + b) = encode(a) + encode(b)."""


def cut_places(data: bytes, prove: Proof) -> list[int]:
    """Return the byte places, rising, at which a text may be cut; none where nothing is proven safe.

    `data` is UTF-8. A function of the text and the tokenizer alone.
    """
    places: list[int] = []
    start = 0
    rules = [rule for rule in _RULES if _holds(rule, data, prove)] if len(data) > PIECE_BYTES else []
    while rules and len(data) - start > PIECE_BYTES:
        place = _next_place(data, start, rules, prove)
        if place is None:
            break
        places.append(place)
        start = place
    return places


def _holds(rule: re.Pattern[bytes], data: bytes, prove: Proof) -> bool:
    """Tell whether a rule holds at places all over the text, and has any."""
    count = min(_PROBES, max(2, len(data) // _PROBE_EVERY))
    found = (rule.search(data, at) for at in np.linspace(1, len(data) - 1, count, endpoint=False).astype(int).tolist())
    tried = sorted({match.start() for match in found if match and 0 < match.start() < len(data)})
    return bool(tried) and all(prove([_window(data, place) for place in tried]))


def _next_place(data: bytes, start: int, rules: Sequence[re.Pattern[bytes]], prove: Proof) -> int | None:
    """Return the last proven place of the next piece, or the first one beyond it."""
    middle, end = start + PIECE_BYTES // 2, start + PIECE_BYTES
    for rule in rules:
        inside = [match.start() for match in rule.finditer(data, middle, end)][-_TRIES:]
        beyond = [] if inside else [match.start() for match in [rule.search(data, end)] if match]
        for place in [*reversed(inside), *beyond]:
            if place < len(data) and prove([_window(data, place)])[0]:
                return place
    return None


def _window(data: bytes, place: int) -> tuple[bytes, bytes]:
    """Return the text just before and just after a place, both whole characters."""
    first, last = max(0, place - _WINDOW_BYTES), min(len(data), place + _WINDOW_BYTES)
    while first < place and data[first] & 0xC0 == 0x80:
        first += 1
    while last < len(data) and data[last] & 0xC0 == 0x80:
        last += 1
    return data[first:place], data[place:last]

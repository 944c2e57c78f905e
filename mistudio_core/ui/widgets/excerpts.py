"""What part of a text is shown, and in which pieces: plain and marked ones by turns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

FOLDED_CHARS: Final = 700
_SLACK: Final = 200  # a text that is only a little longer is shown completely
_BEFORE_MATCH: Final = 200  # of a folded text whose first match lies deep inside it

Spans = Sequence[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Excerpt:
    """The characters `[start, end)` of a text; `pieces` are plain and marked by turns, the first one plain."""

    start: int
    end: int
    pieces: tuple[str, ...]


def folded(text: str, matches: Spans, *, chars: int = FOLDED_CHARS) -> Excerpt:
    """Return the beginning of a text, or where the first match is, of about so many characters; a short text whole."""
    if len(text) <= chars + _SLACK:
        return cut(text, matches, 0, len(text))
    first = matches[0][0] if matches else 0
    start = 0 if first < chars - _BEFORE_MATCH else first - _BEFORE_MATCH
    start = max(0, min(start, len(text) - chars))
    return cut(text, matches, start, start + chars)


def cut(text: str, matches: Spans, start: int, end: int) -> Excerpt:
    """Return the characters `[start, end)`; a match that reaches over an end is marked up to there."""
    end = min(end, len(text))
    pieces: list[str] = []
    at = start
    for match in matches:
        first, last = max(match[0], at), min(match[1], end)
        if first < last:
            pieces += [text[at:first], text[first:last]]
            at = last
    return Excerpt(start, end, (*pieces, text[at:end]))

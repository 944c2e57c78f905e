"""The words that stand before and after a place in a text, as the index of words has them."""

from __future__ import annotations

from typing import Final

from mistudio_core.store.samples.word_rules import words_of

DEPTH: Final = 5
"""How many words on either side of a hit are compared when hits are sorted."""
_REACH: Final = 200
"""Characters in which these words are looked for; a longer word is none."""


def words_after(text: str, place: int) -> list[str]:
    """Return up to `DEPTH` words that begin at a place or after it, from there on."""
    window = text[place : place + _REACH]
    words = words_of(window)
    if len(text) > place + _REACH and _is_cut(window[-1], text[place + _REACH]):
        words = words[:-1]
    return words[:DEPTH]


def words_before(text: str, place: int) -> list[str]:
    """Return up to `DEPTH` words that end at a place or before it, going backwards."""
    start = max(0, place - _REACH)
    words = words_of(text[start:place])
    if start and place > start and _is_cut(text[start - 1], text[start]):
        words = words[1:]
    return words[: -DEPTH - 1 : -1]


def _is_cut(one: str, other: str) -> bool:
    return one.isalnum() and other.isalnum()

"""One text cut by several tokenizers: the pieces of it that they cut alike, and those that they do not."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from mistudio_core.records import Record
from mistudio_core.tokenization.previews.answers import PreviewToken

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Piece(Record):
    """The characters [start, end) between two places where every tokenizer cuts.

    `tokens` is, for each tokenizer, the range [first, last) of its tokens there; `differs` tells that these do not
    hold the same characters each.
    """

    start: int
    end: int
    tokens: tuple[Span, ...]
    differs: bool


@dataclass(frozen=True, slots=True)
class TextCuts(Record):
    """A text in the tokens of each tokenizer, and in pieces that all of them have in common."""

    text: str
    tokenizers: tuple[str, ...]
    tokens: tuple[tuple[PreviewToken, ...], ...]
    pieces: tuple[Piece, ...]


def pieces_of(text: str, cuts: Sequence[Sequence[PreviewToken]]) -> tuple[Piece, ...]:
    """Return the pieces of a text that hold tokens, in order; every token is in one of them.

    White space at the ends of a token is not counted as its own: whether a space goes to a word or is dropped is no
    difference, a token of nothing but white space is one.
    """
    spans = [_spans(text, tokens) for tokens in cuts]
    inside = {place for own in spans for start, end in own for place in range(start + 1, end)}
    places = [place for place in range(len(text) + 1) if place not in inside]
    owners = [[bisect_right(places, start) - 1 for start, _ in own] for own in spans]
    firsts = [dict(_runs(own)) for own in owners]
    pieces = []
    for number in sorted({number for own in owners for number in own}):
        ranges = tuple(own.get(number, (0, 0)) for own in firsts)
        held = [own[first:last] for own, (first, last) in zip(spans, ranges, strict=True)]
        end = places[min(number + 1, len(places) - 1)]
        pieces.append(Piece(places[number], end, ranges, any(one != other for one, other in pairwise(held))))
    return tuple(pieces)


def _spans(text: str, tokens: Sequence[PreviewToken]) -> list[Span]:
    """Return where the characters of each token are, without white space at their ends, in rising order."""
    spans: list[Span] = []
    for token in tokens:
        start, end = token.start, token.end
        if text[start:end].strip():
            while text[start].isspace():
                start += 1
            while text[end - 1].isspace():
                end -= 1
        least = spans[-1][0] if spans else 0
        spans.append((max(start, least), max(end, least)))
    return spans


def _runs(owners: Sequence[int]) -> list[tuple[int, Span]]:
    """Return each piece that has tokens, with the range of them."""
    starts = [at for at, owner in enumerate(owners) if at == 0 or owners[at - 1] != owner]
    return [(owners[first], (first, last)) for first, last in pairwise([*starts, len(owners)])]

"""Hits of a token search in the order of what stands before or after them: a concordance."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from mistudio_core.errors import invalid
from mistudio_core.store.sequences.reader import Places, TokenSequences
from mistudio_core.store.sequences.search import Order

SORTS: Final = ("position", "before", "after")
DEPTH: Final = 5
"""Tokens next to a hit that are compared; hits that are equal in all of them keep the order of the sequences."""
Shown = Callable[[Sequence[int]], list[str]]


def order_by(sort: str, shown: Shown) -> Order | None:
    """Return the order of a sort, None for that of the sequences; `shown` gives the texts of ids.

    Hits are compared token by token, going away from them: the end of the sequence first, then by text, without regard
    to case unless that is all the difference, then by id. Raises `invalid_request` for no sort.
    """
    if sort not in SORTS:
        raise invalid(f"sort: {sort!r:.80} is not an order of hits.", f"Use one of: {', '.join(SORTS)}.")
    if sort == "position":
        return None

    def order(sequences: TokenSequences, numbers: Places, starts: Places, length: int) -> Places:
        beside = _beside(sequences, numbers, starts - 1 if sort == "before" else starts + length, sort == "before")
        return np.lexsort(_ranks(beside, shown).T[::-1])

    return order


def _beside(sequences: TokenSequences, numbers: Places, places: Places, backwards: bool) -> Places:
    """Return the ids from some places on, `(hits, DEPTH)`; -1 where the sequence has none."""
    beside = np.full((len(numbers), DEPTH), -1, np.int64)
    blocks = np.searchsorted(sequences.firsts, numbers, side="right") - 1
    for block in np.unique(blocks).tolist():
        mine = np.flatnonzero(blocks == block)
        owners = numbers[mine] - sequences.firsts[block]
        begins, stops = (spans[owners] for spans in sequences.token_spans(block))
        for step in range(DEPTH):
            at = places[mine] + (-step if backwards else step)
            there = (at >= begins) & (at < stops)
            ids = sequences.ids[block][sequences.ends[block][owners[there]] + at[there]]
            beside[mine[there], step] = ids
    return beside


def _ranks(beside: Places, shown: Shown) -> Places:
    """Return the places of ids in the order of their texts; that of -1 comes first."""
    ids, inverse = np.unique(beside, return_inverse=True)
    texts = dict(zip(named := ids[ids >= 0].tolist(), shown(named), strict=True))
    ordered = sorted(named, key=lambda ident: (texts[ident].casefold(), texts[ident], ident))
    rank = {ident: place for place, ident in enumerate([-1, *ordered])}
    return np.array([rank[ident] for ident in ids.tolist()], np.int64)[inverse].reshape(beside.shape)

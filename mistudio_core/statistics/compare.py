"""Tokenizations side by side: how they cut texts, and how much of their vocabularies they share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, Final

import numpy as np

from mistudio_core.errors import invalid
from mistudio_core.statistics.frequencies import Frequencies
from mistudio_core.statistics.token_results import VERSION

FEWEST: Final = 2
MOST: Final = 4


@dataclass(frozen=True, slots=True)
class Compared:
    """One tokenization: a name to show, its result, its frequencies and the string of every id, if they are known."""

    name: str
    result: Mapping[str, Any]
    size_bytes: int
    frequencies: Frequencies | None = None
    strings: Sequence[str] | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """Where two tokenizations of one document part: the document's number, and how many tokens they agree in before."""

    document: int
    tokens: int


def compare(items: Sequence[Compared]) -> dict[str, Any]:
    """Return two to four tokenizations side by side as JSON values (docs/statistics.md).

    Raises `invalid_request` for fewer or more, or when two have one name.
    """
    if not FEWEST <= len(items) <= MOST:
        raise invalid(f"{len(items)} tokenizations cannot be compared.", f"Choose {FEWEST} to {MOST} of them.")
    if len({item.name for item in items}) < len(items):
        raise invalid("Two of the tokenizations to compare have the same name.", "Choose each of them once.")
    return {
        "version": VERSION,
        "kind": "comparison",
        "tokenizations": [_facts(item) for item in items],
        "fertility_by_split": [sequence for item in items for sequence in _by_split(item)],
        "fertility_by_length": [sequence for item in items for sequence in _by_length(item)],
        "lengths": [sequence for item in items for sequence in _lengths(item)],
        "overlap": [overlap(one, other) for place, one in enumerate(items) for other in items[place + 1 :]],
    }


def overlap(one: Compared, other: Compared) -> dict[str, Any]:
    """Return how many distinct token strings both use, and the share of each one's tokens that those make up.

    None where the strings are not known. Ids that share a string count as one.
    """
    mine, theirs = _used(one), _used(other)
    sequence: dict[str, Any] = {"one": one.name, "other": other.name}
    if mine is None or theirs is None:
        return sequence | {"shared": None, "union": None, "jaccard": None, "share_of_one": None, "share_of_other": None}
    shared, union = mine.keys() & theirs.keys(), mine.keys() | theirs.keys()
    return sequence | {
        "shared": len(shared),
        "union": len(union),
        "jaccard": len(shared) / len(union) if union else None,
        "share_of_one": _share(mine, shared),
        "share_of_other": _share(theirs, shared),
    }


def first_difference(one: Iterable[list[Any]], other: Iterable[list[Any]]) -> Difference | None:
    """Return where two tokenizations of the same documents first differ; None where they never do.

    Each document is a list of tokens: ids where both have one vocabulary, else strings. A document that only one of
    them has is where they part.
    """
    for document, (mine, theirs) in enumerate(zip_longest(one, other)):
        if mine is None or theirs is None:
            return Difference(document, 0)
        common = _common(mine, theirs)
        if common < max(len(mine), len(theirs)):
            return Difference(document, common)
    return None


def _common(mine: list[Any], theirs: list[Any]) -> int:
    shorter = min(len(mine), len(theirs))
    if mine[:shorter] == theirs[:shorter]:  # many times as fast as one by one
        return shorter
    pairs = enumerate(zip(mine, theirs, strict=False))
    return next((place for place, (one, other) in pairs if one != other), shorter)


def _facts(item: Compared) -> dict[str, Any]:
    result = item.result
    keys = ("documents", "tokens", "sequences", "context_length", "utilisation", "vocabulary", "fertility", "lost")
    return {"name": item.name, "size_bytes": item.size_bytes} | {key: result[key] for key in keys}


def _by_split(item: Compared) -> list[dict[str, Any]]:
    return [
        {"name": item.name, "split": split, "documents": totals["documents"]} | totals["fertility"]
        for split, totals in item.result["splits"].items()
    ]


def _by_length(item: Compared) -> list[dict[str, Any]]:
    return [
        {
            "name": item.name,
            "first": sequence["first"],
            "last": sequence["last"],
            "documents": sequence["documents"],
            "tokens_per_byte": sequence["tokens"] / sequence["bytes"] if sequence["bytes"] else None,
        }
        for sequence in item.result["by_length"]
    ]


def _lengths(item: Compared) -> list[dict[str, Any]]:
    lengths = item.result["document_tokens"]
    return [
        {"name": item.name} | sequence | {"share": sequence["count"] / lengths["count"]} for sequence in lengths["log"]
    ]


def _used(item: Compared) -> dict[str, int] | None:
    if item.frequencies is None or item.strings is None:
        return None
    used: dict[str, int] = {}
    for token_id in np.flatnonzero(item.frequencies).tolist():
        string = item.strings[token_id]
        used[string] = used.get(string, 0) + int(item.frequencies[token_id])
    return used


def _share(used: Mapping[str, int], shared: Iterable[str]) -> float | None:
    total = sum(used.values())
    return sum(used[string] for string in shared) / total if total else None

"""Matching parts of a `tokenizer.json` against tables of what is known; whatever is not known is an error by name."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

Shape = Mapping[str, Collection[Any] | None]
"""For each key that must be there the values it may have; None stands for any value."""


class FeatureError(Exception):
    """A feature of a tokenizer for which an engine is not shown to give the reference's ids; the text names it."""


def fits(value: Mapping[str, Any], shape: Shape) -> bool:
    """Tell whether an object has exactly the keys of a shape, with values it allows (False and 0 are not the same)."""
    return value.keys() == shape.keys() and all(
        allowed is None or any(value[key] == one and type(value[key]) is type(one) for one in allowed)
        for key, allowed in shape.items()
    )


def named(value: Mapping[str, Any], known: Collection[str], what: str) -> None:
    """Raise `FeatureError` for the first key of an object that is not known."""
    for key in value:
        if key not in known:
            raise FeatureError(f"{key!r:.80} of {what} is not verified for the fast engine")


def steps(part: Mapping[str, Any] | None, key: str) -> list[Mapping[str, Any]]:
    """Return the steps of a normalizer or pre-tokenizer in their order, sequences within sequences taken apart."""
    if part is None:
        return []
    if part.get("type") != "Sequence":
        return [part]
    named(part, {"type", key}, "a sequence")
    return [step for inner in part[key] for step in steps(inner, key)]

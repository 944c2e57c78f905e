"""Added tokens: for which texts the fast engine finds others than the reference does, from their texts and flags."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from typing import Any, Final

from mistudio_core.tokenization.engines.feature_shapes import FeatureError, Shape, fits
from mistudio_core.tokenization.engines.odd_texts import OddCodePoints, OddKind, OddStrings
from mistudio_core.tokenization.engines.unicode_gap import holds, normalizable

_BOOL: Final = (False, True)
_SHAPE: Final[Shape] = {
    "id": None, "content": None, "single_word": _BOOL, "lstrip": _BOOL, "rstrip": _BOOL, "normalized": _BOOL,
    "special": _BOOL,
}  # fmt: skip
_MOST_PAIRS: Final = 2_000_000
"""Pairs of added tokens that are compared; of more tokens all count as overlapping."""
_MOST_STRINGS: Final = 2_000
"""Strings that are looked for in each text; a tokenizer that needs more is refused, for it would be slow."""

Token = Mapping[str, Any]


def byte_level_added(added: Sequence[Token], *, nfc: bool, control_as_text: bool) -> list[OddKind]:
    """Return the texts in which a byte-level tokenizer's added tokens need the reference.

    The fast engine looks for all of them at once in the text as it stands, and does not know `single_word`.
    """
    kinds, kept = _common(added, control_as_text=control_as_text)
    raw = [token for token in kept if not token["normalized"]]
    late = [token for token in kept if token["normalized"]]
    kinds += _strings("added tokens that are looked for after normalizing and overlap others", _overlapping(late, raw))
    if nfc and (late or any(not token["content"].isascii() for token in kept)):
        if any(holds(token["content"], normalizable()) for token in kept):
            raise FeatureError("added tokens that normalizing may change are not verified for the fast engine")
        kinds.append(OddCodePoints("added tokens in texts that normalizing may change", normalizable()))
    return kinds


def sentencepiece_added(added: Sequence[Token], *, normalizes: bool, control_as_text: bool) -> list[OddKind]:
    """Return the texts in which the added tokens of a tokenizer with byte fallback need the reference."""
    kinds, kept = _common(added, control_as_text=control_as_text)
    late = [token["content"] for token in kept if token["normalized"]] if normalizes else []
    if any(" " in content or "▁" in content for content in late):
        raise FeatureError(
            "added tokens with spaces that are looked for after normalizing are not verified for the fast engine"
        )
    return kinds + _strings("added tokens that are looked for after normalizing", late)


def any_added(added: Sequence[Token], *, normalizes: bool) -> list[OddKind]:
    """Return texts that hold any added token, also where control tokens are plain text, for an engine that knows none.

    Raises `FeatureError` where they are not found in the text as it stands, or are too many to be looked for.
    """
    if normalizes and any(token["normalized"] for token in added):
        raise FeatureError("added tokens that are looked for after normalizing are not verified for the fast engine")
    return _strings("added tokens", (token["content"] for token in added if token["content"]))


def _common(added: Sequence[Token], *, control_as_text: bool) -> tuple[list[OddKind], list[Token]]:
    """Return what holds for both kinds of tokenizer, and the tokens that are no plain text."""
    for token in added:
        if not fits(token, _SHAPE) or not token["content"]:
            raise FeatureError(
                f"the added token {str(token.get('content'))!r:.80} has flags that are not verified for the fast engine"
            )
    kept = [token for token in added if not (token["special"] and control_as_text)]
    plain = [token for token in added if token["special"] and control_as_text]
    kinds = _strings("added tokens that count only as whole words", (t["content"] for t in kept if t["single_word"]))
    # The reference finds a control token first, and then lets it be text: what overlaps it is not found.
    kinds += _strings("control tokens as text that overlap other added tokens", _overlapping(plain, kept))
    stripping = [token for token in kept if token["lstrip"] or token["rstrip"]]
    if stripping and any(token["content"] != token["content"].strip() for token in kept):
        kinds += _strings(
            "added tokens that take spaces beside others that hold some", (t["content"] for t in stripping)
        )
    return kinds, kept


def _strings(reason: str, strings: Iterable[str]) -> list[OddKind]:
    found = tuple(sorted(set(strings)))
    if len(found) > _MOST_STRINGS:
        raise FeatureError(f"{len(found):,} {reason} are too many for the fast engine")
    return [OddStrings(reason, found)] if found else []


def _overlapping(tokens: Sequence[Token], others: Sequence[Token]) -> list[str]:
    """Return the texts of tokens that can share a place of a text with one of the others."""
    if len(tokens) * len(others) > _MOST_PAIRS:
        return [token["content"] for token in tokens]
    found = {one["content"] for one, other in product(tokens, others) if _overlap(one["content"], other["content"])}
    return sorted(found)


def _overlap(one: str, other: str) -> bool:
    if one in other or other in one:
        return True
    sizes = range(1, min(len(one), len(other)))
    return any(one[-size:] == other[:size] or other[-size:] == one[:size] for size in sizes)

"""BPE models: whether the fast engine reads a vocabulary and its merges as the reference does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

from mistudio_core.tokenization.engines.feature_shapes import FeatureError, named
from mistudio_core.tokenization.engines.odd_texts import OddKind, OddStrings

_KEYS: Final = frozenset(
    {"type", "dropout", "unk_token", "continuing_subword_prefix", "end_of_word_suffix", "fuse_unk", "byte_fallback"}
    | {"ignore_merges", "vocab", "merges"}
)
_NEVER_IN_UTF8: Final = frozenset({0xC0, 0xC1, *range(0xF5, 0x100)})


def byte_level_model(
    model: Mapping[str, Any], added: Sequence[Mapping[str, Any]], *, control_as_text: bool
) -> list[OddKind]:
    """Return the texts for which a byte-level model needs the reference; raise `FeatureError` where that is not known.

    Every byte is a token, so that what is said of unknown ones (`unk_token`, `fuse_unk`) never counts.
    """
    _check(model)
    vocab: Mapping[str, int] = model["vocab"]
    if any(char not in vocab for char, octet in _OCTET_OF.items() if octet not in _NEVER_IN_UTF8):
        raise FeatureError("a byte-level vocabulary without all bytes is not verified for the fast engine")
    strange = set("".join(vocab)) - _OCTET_OF.keys()
    raw = [text for text in vocab if not strange.isdisjoint(text)] if strange else []
    if any("".join(_CHAR_OF[octet] for octet in text.encode()) in vocab for text in raw):
        raise FeatureError("two tokens of the vocabulary stand for the same bytes")
    found = {token["content"] for token in added if not (token["special"] and control_as_text)}
    unreached = tuple(sorted(set(raw) - found))
    if unreached and model.get("ignore_merges"):
        return [OddStrings("tokens of the vocabulary that no text gives", unreached)]
    return []


def sentencepiece_model(model: Mapping[str, Any]) -> None:
    """Raise `FeatureError` where a model with byte fallback is not read as the reference reads it."""
    _check(model)
    if model.get("ignore_merges"):
        raise FeatureError("ignore_merges with byte fallback is not verified for the fast engine")
    vocab = model["vocab"]
    octets = {f"<0x{octet:02X}>" for octet in range(256)}
    missing = [octet for octet in range(256) if octet not in _NEVER_IN_UTF8 and f"<0x{octet:02X}>" not in vocab]
    if any(octet >= 0x80 or chr(octet) not in vocab for octet in missing):
        raise FeatureError("a vocabulary with byte fallback but without all bytes is not verified for the fast engine")
    like_octets = {text for text in vocab if len(text) == 6 and text.startswith("<0x") and text.endswith(">")}
    if like_octets - octets:
        raise FeatureError("tokens that look like bytes but are none are not verified for the fast engine")
    if any(part in octets for merge in model["merges"] for part in (*merge, "".join(merge))):
        raise FeatureError("merges of single bytes with byte fallback are not verified for the fast engine")


def _check(model: Mapping[str, Any]) -> None:
    named(model, _KEYS, "the model")
    if model.get("dropout"):
        raise FeatureError("dropout is not verified for the fast engine")
    for key in ("continuing_subword_prefix", "end_of_word_suffix"):
        if model.get(key):
            raise FeatureError(f"{key} is not verified for the fast engine")


def ranks_are_places(model: Mapping[str, Any]) -> bool:
    """Tell whether merges to later tokens of the vocabulary stand later in the list, and no two give the same token."""
    vocab: Mapping[str, int] = model["vocab"]
    merged = [vocab[left + right] for left, right in model["merges"]]
    return all(one < two for one, two in pairwise(merged))


def _octet_table() -> dict[str, int]:
    """Return the byte for each character of the byte-level alphabet."""
    shown = [*range(33, 127), *range(161, 173), *range(174, 256)]
    table = {chr(octet): octet for octet in shown}
    table |= {chr(256 + place): octet for place, octet in enumerate(sorted(set(range(256)) - set(shown)))}
    return table


_OCTET_OF: Final = _octet_table()
_CHAR_OF: Final = {octet: char for char, octet in _OCTET_OF.items()}

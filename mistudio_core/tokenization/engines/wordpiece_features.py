"""What the fast engine for WordPiece is shown to do as the reference does: a table of tokenizer features.

As in `fast_features.py`, what stands in no table is refused, by name. Texts with an added token go to the reference.
`benchmarks/wordpiece_features.py` tries every code point with each setting of the normalizer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from mistudio_core.tokenization.engines.added_tokens import any_added
from mistudio_core.tokenization.engines.feature_shapes import FeatureError, Shape, fits, named
from mistudio_core.tokenization.engines.odd_texts import OddKind

TRIED: Final = frozenset({("nanotoken 0.1.0", "tokenizers 0.23.3")})
"""Versions of the engine and the reference for which this table was made."""

_TOP: Final = frozenset(
    {"version", "truncation", "padding", "added_tokens", "normalizer", "pre_tokenizer", "post_processor", "decoder"}
    | {"model"}
)
_BOOL: Final = (False, True)
_NORMALIZER: Final[Shape] = {
    "type": ("BertNormalizer",), "clean_text": _BOOL, "handle_chinese_chars": _BOOL,
    "strip_accents": (None, False, True), "lowercase": _BOOL,
}  # fmt: skip
_MODEL: Final[Shape] = {
    "type": ("WordPiece",), "unk_token": None, "continuing_subword_prefix": ("##",), "max_input_chars_per_word": None,
    "vocab": None,
}  # fmt: skip


def wordpiece_odd_kinds(facts: Mapping[str, Any], fast: str, reference: str) -> list[OddKind]:
    """Return which texts must go to the reference, for a tokenizer in the words of `tokenizers`.

    `facts` is its `tokenizer.json`. Raises `FeatureError` where the versions or a feature are not in the table.
    """
    if (fast, reference) not in TRIED:
        raise FeatureError(f"{fast} was not tried against {reference}")
    named(facts, _TOP, "the tokenizer")
    for part in ("truncation", "padding"):
        if facts.get(part) is not None:
            raise FeatureError(f"{part} is not verified for the fast engine")
    for part, shape in (("normalizer", _NORMALIZER), ("pre_tokenizer", {"type": ("BertPreTokenizer",)})):
        if facts[part] is None or not fits(facts[part], shape):
            kind = None if facts[part] is None else facts[part].get("type")
            raise FeatureError(
                f"the {part.replace('_', '-')} {kind!r:.80} as it is set is not verified for the fast engine"
            )
    _check_model(facts["model"])
    return any_added(facts["added_tokens"], normalizes=True)


def _check_model(model: Mapping[str, Any]) -> None:
    if not fits(model, _MODEL) or type(model["max_input_chars_per_word"]) is not int:
        raise FeatureError("the settings of this WordPiece model are not verified for the fast engine")
    if model["unk_token"] not in model["vocab"]:
        raise FeatureError("a vocabulary without its unknown token is not verified for the fast engine")

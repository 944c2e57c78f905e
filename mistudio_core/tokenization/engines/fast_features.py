"""What the fast engine is shown to do as the reference does: a table of tokenizer features.

Each feature of a tokenizer is *equal* (it stands in a table here), *equal except for some texts* (it adds an `OddKind`,
and those texts go to the reference), or *refused*. What stands in no table is refused, by name: an unknown key, type,
value, regular expression or version. `benchmarks/engine_features.py` tries the entries again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from mistudio_core.tokenization.engines.added_tokens import byte_level_added, sentencepiece_added
from mistudio_core.tokenization.engines.feature_shapes import FeatureError, Shape, fits, named, steps
from mistudio_core.tokenization.engines.odd_texts import OddCodePoints, OddKind
from mistudio_core.tokenization.engines.unicode_gap import NFC_RANGES, WORD_RANGES
from mistudio_core.tokenization.engines.vocabularies import byte_level_model, sentencepiece_model

TRIED: Final = frozenset({("gigatoken 0.10.0", "tokenizers 0.23.3")})
"""Versions of the engine and the reference for which this table was made."""

_TOP: Final = frozenset(
    {"version", "truncation", "padding", "added_tokens", "normalizer", "pre_tokenizer", "post_processor", "decoder"}
    | {"model"}
)
_BOOL: Final = (False, True)
_AFTERWARDS: Final = {
    "decoder": ("ByteLevel", "ByteFallback", "Fuse", "Metaspace", "Replace", "Strip", "Sequence", "BPEDecoder"),
    "post_processor": ("ByteLevel", "TemplateProcessing", "RobertaProcessing", "BertProcessing", "Sequence"),
}  # fmt: skip
"""What comes after the ids, and so changes none of them."""

_CONTRACTIONS: Final = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
_CASED: Final = (
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+",
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*",
)
_BY_SLASH: Final = r" ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
_BY_LINE: Final = r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
SPLITS: Final[Mapping[str, tuple[str, ...]]] = {
    "GPT-2": (r"'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+",),
    "cl100k": (
        _CONTRACTIONS + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+",
    ),
    "Qwen 2 and 3": (_CONTRACTIONS + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}|" + _BY_LINE,),
    "Qwen 3.5": (
        _CONTRACTIONS
        + r"|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    ),
    "Llama 3 and OLMo 2": (_CONTRACTIONS + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|" + _BY_LINE,),
    "o200k": ("|".join([*(part + _CONTRACTIONS + "?" for part in _CASED), r"\p{N}{1,3}", _BY_SLASH]),),
    "Nemotron and Mistral NeMo": ("|".join([*_CASED, r"\p{N}", _BY_SLASH]),),
    "DeepSeek V3": (
        r"\p{N}{1,3}",
        "[一-龥぀-ゟ゠-ヿ]+",
        "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\r\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+"
        "| ?[\\p{P}\\p{S}]+[\r\n]*|\\s*[\r\n]+|\\s+(?!\\S)|\\s+",
    ),
}
"""Regular expressions that cut a text into words, one after the other."""

_BYTES_AND_WORDS: Final[Shape] = {
    "type": ("ByteLevel",), "add_prefix_space": _BOOL, "trim_offsets": _BOOL, "use_regex": (True,)
}  # fmt: skip
_BYTES_ALONE: Final[Shape] = {
    "type": ("ByteLevel",), "add_prefix_space": (False,), "trim_offsets": _BOOL, "use_regex": (False,)
}  # fmt: skip
# Each of these expressions matches every character, so that what it keeps and what it isolates are the same.
_ISOLATED: Final = (("Isolated", False), ("Removed", True))
_METASPACE: Final[Shape] = {
    "type": ("Metaspace",), "replacement": ("▁",), "prepend_scheme": ("first", "always", "never"), "split": _BOOL
}  # fmt: skip
_SPACES_ALREADY_GONE: Final[Shape] = {
    "type": ("Split",), "pattern": ({"String": " "},), "behavior": ("MergedWithPrevious",), "invert": (False,)
}  # fmt: skip
_PREPEND: Final = {"type": "Prepend", "prepend": "▁"}
_REPLACE: Final = {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}


def fast_odd_kinds(
    facts: Mapping[str, Any], fast: str, reference: str, *, control_as_text: bool = False
) -> list[OddKind]:
    """Return which texts must go to the reference, for a tokenizer in the words of `tokenizers`.

    `facts` is its `tokenizer.json`, with special tokens even where they are plain text. Raises `FeatureError` where the
    versions or a feature of the tokenizer are not in the table.
    """
    if (fast, reference) not in TRIED:
        raise FeatureError(f"{fast} was not tried against {reference}")
    named(facts, _TOP, "the tokenizer")
    model = facts["model"]
    if model.get("type") != "BPE":
        raise FeatureError(f"it does not support this tokenizer (the model {model.get('type')!r:.80})")
    for part in ("truncation", "padding"):
        if facts.get(part) is not None:
            raise FeatureError(f"{part} is not verified for the fast engine")
    for part, types in _AFTERWARDS.items():
        if facts.get(part) is not None and facts[part].get("type") not in types:
            raise FeatureError(f"the {part} {facts[part].get('type')!r:.80} is not verified for the fast engine")
    if model.get("byte_fallback"):
        return _sentencepiece(facts, control_as_text=control_as_text)
    return _byte_level(facts, control_as_text=control_as_text)


def _byte_level(facts: Mapping[str, Any], *, control_as_text: bool) -> list[OddKind]:
    nfc = _normalizes(steps(facts["normalizer"], "normalizers"))
    _check_words(facts["pre_tokenizer"])
    kinds: list[OddKind] = [OddCodePoints("characters that another version of Unicode does not know", WORD_RANGES)]
    if nfc:
        kinds.append(OddCodePoints("characters that are composed or ordered by another version of Unicode", NFC_RANGES))
    kinds += byte_level_model(facts["model"], facts["added_tokens"], control_as_text=control_as_text)
    return kinds + byte_level_added(facts["added_tokens"], nfc=nfc, control_as_text=control_as_text)


def _sentencepiece(facts: Mapping[str, Any], *, control_as_text: bool) -> list[OddKind]:
    normalizers, pre_tokenizer = steps(facts["normalizer"], "normalizers"), facts["pre_tokenizer"]
    if pre_tokenizer is not None and pre_tokenizer.get("type") == "Metaspace":
        known = not normalizers and fits(pre_tokenizer, _METASPACE)
    elif pre_tokenizer is None or fits(pre_tokenizer, _SPACES_ALREADY_GONE):
        known = normalizers in ([_REPLACE], [_PREPEND, _REPLACE])
    else:
        known = False
    if not known:
        types = [step.get("type") for step in [*normalizers, *([pre_tokenizer] if pre_tokenizer else [])]]
        raise FeatureError(f"spaces treated by {types!r:.120} are not verified for the fast engine")
    sentencepiece_model(facts["model"])
    return sentencepiece_added(facts["added_tokens"], normalizes=bool(normalizers), control_as_text=control_as_text)


def _normalizes(normalizers: Sequence[Mapping[str, Any]]) -> bool:
    """Tell whether texts are brought into NFC, the only normalization of the byte-level kind."""
    for step in normalizers:
        if step != {"type": "NFC"}:
            raise FeatureError(f"the normalizer {step.get('type')!r:.80} is not verified for the fast engine")
    return bool(normalizers)


def _check_words(pre_tokenizer: Mapping[str, Any] | None) -> None:
    """Raise where words are not cut by one of the known rules."""
    parts = steps(pre_tokenizer, "pretokenizers")
    if len(parts) == 1 and pre_tokenizer == parts[0] and fits(parts[0], _BYTES_AND_WORDS):
        return
    *splits, last = parts or [{}]
    patterns = tuple(split.get("pattern", {}).get("Regex") for split in splits)
    shape: Shape = {"type": ("Split",), "pattern": None, "behavior": None, "invert": None}
    fine = all(fits(split, shape) and (split["behavior"], split["invert"]) in _ISOLATED for split in splits)
    if not (fine and fits(last, _BYTES_ALONE) and patterns in SPLITS.values()):
        types = [part.get("type") for part in parts]
        raise FeatureError(f"words cut by {types!r:.120} in this way are not verified for the fast engine")
    if len(splits) > 1 and any(split["behavior"] != "Isolated" for split in splits):
        raise FeatureError("several splits that remove text are not verified for the fast engine")

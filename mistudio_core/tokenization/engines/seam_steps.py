"""What each step of a tokenizer does to the characters at a seam, and whether it looks across it.

A step that is not named here, or not with these settings, is taken to look across.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from tokenizers import Tokenizer
from tokenizers.normalizers import Normalizer
from tokenizers.pre_tokenizers import ByteLevel, PreTokenizer

from mistudio_core.tokenization.engines.seam_regex import Expression, UnknownSyntaxError

Component = Mapping[str, Any]


class UnsafeSeamError(Exception):
    """A step may look across the seam; the text says which."""


@dataclass(frozen=True, slots=True)
class Sides:
    """The characters that can stand at a seam: just before it (`left`), before those, and just after it (`right`)."""

    before: str
    left: str
    right: str


# Normalizers.

_EACH_CHARACTER: Final = frozenset({"Lowercase", "StripAccents", "Nmt", "BertNormalizer", "ByteLevel"})
"""They change each character by itself."""
_UNICODE_FORMS: Final = frozenset({"NFC", "NFD", "NFKC", "NFKD"})


def normalized(step: Component | None, sides: Sides) -> Sides:
    """Return what a normalizer makes of the sides; raise `UnsafeSeamError` where it may look across."""
    if step is None:
        return sides
    kind = step["type"]
    if kind == "Sequence":
        for part in step["normalizers"]:
            sides = normalized(part, sides)
        return sides
    if kind == "Replace":
        return _replaced(step, sides)
    if kind == "Strip":
        begins = step["strip_left"] and any(map(str.isspace, sides.right))
        ends = step["strip_right"] and any(map(str.isspace, sides.left))
        return _unsafe(kind) if begins or ends else sides
    # Precompiled works on grapheme clusters; those at a seam are single characters (see `seams.py`).
    if kind not in _EACH_CHARACTER | _UNICODE_FORMS | {"Precompiled"}:
        return _unsafe(kind)
    joining = sides.right if kind in _UNICODE_FORMS else sides.before + sides.left + sides.right
    if kind in _UNICODE_FORMS | {"Precompiled"} and any(map(_joins, joining)):
        return _unsafe(kind)
    return _mapped(sides, _normalizer(step).normalize_str)


def normalized_text(step: Component, text: str) -> str:
    """Return what a normalizer makes of a text."""
    return str(_normalizer(step).normalize_str(text))


def _replaced(step: Component, sides: Sides) -> Sides:
    pattern = _expression(step["pattern"])
    if pattern.spans(sides.left, sides.right) or not pattern.ends_alike(sides.before, sides.left, sides.right):
        return _unsafe("Replace")
    content = step["content"]
    if "String" in step["pattern"] and len(step["pattern"]["String"]) == 1:
        return _mapped(sides, lambda char: content if char == step["pattern"]["String"] else char)
    # A longer pattern may or may not match here: both are possible.
    left, right = pattern.takes(sides.left), pattern.takes(sides.right)
    before = left or pattern.takes(sides.before)
    if (before or right) and not content:
        return _unsafe("Replace")
    return Sides(sides.before + content * before, sides.left + content[-1:] * left, sides.right + content[:1] * right)


def _mapped(sides: Sides, change: Callable[[str], str]) -> Sides:
    """Return the sides after each character was changed by itself."""
    before, left, right = ([change(char) for char in side] for side in (sides.before, sides.left, sides.right))
    if not all((*before, *left, *right)):
        return _unsafe("a step that removes characters")
    inner = [char for text in left for char in text[:-1]]  # one character may become several
    ends = [text[-1] for text in before]
    return Sides(
        _distinct(ends + inner), _distinct([text[-1] for text in left]), _distinct([text[0] for text in right])
    )


# Pre-tokenizers.

_SPACES_REMOVED: Final = frozenset({"Whitespace", "WhitespaceSplit", "BertPreTokenizer"})


def pre_tokenized(step: Component | None, sides: Sides) -> tuple[Sides, bool]:
    """Return what a pre-tokenizer makes of the sides, and whether it always separates them.

    Raises `UnsafeSeamError` where what it does on one side may depend on the other.
    """
    if step is None:
        return sides, False
    kind = step["type"]
    if kind == "Sequence":
        return _in_turn(step, sides)
    if kind == "ByteLevel":
        return _byte_level(step, sides)
    if kind == "Metaspace":
        return _metaspace(step, sides)
    if kind == "Split":
        return sides, _split(step, sides)
    if kind in _SPACES_REMOVED:
        if not (all(map(str.isspace, sides.left)) or all(map(str.isspace, sides.right))):
            return _unsafe(kind)
        return sides, True
    if kind == "CharDelimiterSplit":
        return sides, set(sides.left) == {step["delimiter"]} or set(sides.right) == {step["delimiter"]}
    if kind in ("Digits", "Punctuation"):  # they judge each character by itself, and only merging looks further
        merges = step.get("behavior", "Isolated") in ("MergedWithPrevious", "MergedWithNext")
        if merges and any(_parted(step, char) for char in sides.left + sides.right):
            return _unsafe(kind)
        return sides, False
    return _unsafe(kind)


def _in_turn(step: Component, sides: Sides) -> tuple[Sides, bool]:
    separated = False
    for part in step["pretokenizers"]:
        if separated:
            _check_alone(part)
        else:
            sides, separated = pre_tokenized(part, sides)
    return sides, separated


def _byte_level(step: Component, sides: Sides) -> tuple[Sides, bool]:
    if step["add_prefix_space"] and set(sides.right) != {" "}:
        return _unsafe("ByteLevel that adds a space")
    separated = step["use_regex"] and _split(_GPT2_SPLIT, sides)
    plain = ByteLevel(add_prefix_space=False, use_regex=False)
    return _mapped(sides, lambda char: plain.pre_tokenize_str(char)[0][0]), separated


_GPT2_SPLIT: Final = {
    "pattern": {"Regex": r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"},
    "behavior": "Isolated",
    "invert": False,
}


def _metaspace(step: Component, sides: Sides) -> tuple[Sides, bool]:
    mark = step["replacement"]
    scheme = step.get("prepend_scheme", "always" if step.get("add_prefix_space") else "never")
    sides = _mapped(sides, lambda char: mark if char == " " else char)
    if scheme != "never" and set(sides.right) != {mark}:
        return _unsafe("Metaspace that adds a mark")
    return sides, bool(step.get("split", True)) and set(sides.right) == {mark}


def _split(step: Component, sides: Sides) -> bool:
    """Tell whether a split always separates the sides."""
    pattern = _expression(step["pattern"])
    left, right, behavior = sides.left, sides.right, step["behavior"]
    if pattern.spans(left, right) or not pattern.ends_alike(sides.before, left, right):
        return _unsafe("Split")
    takes_left = pattern.always_takes(left)
    takes_right = not pattern.looks and pattern.always_takes(right)
    if behavior in ("Isolated", "Removed"):
        return takes_left or takes_right
    if behavior == "Contiguous":
        return False
    if step.get("invert") or behavior not in ("MergedWithPrevious", "MergedWithNext"):
        return _unsafe("Split")
    if not pattern.takes(left) and not pattern.takes(right):
        return False
    if takes_left if behavior == "MergedWithPrevious" else takes_right and not pattern.takes(left):
        return True
    return _unsafe("Split")


def _check_alone(step: Component) -> None:
    """Raise `UnsafeSeamError` where a step treats the first piece of a text unlike the others."""
    for part in step["pretokenizers"] if step["type"] == "Sequence" else [step]:
        if part["type"] == "Sequence":
            _check_alone(part)
        if part["type"] == "Metaspace" and part.get("prepend_scheme") == "first":
            _unsafe("Metaspace that adds a mark")


def _parted(step: Component, char: str) -> bool:
    return len(_pre_tokenizer(step).pre_tokenize_str(f"\t{char}\t")) > 1


# Models.


def model_separates(model: Component, sides: Sides) -> bool:
    """Tell whether no token of a model can reach across: only for merges does that follow from the vocabulary."""
    if model["type"] != "BPE" or model.get("ignore_merges") or model.get("dropout"):
        return False
    if model.get("continuing_subword_prefix") or model.get("end_of_word_suffix"):
        return False
    vocabulary = model["vocab"]
    left, right = (_symbols(model, side) for side in (sides.left, sides.right))
    if left is None or right is None:
        return False
    pair = re.compile(f"[{re.escape(left)}][{re.escape(right)}]")
    return pair.search("\0\0".join(vocabulary)) is None


def _symbols(model: Component, side: str) -> str | None:
    """Return the characters at the edge of what merging begins with; None where something unknown may stand there."""
    vocabulary = model["vocab"]
    missing = [char for char in side if char not in vocabulary]
    if not missing:
        return side
    if not model.get("byte_fallback"):
        return None
    octets = {octet for char in missing for octet in char.encode()}
    if any(f"<0x{octet:02X}>" not in vocabulary for octet in octets):
        return None
    return side + "<>"


# What is common.


def _expression(pattern: Component) -> Expression:
    try:
        return Expression.literal(pattern["String"]) if "String" in pattern else Expression.parsed(pattern["Regex"])
    except UnknownSyntaxError:
        return _unsafe("an expression of an unknown form")


def _normalizer(step: Component) -> Normalizer:
    return _loaded(normalizer=step).normalizer


def _pre_tokenizer(step: Component) -> PreTokenizer:
    return _loaded(pre_tokenizer=step).pre_tokenizer


def _loaded(**steps: Component) -> Any:
    empty = {"version": "1.0", "model": {"type": "BPE", "vocab": {}, "merges": []}}
    return Tokenizer.from_str(json.dumps(empty | steps))


def _joins(char: str) -> bool:
    """Tell whether a character may combine with the one before it."""
    return unicodedata.category(char)[0] == "M" or "\u1160" <= char <= "\u11ff"


def _distinct(chars: Sequence[str]) -> str:
    return "".join(dict.fromkeys(chars))


def _unsafe(what: str) -> Any:
    raise UnsafeSeamError(what)

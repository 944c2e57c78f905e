"""Where a text can be cut without changing any id: decided once per tokenizer, from its steps and its vocabulary.

A seam is safe where every step works on each side by itself, and where a pre-tokenizer always separates the two sides
or no token of the vocabulary holds the two characters at the seam one after the other. Nothing is tried on samples: a
tokenizer with a step that is not known is not cut, and its long texts are encoded whole.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from mistudio_core.tokenization.engines.seam_steps import (
    Sides,
    UnsafeSeamError,
    model_separates,
    normalized,
    normalized_text,
    pre_tokenized,
)
from mistudio_core.tokenization.tokenizer.stored import StoredTokenizer

_KEPT: Final = 16
"""Tokenizers whose seams are remembered: finding them reads the whole vocabulary."""
LONGEST_BAN: Final = 256
"""Characters of an added token that a seam is looked at for."""
_MOST_BANS: Final = 200
"""Added tokens that a seam is looked at for; with more it is not used."""


@dataclass(frozen=True, slots=True)
class Seam:
    """A kind of place: which characters stand there, two on each side. All of them are starters: none joins another."""

    before: str
    left: str
    right: str
    after: str


def _chars(*ranges: tuple[int, int]) -> str:
    return "".join(chr(code) for first, last in ranges for code in range(first, last + 1))


_PRINTABLE: Final = _chars((0x21, 0x7E))
_LATIN: Final = _chars((0x41, 0x5A), (0x61, 0x7A))
# Letters of other scripts that neither join nor change their neighbours: some of each script, which is enough.
_LETTERS: Final = _chars(
    (0x391, 0x3A1), (0x3A3, 0x3C9), (0x410, 0x44F), (0x5D0, 0x5EA), (0x621, 0x63A), (0x641, 0x64A), (0x905, 0x939),
    (0xE01, 0xE2E), (0x3041, 0x3094), (0x30A1, 0x30FA), (0x4E00, 0x4FFF), (0xAC00, 0xAFFF),
)  # fmt: skip
_IDEOGRAPHS: Final = _LETTERS + _chars((0x5000, 0x9FA5))
_ANY: Final = _PRINTABLE + _LETTERS
_STOPS: Final = "\uff0c\u3001\u3002"  # ideographic comma, enumeration comma, full stop

_BEFORE_A_SPACE: Final = (
    (Seam(_PRINTABLE, _PRINTABLE, " ", _PRINTABLE), Seam(_LATIN, _LATIN, " ", _LATIN)),
    (Seam(_LETTERS, _LETTERS, " ", _LETTERS),),
)
SEAMS: Final = (
    *_BEFORE_A_SPACE,
    # After a single line feed; newer expressions take slashes together with line feeds.
    (Seam(_PRINTABLE, "\n", _PRINTABLE.replace("/", ""), _PRINTABLE), Seam(_LATIN, "\n", _LATIN, _LATIN)),
    (Seam(_ANY + _STOPS, "\n", _LETTERS, _LETTERS),),
    # Before a stop, as a letter may be taken together with a stop before it.
    (Seam(_IDEOGRAPHS, _IDEOGRAPHS, _STOPS, _IDEOGRAPHS), Seam(_LETTERS, _LETTERS, _STOPS, _LETTERS)),
)
"""Kinds of places, each from wide to narrow: the first that is safe is used."""
BESIDE: Final = re.compile(f"[ \n{_STOPS}]")
"""Every seam is just before or just after one of these, which are found much faster than seams."""


def seams_of(tokenizer: StoredTokenizer) -> re.Pattern[str] | None:
    """Return an expression that matches, without width, where a text may be cut; None where nowhere is safe."""
    return _seams_of(tokenizer.json_path)


@lru_cache(_KEPT)
def _seams_of(json_path: Path) -> re.Pattern[str] | None:
    return safe_seams(json.loads(json_path.read_bytes()))


def safe_seams(tokenizer: Mapping[str, Any]) -> re.Pattern[str] | None:
    """Return what `seams_of` does, for the content of a `tokenizer.json`."""
    kinds = ((_safe(tokenizer, seam) for seam in kind) for kind in SEAMS)
    found = [pattern for kind in kinds if (pattern := next(filter(None, kind), None)) is not None]
    return re.compile("|".join(found)) if found else None


def word_seams(tokenizer: Mapping[str, Any]) -> tuple[Seam, ...]:
    """Return the kinds of places before a single space that are safe in texts without an added token."""
    found = (next((seam for seam in kind if _safe(tokenizer, seam) is not None), None) for kind in _BEFORE_A_SPACE)
    return tuple(seam for seam in found if seam is not None)


def _safe(tokenizer: Mapping[str, Any], seam: Seam) -> str | None:
    """Return the expression of a seam, or None where this tokenizer may look across it."""
    try:
        sides = normalized(tokenizer["normalizer"], Sides(seam.before, seam.left, seam.right))
        bans = list(_bans(tokenizer, seam, sides))
        inner, separated = pre_tokenized(tokenizer["pre_tokenizer"], sides)
    except UnsafeSeamError:
        return None
    if len(bans) > _MOST_BANS or not (separated or model_separates(tokenizer["model"], inner)):
        return None
    place = f"(?<={_class(seam.before)}{_class(seam.left)})(?={_class(seam.right)}{_class(seam.after)})"
    return place + "".join(bans)


def _bans(tokenizer: Mapping[str, Any], seam: Seam, sides: Sides) -> Iterator[str]:
    """Yield what must not stand at the seam: added tokens across it, or beside it where they look at their neighbours.

    Raises `UnsafeSeamError` where that depends on a normalizer.
    """
    for token in tokenizer["added_tokens"]:
        text, looks = token["content"], token["single_word"] or token["lstrip"] or token["rstrip"]
        places = _touching(text, seam, looks=looks)
        if places and len(text) > LONGEST_BAN:
            raise UnsafeSeamError("a long added token")
        for place in places:
            before, after = re.escape(text[:place]), re.escape(text[place:])
            yield f"(?!(?<={before}){after})"
        if token["normalized"] and tokenizer["normalizer"] is not None:
            changed = Seam(_ALL, sides.left, sides.right, _ALL)
            if any(True for _ in _touching(normalized_text(tokenizer["normalizer"], text), changed, looks=looks)):
                raise UnsafeSeamError("an added token")


_ALL: Final = ""
"""Stands for every character in a seam whose outer characters are not known."""


def _touching(text: str, seam: Seam, *, looks: bool) -> Sequence[int]:
    """Return the places in an added token at which a seam of this kind may lie; its ends count where it `looks`."""
    places = range(len(text) + 1) if looks else range(1, len(text))
    around = ((-2, seam.before), (-1, seam.left), (0, seam.right), (1, seam.after))
    return [
        place
        for place in places
        if text
        and all(not chars or not 0 <= place + step < len(text) or text[place + step] in chars for step, chars in around)
    ]


def _class(chars: str) -> str:
    return f"[{re.escape(chars)}]"

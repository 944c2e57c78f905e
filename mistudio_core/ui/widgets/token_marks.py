"""Tokens as coloured Markdown in which every character of a text can be seen and none is read as a mark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from mistudio_core.ui.app.escape import plain

_COLORS: Final = ("blue", "green", "violet")
"""Neighbours differ, so that the eye finds where a token ends; the colours mean nothing else."""
_PART_COLOR: Final = "orange"
_SPECIAL_COLOR: Final = "red"
_MAX_CHARS: Final = 2_000  # of one token; a run of spaces may be a single one
_NO_BREAK_SPACE: Final = "\u00a0"
_WORD_JOINER: Final = "\u2060"
_VISIBLE: Final = {"\n": "↵", "\r": "␍", "\t": "⇥", "\0": "␀", "\u00ad": "[SHY]", "\u200b": "[ZWSP]", "\ufeff": "[BOM]"}


def is_part(token: Mapping[str, Any]) -> bool:
    r"""Tell whether a token is a part of a character, whose bytes are shown as `\xE6`."""
    shown = str(token["text"])
    return not token["special"] and "\\x" in shown and token["end"] - token["start"] != len(shown)


def line(tokens: Sequence[Mapping[str, Any]], *, with_ids: bool, first: int = 0) -> str:
    """Return tokens in the flow of their text, as Markdown; `first` is the position of the first of them.

    Each has a background; special ones and parts of a character have colours of their own. A line of the text ends
    where a token ends with a line break.
    """
    parts = []
    for place, token in enumerate(tokens, first):
        color = _SPECIAL_COLOR if token["special"] else _PART_COLOR if is_part(token) else _COLORS[place % len(_COLORS)]
        parts.append(f":{color}-background[{_shown(str(token['text']))}]")
        if with_ids:
            parts.append(f":small[:gray[{token['id']}]] ")
        if str(token["text"]).endswith("\n"):
            parts.append("  \n")
    return "".join(parts)


def kind(token: Mapping[str, Any]) -> str:
    """Return in a word what a token is."""
    return "special" if token["special"] else "part of a character" if is_part(token) else ""


def visible(text: str) -> str:
    """Return a token's text with line breaks, tabs and characters without a shape made visible, for plain places."""
    return "".join(_character(character) for character in text[:_MAX_CHARS])


def _shown(text: str) -> str:
    # Ordinary spaces would be trimmed at the ends and run together.
    return plain(visible(text).replace(" ", _NO_BREAK_SPACE), _MAX_CHARS) or _WORD_JOINER


def _character(character: str) -> str:
    if character in _VISIBLE:
        return _VISIBLE[character]
    number = ord(character)
    control = number < 0x20 or 0x7F <= number < 0xA0 or 0x200C <= number < 0x2010 or 0x2028 <= number < 0x202F
    return f"[U+{number:04X}]" if control or 0x2060 <= number < 0x2070 else character

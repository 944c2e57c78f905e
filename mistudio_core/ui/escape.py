"""Text that others wrote, made safe for the places where Streamlit would read it as Markdown."""

from __future__ import annotations

import re
from typing import Final

_MARKS: Final = re.compile(r"([!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~])")
_WORD_JOINER: Final = "\u2060"  # takes no room and breaks no line
_NOT_PRINTED: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")


def plain(text: object, limit: int = 300) -> str:
    """Return `text` as Markdown that shows it as it is, on one line, folded after `limit` characters.

    A backslash stops Markdown and HTML. Icon and emoji names (`:material/home:`) and arrows are put
    in after Markdown was read, so those are parted by a word joiner. Direction overrides are dropped:
    a name must not be able to turn round the words that stand beside it.
    """
    line = _NOT_PRINTED.sub(" ", str(text))
    if len(line) > limit:
        line = line[: limit - 1] + "…"
    escaped = _MARKS.sub(r"\\\1", line)
    return escaped.replace("\\:", "\\:" + _WORD_JOINER).replace("\\-", "\\-" + _WORD_JOINER)


def one_line(text: object, limit: int = 120) -> str:
    """Return `text` on one line for places that read no Markdown (`st.text`, options of a select box)."""
    line = _NOT_PRINTED.sub(" ", str(text)).strip()
    return line if len(line) <= limit else line[: limit - 1] + "…"

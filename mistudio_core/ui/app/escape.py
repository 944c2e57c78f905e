"""Escaping of foreign text where Streamlit would read it as Markdown."""

from __future__ import annotations

import re
from typing import Final

_MARKS: Final = re.compile(r"([!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~])")
_WORD_JOINER: Final = "\u2060"  # takes no room and breaks no line
_PUT_IN_LATER: Final = re.compile(r"(?<=:)(?=[\w+-][\w+/-]*:|//(?!huggingface\.co/))|(?<=[<>~-])(?=[-=])|(?<=-)(?=>)")
"""Places within `:smile:`, `:material/home:`, addresses but the Hub's, `->`, `<-`, `--`, `>=`, `<=` and `~=`."""
_NOT_PRINTED: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")


def plain(text: object, limit: int = 300) -> str:
    """Return `text` as Markdown that shows it as it is, on one line, folded after `limit` characters.

    A backslash stops Markdown and HTML. Icons and emoji by their names, links and arrows are put in after
    Markdown was read, so those are parted by a word joiner; nothing else is, since it would be copied with
    the text. Direction overrides are dropped: a name must not be able to turn round the words beside it.
    """
    line = _NOT_PRINTED.sub(" ", str(text))
    if len(line) > limit:
        line = line[: limit - 1] + "…"
    return _MARKS.sub(r"\\\1", _PUT_IN_LATER.sub(_WORD_JOINER, line))


def one_line(text: object, limit: int = 120) -> str:
    """Return `text` on one line for places that read no Markdown (`st.text`, options of a select box)."""
    line = _NOT_PRINTED.sub(" ", str(text)).strip()
    return line if len(line) <= limit else line[: limit - 1] + "…"

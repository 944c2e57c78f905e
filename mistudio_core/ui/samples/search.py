"""The search above the samples: what for, how, and in which column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import streamlit as st

from mistudio_core.library.queries import MODES, RANKED_MODES, SampleColumn
from mistudio_core.ui.app.escape import one_line
from mistudio_core.ui.app.keys import LIVE
from mistudio_core.ui.samples import address as sample_address
from mistudio_core.ui.widgets.choices import distinct

_MODE_NAMES: Final = {
    "words": "All words",
    "any": "Any word",
    "phrase": "Phrase",
    "substring": "Substring",
    "regex": "Regex",
}
_MODE_HELP: Final = (
    "**All words**, **Any word** and **Phrase** use the word index, rank by relevance, and ignore case and accents. "
    "**Substring** finds the text as typed, also within words. **Regex** takes RE2 syntax, such as `colou?r|hue`."
)
_MAX_CHARS: Final = 2000


def draw(fields: Mapping[str, Any], columns: Sequence[SampleColumn]) -> None:
    """Draw the search of the address: a line to type into, and how it is meant."""
    texts = [column.name for column in columns if column.is_text]
    if not texts:
        return
    mode = fields.get("mode", MODES[0])
    mode = mode if mode in MODES else MODES[0]
    st.text_input(
        "Search",
        **sample_address.typed("search", fields.get("search", "")),
        type="search",
        icon=":material/search:",
        placeholder="Search text",
        label_visibility="collapsed",
        max_chars=_MAX_CHARS,
        live=LIVE,
        on_change=sample_address.changed,
    )
    st.selectbox(
        "Search mode",
        MODES,
        **sample_address.chosen("mode", MODES, mode),
        format_func=_MODE_NAMES.__getitem__,
        label_visibility="collapsed",
        help=_MODE_HELP,
        on_change=sample_address.changed,
        width=150,
    )
    if mode not in RANKED_MODES:
        st.toggle(
            "Ignore case",
            **sample_address.typed("ignore_case", bool(fields.get("ignore_case"))),
            on_change=sample_address.changed,
        )
    if len(texts) > 1:
        _column(fields, columns, texts)


def _column(fields: Mapping[str, Any], columns: Sequence[SampleColumn], texts: Sequence[str]) -> None:
    main = next((column.name for column in columns if column.is_main), texts[0])
    others = {name: f"in {one_line(name, 60)}" for name in texts if name != main}
    options = distinct({"": f"in {one_line(main, 60)}", **others})
    st.selectbox(
        "Text column",
        list(options),
        **sample_address.chosen("column", list(options), fields.get("column")),
        format_func=options.__getitem__,
        label_visibility="collapsed",
        help="The column that is shown and searched.",
        on_change=sample_address.changed,
        width=160,
    )

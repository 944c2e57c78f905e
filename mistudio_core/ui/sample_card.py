"""One sample as a card: its text as it is, folded when long, and its other columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import streamlit as st

from mistudio_core.records import Dataset, Sample
from mistudio_core.ui import formats, keys
from mistudio_core.ui.escape import plain

FOLDED_CHARS: Final = 700
_FOLD_SLACK: Final = 200  # a text that is only a little longer is shown whole
_WHOLE_CHARS: Final = 100_000  # of a text opened in one go; a longer one is opened part by part
_VALUE_CHARS: Final = 200
_MAX_COLUMNS: Final = 30


def draw(sample: Sample, dataset: Dataset) -> None:
    """Draw a sample; nothing of it is read as Markdown or HTML."""
    key = f"{dataset.id}:{sample.split}:{sample.index}"
    with st.container(border=True, gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**#{formats.exact(sample.index)}**", width="content")
            if len(dataset.splits) > 1:
                st.badge(plain(sample.split, 40), color="gray")
            st.caption(_length(sample.text), width="content")
        _text(sample.text, key)
        _columns(sample.columns)


def _length(text: str | None) -> str:
    return "" if text is None else formats.counted(len(text), "character")


def _text(text: str | None, key: str) -> None:
    if text is None:
        st.caption("No text.")
    elif not text:
        st.caption("The text is empty.")
    elif len(text) <= FOLDED_CHARS + _FOLD_SLACK:
        st.text(text)
    else:
        _long_text(text, key)


def _long_text(text: str, key: str) -> None:
    shown_key = keys.of(key, "shown")
    shown = st.session_state.get(shown_key, FOLDED_CHARS)
    st.text(text[:shown] + ("…" if shown < len(text) else ""))
    left = len(text) - shown
    if left > 0:
        label = (
            f"Show all {formats.exact(len(text))} characters"
            if left <= _WHOLE_CHARS
            else (f"Show {formats.exact(_WHOLE_CHARS)} more of {formats.exact(left)} characters")
        )
        step = min(left, _WHOLE_CHARS)
        st.button(label, key=keys.of(key, "more"), type="tertiary", icon=":material/unfold_more:",
                  on_click=_show, args=(shown_key, shown + step))  # fmt: skip
    else:
        st.button("Fold", key=keys.of(key, "less"), type="tertiary", icon=":material/unfold_less:",
                  on_click=_show, args=(shown_key, FOLDED_CHARS))  # fmt: skip


def _show(shown_key: str, chars: int) -> None:
    st.session_state[shown_key] = chars


def _columns(columns: Mapping[str, Any]) -> None:
    if not columns:
        return
    listed = list(columns.items())
    with st.container(gap=None):
        for name, value in listed[:_MAX_COLUMNS]:
            _column(name, value)
    if len(listed) > _MAX_COLUMNS:
        with st.expander(f"{formats.exact(len(listed) - _MAX_COLUMNS)} more columns"):
            for name, value in listed[_MAX_COLUMNS:]:
                _column(name, value)


def _column(name: str, value: Any) -> None:
    if isinstance(value, (dict, list)):
        with st.expander(f"{plain(name, 60)} ({formats.exact(len(value))})", icon=":material/account_tree:"):
            st.json(value, expanded=1)
        return
    if isinstance(value, str) and len(value) > _VALUE_CHARS:
        with st.expander(f"{plain(name, 60)} ({formats.counted(len(value), 'character')})", icon=":material/notes:"):
            st.text(value[:_WHOLE_CHARS])
            if len(value) > _WHOLE_CHARS:
                st.caption(f"The first {formats.exact(_WHOLE_CHARS)} characters of it.")
        return
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center"):
        st.caption(plain(name, 60), width="content")
        st.text("(none)" if value is None else str(value), width="content")

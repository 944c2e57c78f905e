"""One sample as a card: its text as it is, folded when long, and its other columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import streamlit as st

from mistudio_core.records import Dataset, Sample
from mistudio_core.ui import formats, keys
from mistudio_core.ui.escape import one_line, plain

FOLDED_CHARS: Final = 700
_FOLD_SLACK: Final = 200  # a text that is only a little longer is shown whole
_WHOLE_CHARS: Final = 100_000  # of a text opened in one go; a longer one is opened part by part
_SHORT_CHARS: Final = 40  # of a value that shares its line with others
_LINE_CHARS: Final = 300  # of a value that is shown without being asked for
_MAX_COLUMNS: Final = 30


def draw(sample: Sample, dataset: Dataset) -> None:
    """Draw a sample in as few elements as may be, since a page has fifty; no text is read as Markdown or HTML."""
    key = f"{dataset.id}:{sample.split}:{sample.index}"
    with st.container(border=True, gap="xsmall"):
        st.markdown(_head(sample, with_split=len(dataset.splits) > 1))
        _text(sample.text, key)
        _columns(sample.columns)


def _head(sample: Sample, *, with_split: bool) -> str:
    parts = [f"**#{formats.exact(sample.index)}**"]
    if with_split:
        parts.append(f":gray-badge[{plain(sample.split, 40)}]")
    if sample.text is not None:
        parts.append(f":small[:gray[{formats.counted(len(sample.text), 'character')}]]")
    return " &nbsp; ".join(parts)


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
    listed = list(columns.items())
    _some_columns(listed[:_MAX_COLUMNS])
    if len(listed) > _MAX_COLUMNS:
        with st.expander(f"{formats.exact(len(listed) - _MAX_COLUMNS)} more columns"):
            _some_columns(listed[_MAX_COLUMNS:])


def _some_columns(columns: Sequence[tuple[str, Any]]) -> None:
    """Draw short values in one line of text, so that what is copied is what is there, and each longer one by itself."""
    short = [(name, value) for name, value in columns if not _is_long(value)]
    if short:
        st.text("  ·  ".join(f"{one_line(name, 60)}: {'(none)' if value is None else value}" for name, value in short))
    for name, value in columns:
        if _is_long(value):
            _long_value(name, value)


def _is_long(value: Any) -> bool:
    return isinstance(value, (dict, list)) or (isinstance(value, str) and len(value) > _SHORT_CHARS)


def _long_value(name: str, value: Any) -> None:
    if not isinstance(value, str):
        with st.expander(f"{plain(name, 60)} ({formats.exact(len(value))})", icon=":material/account_tree:"):
            st.json(value, expanded=1)
        return
    if len(value) <= _LINE_CHARS:
        st.text(f"{one_line(name, 60)}: {value}")
        return
    with st.expander(f"{plain(name, 60)} ({formats.counted(len(value), 'character')})", icon=":material/notes:"):
        st.text(value[:_WHOLE_CHARS])
        if len(value) > _WHOLE_CHARS:
            st.caption(f"The first {formats.exact(_WHOLE_CHARS)} characters of it.")

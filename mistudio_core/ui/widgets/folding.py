"""A part of a page that is drawn only while it is open, under a button that says what is in it."""

from __future__ import annotations

import streamlit as st


def is_open(label: str, key: str, *, icon: str, at_first: bool = False) -> bool:
    """Draw the button; return whether the part is open. `key` holds that in the session, so a callback may set it."""
    shown = bool(st.session_state.get(key, at_first))
    st.button(
        label,
        key=f"{key}:fold",
        icon=":material/keyboard_arrow_down:" if shown else icon,
        type="tertiary",
        on_click=_set,
        args=(key, not shown),
    )
    return shown


def _set(key: str, shown: bool) -> None:
    st.session_state[key] = shown

"""Parts of a page that are drawn only while they are open, under a line that says what is in them."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator


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


def section(key: str, label: str, *, icon: str) -> DeltaGenerator | None:
    """Draw a section with a frame, folded at first; return its place if it is open.

    It stays as it is on another tab and for the next record, which the expander itself would forget.
    """
    widget, kept = f"{key}:expander", f"{key}:open"
    if widget not in st.session_state:
        st.session_state[widget] = st.session_state.get(kept, False)
    place = st.expander(label, icon=icon, key=widget, on_change="rerun")
    st.session_state[kept] = bool(place.open)
    return place if place.open else None


def _set(key: str, shown: bool) -> None:
    st.session_state[key] = shown

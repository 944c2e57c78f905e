"""Tabs that can be read in the dark, and that know which of them is open."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from mistudio_core.ui.app import keys


def draw(
    names: Sequence[str], key: str, *, parameter: str | None = None, write: Callable[[str], None] | None = None
) -> tuple[str, Mapping[str, DeltaGenerator]]:
    """Draw tabs; return the name of the open one and, for each name, the place for what is in it.

    With `parameter` the open tab is in the address, and an unknown name there opens the first; `write` writes it there.
    Streamlit writes the open tab's name in the primary colour, which has to be dark under white button
    text and could not be read on a dark page. So the names bring their colour, and as a bound address
    would show it, the address is kept here. The labels never change: that would lose the focus.
    """
    selected = _selected(names, key, parameter)
    st.session_state[key] = _colored(selected)
    drawn = st.tabs([_colored(name) for name in names], key=key, on_change=_note, args=(key, names, parameter, write))
    return selected, dict(zip(names, drawn, strict=True))


def _selected(names: Sequence[str], key: str, parameter: str | None) -> str:
    chosen_key = keys.of(key, "chosen")
    if parameter is not None:
        asked = st.query_params.get(parameter)
        seen_key = keys.of(key, "seen")
        if asked != st.session_state.get(seen_key):  # a link was followed, or the browser went back
            st.session_state[seen_key] = asked
            st.session_state[chosen_key] = asked
    chosen: str | None = st.session_state.get(chosen_key)
    return chosen if chosen is not None and chosen in names else names[0]


def _note(key: str, names: Sequence[str], parameter: str | None, write: Callable[[str], None] | None) -> None:
    name = next((name for name in names if _colored(name) == st.session_state[key]), names[0])
    st.session_state[keys.of(key, "chosen")] = name
    if parameter is not None:
        if write is None:
            st.query_params[parameter] = name
        else:
            write(name)
        st.session_state[keys.of(key, "seen")] = name


def _colored(name: str) -> str:
    return f":gray[{name}]"

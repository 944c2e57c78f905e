"""Tabs that can be read in the dark, and that know which of them is open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from mistudio_core.ui import keys


def draw(names: Sequence[str], key: str, *, parameter: str | None = None) -> tuple[str, Mapping[str, DeltaGenerator]]:
    """Draw tabs; return the name of the open one and, for each name, the place for what is in it.

    With `parameter` the open tab stands in the address, and an unknown name there opens the first.
    Streamlit writes the open tab's name in the primary colour, which has to be dark under white button
    text and would be hard to read on a dark page; so the name is coloured here, and cannot be bound to
    the address as it is.
    """
    selected = _selected(names, key, parameter)
    labels = [_colored(name) if name == selected else name for name in names]
    st.session_state[key] = _colored(selected)
    drawn = st.tabs(labels, key=key, on_change=_note, args=(key, names, parameter))
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


def _note(key: str, names: Sequence[str], parameter: str | None) -> None:
    by_label: Mapping[str, str] = {_colored(name): name for name in names}
    label = st.session_state[key]
    name = by_label.get(label, label)
    st.session_state[keys.of(key, "chosen")] = name
    if parameter is not None:
        st.query_params[parameter] = name
        st.session_state[keys.of(key, "seen")] = name


def _colored(name: str) -> str:
    return f":green[{name}]"

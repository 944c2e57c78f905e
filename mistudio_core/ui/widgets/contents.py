"""A list of contents beside the sections of a long page: a click goes to a section and unfolds it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from mistudio_core.ui.widgets import components, folding

_FRAME: Final = "contents"  # what style.css lays out: the list, then the sections
_component = components.registered(
    "mistudio_contents", "widgets/contents", html="<nav class='contents' aria-label='Contents'></nav>"
)


def draw(sections: Mapping[str, str]) -> DeltaGenerator:
    """Draw the list of sections, a key and a title each; return the place for the sections.

    To be called once a page. Every section is drawn there by `section` or `fold`, so that the list finds it.
    """
    frame = st.container(key=_FRAME)
    with frame:
        data = {"sections": [{"place": f"st-key-{_key(key)}", "title": title} for key, title in sections.items()]}
        _component(key="contents_list", data=data)
        return st.container()


def section(key: str) -> DeltaGenerator:
    """Return the place of a section that is always open."""
    return st.container(key=_key(key))


def fold(key: str, label: str, *, icon: str) -> DeltaGenerator | None:
    """Draw a section that is folded at first; return its place if it is open."""
    with section(key):
        return folding.section(_key(key), label, icon=icon)


def _key(key: str) -> str:
    return f"section-{key}"

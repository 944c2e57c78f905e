"""Going anywhere by typing: `Ctrl+K`, a part of a name, Enter; or Tab, and a text to search for."""

from __future__ import annotations

from typing import Final

import streamlit as st

from mistudio_core.library import Library
from mistudio_core.ui.app import keys
from mistudio_core.ui.finder import places
from mistudio_core.ui.finder.places import Place
from mistudio_core.ui.widgets import key_presses
from mistudio_core.ui.widgets.choices import distinct

_CHOSEN: Final = "finder_chosen"
_TEXT: Final = "finder_text"
_MOST_CHARS: Final = 500


def draw(library: Library) -> None:
    """Draw the button in the sidebar, and what it opens."""
    with st.sidebar:
        st.button(
            "Find",
            key="finder",
            icon=":material/search:",
            shortcut="Ctrl+K",
            help="Datasets, tokenizations, jobs and pages by name; or search for a text",
            on_click=_open,
            width="stretch",
        )
    if st.session_state.get(keys.FINDER):
        _dialog(library)


def _open() -> None:
    st.session_state[keys.FINDER] = True
    st.session_state[keys.DIALOG] = None  # only one dialog can be open


def _close() -> None:
    st.session_state[keys.FINDER] = False


@st.dialog("Find", icon=":material/search:", width="medium", on_dismiss=_close)
def _dialog(library: Library) -> None:
    if not st.session_state.get(keys.FINDER):
        st.rerun()
    known = places.known(library)
    labels = distinct({str(number): place.label for number, place in enumerate(known)})
    by_label = {label: known[int(number)] for number, label in labels.items()}

    def chosen() -> None:
        place = by_label.get(str(st.session_state[_CHOSEN]))
        if place is not None:
            _go(place)

    st.selectbox(
        "Go to a dataset, tokenization, job or page",
        list(by_label),
        index=None,
        key=_CHOSEN,
        placeholder="Type a part of its name",
        filter_mode="contains",
        on_change=chosen,
    )
    key_presses.focus("[role=dialog] input[role=combobox]", "finder_focus")
    text = st.text_input(
        "Or search for a text",
        key=_TEXT,
        type="search",
        live=keys.LIVE,
        max_chars=_MOST_CHARS,
        placeholder="river, or a dataset's name and a colon: stories: river",
    )
    if text and text.strip():
        _searches(library, text)


def _searches(library: Library, text: str) -> None:
    """Draw the ways to search for a text."""
    st.caption("Search for it in")
    for number, place in enumerate(places.searches(library, text, st.query_params.get(keys.DATASET_ID))):
        st.button(
            place.label, key=f"finder_search_{number}", icon=place.icon, type="tertiary", on_click=_go, args=(place,)
        )


def _go(place: Place) -> None:
    _close()
    st.switch_page(place.page, query_params=place.query)

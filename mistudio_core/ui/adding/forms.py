"""The three ways to get a dataset, side by side."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import streamlit as st

from mistudio_core.library import Library
from mistudio_core.ui.adding import download_form, example_button, import_form
from mistudio_core.ui.app import keys
from mistudio_core.ui.widgets import tabs

_HUB: Final = "Hugging Face Hub"
_FILES: Final = "Import files"
_SAMPLE: Final = "Example dataset"


def draw(library: Library, *, with_sample: bool) -> Callable[[], None]:
    """Draw the forms; an empty library offers its sample elsewhere and louder.

    Call what is returned when the rest of the page is drawn: it waits for the Hub.
    """
    if not library.may("start"):
        return lambda: None
    names = [_HUB, _FILES, _SAMPLE] if with_sample else [_HUB, _FILES]
    # Open where there is nothing else to do, and else as somebody has left it: what has been started folds it.
    st.session_state[keys.ADD_OPEN] = st.session_state.get(keys.ADD_OPEN, False) or not with_sample
    with st.expander("Add a dataset", icon=":material/add:", key=keys.ADD_OPEN, on_change="rerun"):
        _, places = tabs.draw(names, "add_tabs")
        # All of them are made each time: a form that is not would lose what was typed.
        with places[_HUB]:
            late = download_form.draw(library)
        with places[_FILES]:
            import_form.draw(library)
        if with_sample:
            with places[_SAMPLE]:
                example_button.offer()
    return late

"""The three ways to get a dataset, side by side."""

from __future__ import annotations

from typing import Final

import streamlit as st

from mistudio_core.library import Library
from mistudio_core.ui.app import keys
from mistudio_core.ui.datasets import download_form, example_button, import_form
from mistudio_core.ui.widgets import tabs

_HUB: Final = "Hugging Face Hub"
_FILES: Final = "Upload files"
_SAMPLE: Final = "Example dataset"


def draw(library: Library, *, with_sample: bool) -> None:
    """Draw the forms; an empty library offers its sample elsewhere and louder."""
    if not library.may("start"):
        return
    names = [_HUB, _FILES, _SAMPLE] if with_sample else [_HUB, _FILES]
    # Who began with an empty library, or has sent the form, has it open as long as the session lives.
    st.session_state[keys.ADD_OPEN] = st.session_state.get(keys.ADD_OPEN, False) or not with_sample
    with st.expander("Add a dataset", icon=":material/add:", expanded=st.session_state[keys.ADD_OPEN]):
        _, places = tabs.draw(names, "add_tabs")
        # All of them are made each time: a form that is not would lose what was typed.
        with places[_HUB]:
            download_form.draw(library)
        with places[_FILES]:
            import_form.draw(library)
        if with_sample:
            with places[_SAMPLE]:
                example_button.offer()

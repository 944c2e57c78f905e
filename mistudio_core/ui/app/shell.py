"""The frame round every page: settings of the page, navigation, and the library of this run.

A fresh server that is first asked for a deep link runs that file of `pages/` alone, without
`app.py`, until somebody opens the root. So each page calls `enter()` in its first line, which draws
the frame when `app.py` did not.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import streamlit as st
from streamlit.navigation.page import Page

from mistudio_core.errors import StudioError
from mistudio_core.library import Library
from mistudio_core.ui.app import failures, keys, pages, visitor
from mistudio_core.ui.app.escape import one_line
from mistudio_core.ui.app.opening import open_library

# The switch between light and dark does not run the page again. The browser draws the logo anew by the scheme of
# the element around it; one that goes by the system's scheme instead still gets colours that both grounds let see.
_LOGO: Final = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} 32" height="32" width="{width}">
<style>.mark{{stroke:#047857}}.name{{fill:#047857}}.kind{{fill:#64748b}}
@media (prefers-color-scheme:dark){{.mark{{stroke:#34d399}}.name{{fill:#34d399}}.kind{{fill:#94a3b8}}}}</style>
<g class="mark" fill="none" stroke-width="2.6"><ellipse cx="16" cy="7.5" rx="11" ry="4.2"/>
<path d="M5 7.5v8.3c0 2.3 4.9 4.2 11 4.2s11-1.9 11-4.2V7.5M5 15.8v8.3c0 2.3 4.9 4.2 11 4.2s11-1.9 11-4.2v-8.3"/></g>
{words}</svg>"""
_WORDS: Final = """<text x="38" y="22.5" font-family="-apple-system,Segoe UI,Roboto,Liberation Sans,sans-serif"
 font-size="18"><tspan font-weight="700" class="name">miStudio</tspan>
<tspan class="kind">Datasets</tspan></text>"""


_STYLE: Final = (Path(__file__).parent / "style.css").read_text("utf-8")
_OF_A_DATASET: Final = ("dataset", "sequences")  # the addresses of the pages that belong to one dataset
_TITLE_CHARS: Final = 24


def navigate() -> Page:
    """Set up the browser tab, the logo and the navigation; return the page that was asked for."""
    # A Material icon here would make the browser fetch a font from outside; an emoji does not.
    st.set_page_config(page_title="miStudio Datasets", page_icon="📚", layout="wide")
    st.html(f"<style>{_STYLE}</style>")
    _draw_logo()
    at = urlsplit(st.context.url or "").path.rsplit("/", 1)[-1]
    return st.navigation(
        [
            # The default page is at the root: its file's own name is left to the page below.
            st.Page(pages.DATASETS, title="Datasets", icon=":material/database:", default=True, url_path="home"),
            st.Page(_go_to_datasets, title="Datasets", url_path="datasets", visibility="hidden"),
            # What is open has its place below the list it came from, highlighted like every other page.
            st.Page(
                pages.DATASET,
                title=_dataset_title() if at in _OF_A_DATASET else "Dataset",
                icon=":material/subdirectory_arrow_right:",
                visibility="visible" if at in _OF_A_DATASET else "hidden",
            ),
            st.Page(
                pages.SEQUENCES,
                title="Sequences",
                icon=":material/token:",
                visibility="visible" if at == _OF_A_DATASET[1] else "hidden",
            ),
            st.Page(pages.COMPARE, title="Compare", icon=":material/compare_arrows:"),
            st.Page(pages.JOBS, title="Jobs", icon=":material/pending_actions:"),
            st.Page(pages.SETTINGS, title="Settings", icon=":material/settings:"),
        ]
    )


def run() -> None:
    """Draw the frame and the page: all that `app.py` does."""
    page = navigate()
    st.session_state[keys.ROUTED] = st.session_state[keys.FRAMED] = True
    page.run()


def enter() -> Library:
    """Draw the frame if `app.py` did not, and return the library for this run of the page.

    Stops the page with a message where the library cannot be opened.
    """
    if not st.session_state.pop(keys.ROUTED, False):
        navigate()
        # Widgets belong to the script that drew them: without a second run, through `app.py`, the first thing
        # that somebody chooses on this page would be forgotten.
        if not st.session_state.get(keys.FRAMED):
            st.session_state[keys.FRAMED] = True
            st.rerun()
    show_notice()
    try:
        library = open_library()
        visitor.remember(library.settings)
        if library.settings.shared:
            visitor.draw_sign_in()
        return library
    except StudioError as error:
        failures.show(error)
        st.stop()


def show_notice() -> None:
    """Draw the message that an act left behind, once."""
    text = st.session_state.pop(keys.NOTICE, None)
    if text:
        st.toast(text, icon=":material/check_circle:")


def _dataset_title() -> str:
    """Return the name of the dataset in the address."""
    try:
        dataset = open_library().dataset(str(st.query_params.get(keys.DATASET_ID) or ""))
    except StudioError:
        return "Dataset"
    return one_line(dataset.name, _TITLE_CHARS)


def _go_to_datasets() -> None:
    """Redirect `/datasets` to the page of datasets."""
    st.switch_page(pages.DATASETS, query_params=dict(st.query_params))


def _draw_logo() -> None:
    st.logo(_LOGO.format(width=210, words=_WORDS), size="large", icon_image=_LOGO.format(width=32, words=""))

"""The frame round every page: settings of the page, navigation, and the library of this run.

A fresh server that is first asked for a deep link runs that file of `pages/` alone, without
`app.py`, until somebody opens the root. So each page calls `enter()` in its first line, which draws
the frame when `app.py` did not.
"""

from __future__ import annotations

from typing import Final

import streamlit as st
from streamlit.navigation.page import Page

from mistudio_core.errors import StudioError
from mistudio_core.library import Library
from mistudio_core.ui import failures, keys
from mistudio_core.ui.opening import open_library

DATASETS_PAGE: Final = "pages/datasets.py"
DATASET_PAGE: Final = "pages/dataset.py"
COMPARE_PAGE: Final = "pages/compare.py"
TOKENS_PAGE: Final = "pages/tokens.py"
JOBS_PAGE: Final = "pages/jobs.py"
SETTINGS_PAGE: Final = "pages/settings.py"
# The switch between light and dark does not run the page again: each pair can be seen on the other ground too.
_ON_DARK: Final = {"accent": "#34d399", "text": "#94a3b8"}
_ON_LIGHT: Final = {"accent": "#047857", "text": "#64748b"}
_LOGO: Final = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} 32" height="32" width="{width}">
<g fill="none" stroke="{accent}" stroke-width="2.6"><ellipse cx="16" cy="7.5" rx="11" ry="4.2"/>
<path d="M5 7.5v8.3c0 2.3 4.9 4.2 11 4.2s11-1.9 11-4.2V7.5M5 15.8v8.3c0 2.3 4.9 4.2 11 4.2s11-1.9 11-4.2v-8.3"/></g>
{words}</svg>"""
_WORDS: Final = """<text x="38" y="22.5" font-family="-apple-system,Segoe UI,Roboto,Liberation Sans,sans-serif"
 font-size="18"><tspan font-weight="700" fill="{accent}">miStudio</tspan>
<tspan fill="{text}">Datasets</tspan></text>"""


def navigate() -> Page:
    """Set up the browser tab, the logo and the navigation; return the page that was asked for."""
    # A Material icon here would make the browser fetch a font from outside; an emoji does not.
    st.set_page_config(page_title="miStudio Datasets", page_icon="📚", layout="wide")
    _draw_logo()
    return st.navigation(
        [
            st.Page(DATASETS_PAGE, title="Datasets", icon=":material/database:", default=True),
            st.Page(DATASET_PAGE, title="Dataset", icon=":material/dataset:", visibility="hidden"),
            st.Page(COMPARE_PAGE, title="Compare", icon=":material/compare_arrows:"),
            st.Page(TOKENS_PAGE, title="Token rows", icon=":material/token:", visibility="hidden"),
            st.Page(JOBS_PAGE, title="Jobs", icon=":material/pending_actions:"),
            st.Page(SETTINGS_PAGE, title="Settings", icon=":material/settings:"),
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
        return open_library()
    except StudioError as error:
        failures.show(error)
        st.stop()


def notify(text: str) -> None:
    """Show a short message after the next full run; `text` is Markdown."""
    st.session_state[keys.NOTICE] = text


def show_notice() -> None:
    """Draw the message that an act left behind, once."""
    text = st.session_state.pop(keys.NOTICE, None)
    if text:
        st.toast(text, icon=":material/check_circle:")


def _draw_logo() -> None:
    colors = _ON_LIGHT if st.context.theme.type == "light" else _ON_DARK
    st.logo(
        _LOGO.format(width=210, words=_WORDS.format(**colors), **colors),
        size="large",
        icon_image=_LOGO.format(width=32, words="", **colors),
    )

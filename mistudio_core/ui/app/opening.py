"""Opening the library: each run of a page makes its own, and all share one copy of the catalog."""

from __future__ import annotations

import secrets
from collections.abc import MutableMapping
from typing import Any

import streamlit as st

from mistudio_core.library import Library
from mistudio_core.settings import Settings
from mistudio_core.ui.app import keys


def open_library() -> Library:
    """Return the library of `MISTUDIO_HOME`; raises `StudioError` where it cannot be opened."""
    settings = Settings.from_environment()
    return Library.open(actor=_actor() if settings.shared else "local", settings=settings, memory=_memory())


def _actor() -> str:
    """Return who is at the browser, in a library that strangers share.

    A session is no identity, but lets people delete what they have just made.
    """
    if keys.VISITOR not in st.session_state:
        st.session_state[keys.VISITOR] = f"visitor-{secrets.token_hex(8)}"
    return str(st.session_state[keys.VISITOR])


# Only builtin and third-party objects may be cached here: after a changed file Streamlit imports our
# modules anew, and a cached instance of ours would go on living as one of the old class.
@st.cache_resource(show_spinner=False)
def _memory() -> MutableMapping[str, Any]:
    return {}

"""Opening the library: each run of a page makes its own, and all share one copy of the catalog."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

import streamlit as st

from mistudio_core.library import Library
from mistudio_core.settings import Settings
from mistudio_core.ui.app import visitor


def open_library() -> Library:
    """Return the library of `MISTUDIO_HOME`; raises `StudioError` where it cannot be opened."""
    settings = Settings.from_environment()
    name, role = visitor.current(settings)
    return Library.open(actor=name, role=role, settings=settings, memory=_memory())


# Only builtin and third-party objects may be cached here: after a changed file Streamlit imports our
# modules anew, and a cached instance of ours would go on living as one of the old class.
@st.cache_resource(show_spinner=False)
def _memory() -> MutableMapping[str, Any]:
    return {}

"""Opening the library: each run of a page makes its own, and all share one copy of the catalog."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

import streamlit as st

from mistudio_core.library import Library


def open_library() -> Library:
    """Return the library of `MISTUDIO_HOME`; raises `StudioError` where it cannot be opened."""
    return Library.open(memory=_memory())


# Only builtin and third-party objects may be cached here: after a changed file Streamlit imports our
# modules anew, and a cached instance of ours would go on living as one of the old class.
@st.cache_resource(show_spinner=False)
def _memory() -> MutableMapping[str, Any]:
    return {}

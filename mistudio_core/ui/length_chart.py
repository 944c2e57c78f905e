"""The histogram of document lengths, live from a job and stored from a tokenization."""

from __future__ import annotations

import streamlit as st

from mistudio_core.library import Library


def stored(library: Library, tokenization_id: str) -> None:
    """Draw the stored histogram."""
    st.json(library.statistics(tokenization_id) or {}, expanded=False)

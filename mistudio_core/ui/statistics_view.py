"""Statistics."""

from __future__ import annotations

import streamlit as st

from mistudio_core.library import Library
from mistudio_core.records import Dataset


def draw(library: Library, dataset: Dataset) -> None:
    """Draw the tab."""
    st.json(library.statistics(dataset.id) or {}, expanded=False)

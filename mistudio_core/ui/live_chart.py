"""Charts of a running tokenization."""

from __future__ import annotations

import streamlit as st

from mistudio_core.records import Job


def draw(job: Job) -> None:
    """Draw what the job has counted so far."""
    st.json(dict(job.live), expanded=False)

"""The first rows of files that may be imported, as a worker read them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import streamlit as st

from mistudio_core.library import Library
from mistudio_core.library.queries import FileLook
from mistudio_core.records import Job
from mistudio_core.ui.app import failures, keys, polling
from mistudio_core.ui.app.escape import one_line, plain
from mistudio_core.ui.jobs import progress as job_progress
from mistudio_core.ui.widgets import formats

_HEIGHT: Final = 320


def draw(library: Library) -> None:
    """Draw the rows of the last preview, or its progress."""
    if st.session_state.get(keys.PREVIEW_JOB) is None:
        return
    with st.container(border=True, key="file_preview"):
        polling.live(library, _running, _draw_running)
        if not _running(library):
            with failures.shown():
                rows(library.file_look(st.session_state[keys.PREVIEW_JOB]))


def _running(library: Library) -> Sequence[Job]:
    job_id = st.session_state.get(keys.PREVIEW_JOB)
    return [job for job in library.jobs(active=True) if job.id == job_id]


def _draw_running(_library: Library, jobs: Sequence[Job]) -> None:
    for job in jobs:
        job_progress.draw(job)


def rows(preview: FileLook) -> None:
    """Draw the rows with the names and types of their columns."""
    count = len(preview.rows)
    st.markdown(f"**The first {formats.counted(count, 'row')} of {plain(preview.file, 120)}**")
    names = [f"{one_line(name)} ({kind})" for name, kind in preview.columns.items()]
    shown = [{f"{name}": cell for name, cell in zip(names, row, strict=True)} for row in preview.rows]
    st.dataframe(shown, hide_index=True, lazy=False, height=_HEIGHT if count > 6 else "content", alt="First rows")
    more = preview.num_columns - len(names)
    texts = ", ".join(plain(name, 60) for name in preview.text_columns[:8]) or "none"
    st.caption(f"Text columns: {texts}." + (f" {formats.exact(more)} more columns are not shown." if more else ""))

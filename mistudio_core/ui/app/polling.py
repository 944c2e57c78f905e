"""Keeping a page up to date while something runs, and leaving it alone when nothing does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import streamlit as st

from mistudio_core.errors import StudioError
from mistudio_core.library import Library
from mistudio_core.records import Job
from mistudio_core.ui.app.opening import open_library

POLL_SECONDS: Final = 1.0
"""With 0.5 s between two progress files and the time of drawing, news is on screen well within 2.5 s."""


def live(
    library: Library, find: Callable[[Library], Sequence[Job]], draw: Callable[[Library, Sequence[Job]], None]
) -> None:
    """Draw the active jobs that `find` returns, now and again every `POLL_SECONDS` while there are any.

    To be called once a page, outside of any other fragment: the timer lives in the browser, so an open
    page asks and a closed one costs nothing. When a job ends or a new one appears, the page runs once
    from the top, and a page with nothing active sets no timer. `draw` must draw all it owns each time,
    since the browser removes what a poll leaves out; so it takes what is heavy from a cache by the
    job's `progress_seq`, and the browser leaves equal charts as they are.
    """
    drawn = {job.id for job in find(library)}

    @st.fragment(run_every=POLL_SECONDS)
    def poll() -> None:
        try:
            current = open_library()
            jobs = find(current)
            if {job.id for job in jobs} == drawn:
                draw(current, jobs)
                return
        except StudioError as error:
            # A shell or a notebook may hold the catalog for a moment; the next poll asks again.
            st.caption(f":material/sync_problem: Update paused ({error.code}).")
            return
        st.rerun()

    if drawn:
        poll()

"""The statistics of a dataset's text and of its tokenizations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from mistudio_core.library import Library
from mistudio_core.library.queries import makes_tokenization
from mistudio_core.records import Dataset, Job, Tokenization
from mistudio_core.ui.app import failures, keys, polling
from mistudio_core.ui.jobs import progress as job_progress
from mistudio_core.ui.statistics import compare_link, text_statistics, token_statistics
from mistudio_core.ui.widgets import formats, titles

_TEXT: Final = "text"


def draw(library: Library, dataset: Dataset, find: Callable[[Library], Sequence[Job]]) -> None:
    """Draw the tab: of the text, or of the tokenization that the address names; `find` returns the active jobs.

    Of a tokenization that is being made, what has been counted so far is drawn and drawn again.
    """
    running = {job.subject_id for job in find(library) if makes_tokenization(job.kind)}
    known = [item for item in reversed(library.tokenizations(dataset.id)) if _is_shown(item, running)]
    chooser = st.container(horizontal=True, vertical_alignment="bottom")
    with chooser:
        chosen = _choose(known, running)
    if chosen is not None and chosen.id in running:
        polling.live(library, find, _draw_running(chosen))
    else:
        polling.live(library, find, _draw_jobs)
        _stored(library, dataset, chosen, chooser)
    with chooser:
        ready = [item.id for item in known if item.id not in running]
        compare_link.draw(ready, coming=len(known) - len(ready))


def _stored(library: Library, dataset: Dataset, chosen: Tokenization | None, chooser: DeltaGenerator) -> None:
    with failures.shown():
        statistics = library.statistics(chosen.id if chosen else dataset.id)
        if statistics is None:
            st.info("No statistics yet.", icon=":material/bar_chart_off:")
        elif chosen is None:
            text_statistics.draw(dataset, statistics, chooser)
        else:
            st.caption("All sequences counted.")  # in the place of what a running job has to say
            token_statistics.draw(library, chosen, statistics)


def _draw_jobs(library: Library, jobs: Sequence[Job]) -> None:
    for job in jobs:
        with st.container(border=True, gap="xsmall"):
            job_progress.draw(job)
            job_progress.cancel_button(library, job)


def _draw_running(chosen: Tokenization) -> Callable[[Library, Sequence[Job]], None]:
    def draw_running(library: Library, jobs: Sequence[Job]) -> None:
        for job in jobs:
            if job.subject_id == chosen.id:
                per_second = formats.rate(job_progress.tokens_per_second(job), "tokens")
                st.caption(" · ".join(part for part in (job_progress.describe(job), per_second) if part))
                token_statistics.draw_live(chosen, job.progress_seq, job.live)
        # Below the charts, so that they stay where they are when the job has ended.
        _draw_jobs(library, jobs)

    return draw_running


def _choose(known: Sequence[Tokenization], running: set[str]) -> Tokenization | None:
    by_id = {item.id: item for item in known}
    options = [_TEXT, *by_id]
    asked = st.query_params.get(keys.STATISTICS_OF, _TEXT)
    # A bound widget would put its labels into the address; two tokenizations may have the same one.
    chosen = st.selectbox(
        "Statistics of",
        options,
        index=options.index(asked) if asked in by_id else 0,
        key=f"_{keys.STATISTICS_OF}",
        on_change=_chosen,
        format_func=lambda name: _label(by_id.get(name), so_far=name in running),
        width=320,
    )
    return by_id.get(chosen)


def _chosen() -> None:
    st.query_params[keys.STATISTICS_OF] = st.session_state[f"_{keys.STATISTICS_OF}"]


def _is_shown(tokenization: Tokenization, running: set[str]) -> bool:
    return tokenization.status == "ready" or tokenization.id in running


def _label(tokenization: Tokenization | None, *, so_far: bool) -> str:
    if tokenization is None:
        return "Text"
    named = (
        f"Tokens: {titles.tokenizer(tokenization.tokenizer)}, {formats.exact(tokenization.context_length)} per sequence"
    )
    return f"{named} (so far)" if so_far else named

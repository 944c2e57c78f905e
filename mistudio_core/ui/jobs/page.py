"""Running and past jobs, with their logs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from mistudio_core.library import Library
from mistudio_core.library.queries import kind_of
from mistudio_core.records import Job, now
from mistudio_core.ui.app import failures, keys, pages, polling
from mistudio_core.ui.app.escape import plain
from mistudio_core.ui.jobs import progress as job_progress
from mistudio_core.ui.jobs import retry
from mistudio_core.ui.widgets import badges, formats

_PAGE_SIZE: Final = 20
_LOG_HEIGHT: Final = 320


def draw(library: Library) -> None:
    """Draw the list."""
    jobs = library.jobs()
    past = [job for job in jobs if not job.active]
    if not jobs:
        st.info("No jobs yet. Add a dataset to start.", icon=":material/pending_actions:")
        st.page_link(pages.DATASETS, label="All datasets", icon=":material/database:")
        return
    if len(past) < len(jobs):
        st.header(f"Running and queued ({len(jobs) - len(past)})", anchor=False)
        polling.live(library, _active, _draw_active)
    st.header(f"Finished ({len(past)})", anchor=False)
    if not past:
        st.caption("Finished jobs are listed here.")
        return
    subjects = _subjects(library)
    retryable = _retryable(library, jobs)
    for job in past[_page_start(len(past)) :][:_PAGE_SIZE]:
        _past(library, job, subjects.get(job.subject_id), can_retry=job.id in retryable)


def _active(library: Library) -> list[Job]:
    return library.jobs(active=True)


def _draw_active(library: Library, jobs: Sequence[Job]) -> None:
    subjects = _subjects(library)
    moment = now()
    for job in jobs:
        with st.container(border=True, gap="xsmall"):
            _head(job, subjects.get(job.subject_id))
            job_progress.draw(job)
            with _foot(job, moment):
                _log(library, job)
                job_progress.cancel_button(library, job)


def _past(library: Library, job: Job, subject: tuple[str, str] | None, *, can_retry: bool) -> None:
    with st.container(border=True, gap="xsmall", key=keys.of(job.id, "card")):
        _head(job, subject)
        if job.error is not None and job.status == "failed":
            failures.show(job.error)
        retry.show_error(job.id)
        with _foot(job, now()):
            _log(library, job)
            if can_retry:
                retry.button(library, job, needs_token=job.needs_token)


def _head(job: Job, subject: tuple[str, str] | None) -> None:
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute", wrap=False):
        own = job.subject_id == job.id  # a look-up, which makes nothing that could be deleted
        kind = kind_of(job.kind)
        name, dataset_id = subject or ("for previews" if own else "deleted", "")
        label = f"**{plain(kind.title)}** · {plain(name, 80)}"
        if dataset_id:
            st.page_link(pages.DATASET, label=label, icon=kind.icon, query_params={keys.DATASET_ID: dataset_id})
        else:
            st.markdown(f"{kind.icon} {label}")
        badges.draw(badges.of_job(job))


def _foot(job: Job, moment: datetime) -> DeltaGenerator:
    """Draw when it was, and return the place for the buttons right of it."""
    row = st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute")
    row.caption(_times(job, moment), help=_exact_times(job), width="content")
    return row.container(horizontal=True, width="content", vertical_alignment="center")


def _times(job: Job, moment: datetime) -> str:
    if job.started_at is None:
        return f"queued {formats.ago(job.created_at, moment)}"
    if job.ended_at is None:
        return f"started {formats.ago(job.started_at, moment)}"
    took = formats.duration((job.ended_at - job.started_at).total_seconds())
    return f"finished {formats.ago(job.ended_at, moment)} · took {took}"


def _exact_times(job: Job) -> str:
    times = (("Queued", job.created_at), ("Started", job.started_at), ("Finished", job.ended_at))
    lines = [f"{what} {formats.exact_time(moment)}" for what, moment in times if moment is not None]
    return "  \n".join([*lines, f"Job {plain(job.id)}"])


def _log(library: Library, job: Job) -> None:
    if not library.may("log", job):
        return
    with st.popover("Log", icon=":material/article:", key=keys.of(job.id, "log"), on_change="rerun") as log:
        if log.open:
            with failures.shown():
                st.code(library.log(job.id) or "The log is empty.", language=None, wrap_lines=True, height=_LOG_HEIGHT)


def _subjects(library: Library) -> Mapping[str, tuple[str, str]]:
    """Return for each dataset and tokenization its name and the dataset to open."""
    datasets = {item.id: item.name for item in library.datasets()}
    found = {dataset_id: (name, dataset_id) for dataset_id, name in datasets.items()}
    for item in library.tokenizations():
        name = f"{datasets.get(item.dataset_id, '')} with {item.tokenizer}"
        found[item.id] = (name, item.dataset_id)
    return found


def _retryable(library: Library, jobs: Sequence[Job]) -> set[str]:
    """Return the jobs worth retrying: the last one of something that is in error."""
    broken = {dataset.id for dataset in library.datasets(status="error")}
    broken |= {item.id for item in library.tokenizations() if item.status == "error"}
    last = {job.subject_id: job.id for job in reversed(jobs)}
    return {job_id for subject_id, job_id in last.items() if subject_id in broken}


def _page_start(num_jobs: int) -> int:
    num_pages = -(-num_jobs // _PAGE_SIZE)
    if num_pages < 2:
        return 0
    return (st.pagination(num_pages, key=keys.JOBS_PAGE, bind="query-params") - 1) * _PAGE_SIZE

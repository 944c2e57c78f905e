"""The page of one dataset: its head, what runs on it, and four tabs of which only the open one is drawn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import streamlit as st

from mistudio_core.errors import NotFound
from mistudio_core.library import Library
from mistudio_core.library.queries import makes_dataset
from mistudio_core.records import Dataset, Job
from mistudio_core.ui.app import address, failures, keys, pages, polling
from mistudio_core.ui.app.escape import plain
from mistudio_core.ui.datasets import not_there, overview
from mistudio_core.ui.datasets.card import source_line
from mistudio_core.ui.jobs import progress as job_progress
from mistudio_core.ui.jobs import retry
from mistudio_core.ui.samples import address as sample_address
from mistudio_core.ui.samples import tab as samples_tab
from mistudio_core.ui.statistics import tab as statistics_tab
from mistudio_core.ui.tokenize import tab as tokenizations_tab
from mistudio_core.ui.widgets import badges, deletion, formats, tabs

_SAMPLES: Final = "Samples"
_TABS: Final = ("Overview", _SAMPLES, "Tokenizations", "Statistics")


def draw(library: Library) -> None:
    """Draw the dataset that the address names; an address with a sequence leads to that sequence."""
    if "sequence" in st.query_params and keys.TAB not in st.query_params:
        st.switch_page(pages.SEQUENCES, query_params=dict(st.query_params))
    top = st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute")
    top.page_link(pages.DATASETS, label="All datasets", icon=":material/arrow_back:")
    dataset = _asked(library)
    if dataset is None:
        return
    with top:
        _acts(library, dataset)
    _head(dataset)
    if dataset.status != "ready":
        _unfinished(library, dataset)
        return
    _tabs(library, dataset)


def _asked(library: Library) -> Dataset | None:
    dataset_id = st.query_params.get(keys.DATASET_ID) or _left(library)
    if not dataset_id:
        st.title("Dataset", anchor=False)
        st.info("Select a dataset from the list.", icon=":material/database:")
        return None
    try:
        dataset = library.dataset(dataset_id)
        st.session_state[keys.LAST_DATASET] = dataset.id
        return dataset
    except NotFound:
        not_there.draw(library)
        return None


def _left(library: Library) -> str | None:
    """Return the dataset that this session had open last: the sidebar's link to this page names none."""
    last = st.session_state.get(keys.LAST_DATASET)
    if last is None or all(dataset.id != last for dataset in library.datasets()):
        return None
    st.query_params[keys.DATASET_ID] = last
    return str(last)


def _acts(library: Library, dataset: Dataset) -> None:
    with st.container(horizontal=True, width="content", vertical_alignment="center"):
        badges.draw_access(dataset.access)
        badges.draw(badges.of_dataset(dataset))
        if dataset.status == "error":
            retry.button(library, dataset, needs_token=_needs_token(library, dataset.id))
        deletion.menu(library, dataset)


def _head(dataset: Dataset) -> None:
    facts = [source_line(dataset)]
    if dataset.status == "ready":
        facts += [formats.counted(dataset.num_samples, "sample"), formats.size(dataset.size_bytes)]
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.title(plain(dataset.name, 120), anchor=False, width="content")
        st.caption(" · ".join(facts), width="content")


def _needs_token(library: Library, subject_id: str) -> bool:
    jobs = [job for job in library.jobs(subject_id) if makes_dataset(job.kind)]
    return bool(jobs) and jobs[0].needs_token


def _unfinished(library: Library, dataset: Dataset) -> None:
    if dataset.error is not None:
        failures.show(dataset.error)
        retry.show_error(dataset.id)
        jobs = library.jobs(dataset.id)
        if jobs and library.may("log", jobs[0]):
            with st.expander("Log of the last job", icon=":material/article:"), failures.shown():
                st.code(library.log(jobs[0].id) or "The log is empty.", language=None, wrap_lines=True, height=300)
        return
    polling.live(library, _jobs_of(dataset.id), _draw_jobs)
    st.info(
        "Samples, tokenizations and statistics appear here once the dataset is ready.",
        icon=":material/hourglass_top:",
    )


def _tabs(library: Library, dataset: Dataset) -> None:
    find = _jobs_of(dataset.id)
    # A timer may run once a page only: the tabs with live figures draw their own jobs, above the
    # others stands a line for each.
    notice = st.container()
    name, places = tabs.draw(_TABS, "dataset_tabs", parameter=keys.TAB, write=_turner(dataset.id))
    if name == "Tokenizations":
        with places[name]:
            tokenizations_tab.draw(library, dataset, find)
        return
    if name == "Statistics":
        with places[name]:
            statistics_tab.draw(library, dataset, find)
        return
    with notice:
        polling.live(library, find, _draw_jobs)
    with places[name]:
        if name == "Overview":
            overview.draw(library, dataset)
        else:
            samples_tab.draw(library, dataset)


def _turner(dataset_id: str) -> Callable[[str], None]:
    """Return how the open tab is written: the query for samples is in the address of no other tab, and comes back."""

    def write(tab: str) -> None:
        left = keys.of(dataset_id, "samples_left")
        query = sample_address.given()
        if tab == _SAMPLES:
            address.put({keys.TAB: tab, **(st.session_state.get(left) or {}), **query})
            return
        if query:
            st.session_state[left] = query
        address.put({keys.TAB: tab, **dict.fromkeys(query)})

    return write


def _jobs_of(dataset_id: str) -> Callable[[Library], Sequence[Job]]:
    """Return the question after the active jobs of a dataset and of its tokenizations."""

    def find(library: Library) -> Sequence[Job]:
        subjects = {dataset_id} | {item.id for item in library.tokenizations(dataset_id)}
        return [job for job in library.jobs(active=True) if job.subject_id in subjects]

    return find


def _draw_jobs(library: Library, jobs: Sequence[Job]) -> None:
    for job in jobs:
        with st.container(border=True, gap="xsmall"):
            job_progress.draw(job)
            job_progress.cancel_button(library, job)

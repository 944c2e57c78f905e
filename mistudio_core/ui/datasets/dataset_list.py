"""The datasets of the library: what runs on top, then the rest with search, filters, sorting and pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import streamlit as st

from mistudio_core.library import Library
from mistudio_core.library.queries import SOURCES, makes_dataset
from mistudio_core.records import Dataset, Job, Tokenization, now
from mistudio_core.ui.app import keys, polling
from mistudio_core.ui.app.keys import LIVE
from mistudio_core.ui.datasets import card as dataset_card
from mistudio_core.ui.widgets import badges

PAGE_SIZE: Final = 20
_MIN_CARD_WIDTH: Final = 360
_SORTS: Final = {
    "newest": ("created", True),
    "name": ("name", False),
    "largest": ("size", True),
    "samples": ("samples", True),
}
_SORT_LABELS: Final = {"newest": "Newest", "name": "Name", "largest": "Largest", "samples": "Most samples"}


def draw(library: Library) -> None:
    """Draw the list."""
    everything = library.datasets()
    running = {job.subject_id for job in _active(library)}
    st.subheader(f"Your datasets ({len(everything)})", anchor=False)
    found = _filtered(library, len(everything))
    polling.live(library, _active, _draw_running)
    rest = [dataset for dataset in found if dataset.id not in running]
    if not rest:
        _nothing(everything, running)
        return
    first = _page_start(len(rest))
    _grid(library, rest[first : first + PAGE_SIZE])


def _filtered(library: Library, num_datasets: int) -> list[Dataset]:
    if num_datasets < 2:
        return library.datasets()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        search = st.text_input(
            "Search", key=keys.LIST_SEARCH, type="search", bind="query-params", placeholder="Name or repository",
            live=LIVE,
        )  # fmt: skip
        status = _choice("Status", keys.LIST_STATUS, {name: badge.label for name, badge in badges.DATASET.items()})
        source = _choice("Source", keys.LIST_SOURCE, SOURCES)
        sort = st.selectbox(
            "Sort by",
            list(_SORTS),
            key=keys.LIST_SORT,
            bind="query-params",
            width=160,
            format_func=lambda name: _SORT_LABELS.get(name, name),
        )
    field, descending = _SORTS.get(sort, _SORTS["newest"])
    return library.datasets(status=status, source=source, search=search or "", sort=field, descending=descending)


def _choice(label: str, key: str, options: Mapping[str, str]) -> str | None:
    chosen = st.selectbox(
        label,
        list(options),
        index=None,
        key=key,
        bind="query-params",
        placeholder="All",
        width=160,
        format_func=lambda name: options.get(name, name),
    )
    return chosen if chosen in options else None


def _active(library: Library) -> list[Job]:
    return [job for job in library.jobs(active=True) if makes_dataset(job.kind)]


def _draw_running(library: Library, jobs: Sequence[Job]) -> None:
    moment = now()
    with st.grid(2, min_column_width=_MIN_CARD_WIDTH):
        for job in jobs:
            dataset_card.draw(library, library.dataset(job.subject_id), job, (), moment)


def _grid(library: Library, datasets: Sequence[Dataset]) -> None:
    newest_job: dict[str, Job] = {}
    for job in reversed(library.jobs()):
        if makes_dataset(job.kind):
            newest_job[job.subject_id] = job
    tokenizations: dict[str, list[Tokenization]] = {}
    for item in library.tokenizations():
        tokenizations.setdefault(item.dataset_id, []).append(item)
    moment = now()
    with st.grid(2, min_column_width=_MIN_CARD_WIDTH):
        for dataset in datasets:
            dataset_card.draw(library, dataset, newest_job.get(dataset.id), tokenizations.get(dataset.id, ()), moment)


def _page_start(num_datasets: int) -> int:
    pages = -(-num_datasets // PAGE_SIZE)
    if pages < 2:
        return 0
    return (st.pagination(pages, key=keys.LIST_PAGE, bind="query-params") - 1) * PAGE_SIZE


def _nothing(everything: Sequence[Dataset], running: set[str]) -> None:
    if len(everything) > len(running):
        st.info("No datasets match. Remove a filter or change the search.", icon=":material/filter_alt_off:")

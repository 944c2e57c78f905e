"""The datasets of the library: what runs on top, then the rest with search, filters and sorting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import streamlit as st

from mistudio_core.library import Library
from mistudio_core.library.queries import SOURCES, makes_dataset
from mistudio_core.records import Dataset, Job, Tokenization, now
from mistudio_core.ui.app import keys, polling
from mistudio_core.ui.app.keys import LIVE
from mistudio_core.ui.datasets import card as dataset_card
from mistudio_core.ui.datasets import dataset_table
from mistudio_core.ui.widgets import badges

MOST_CARDS: Final = 20
"""More are a table, which shows them all at once."""
_MIN_CARD_WIDTH: Final = 360
_FILTER_WIDTH: Final = 152
"""Two of them stand beside each other on a telephone."""
_SORTS: Final = {
    "newest": ("created", True),
    "name": ("name", False),
    "largest": ("size", True),
    "samples": ("samples", True),
}
_SORT_LABELS: Final = {
    "newest": "Newest first",
    "name": "By name",
    "largest": "Largest first",
    "samples": "Most samples",
}


def draw(library: Library) -> None:
    """Draw the list."""
    everything = library.datasets()
    running = {job.subject_id for job in _active(library)}
    st.header(f"Your datasets ({len(everything)})", anchor=False)
    found = _filtered(library, len(everything))
    polling.live(library, _active, _draw_running)
    rest = [dataset for dataset in found if dataset.id not in running]
    if not rest:
        _nothing(everything, running)
        return
    made = _Made.of(library)
    if len(rest) > MOST_CARDS:
        chosen = dataset_table.draw(rest, made.tokenizations)
        rest = [] if chosen is None else [chosen]
    _cards(library, rest, made)


def _filtered(library: Library, num_datasets: int) -> list[Dataset]:
    if num_datasets < 2:
        return library.datasets()
    with st.container(horizontal=True, gap="small"):
        search = st.text_input(
            "Search", key=keys.LIST_SEARCH, type="search", bind="query-params", placeholder="Search name or repository",
            live=LIVE, label_visibility="collapsed",
        )  # fmt: skip
        statuses = {name: badge.label for name, badge in badges.DATASET.items()}
        status = _choice("Status", "Any status", keys.LIST_STATUS, statuses)
        source = _choice("Source", "Any source", keys.LIST_SOURCE, SOURCES)
        sort = st.selectbox(
            "Sort by",
            list(_SORTS),
            key=keys.LIST_SORT,
            bind="query-params",
            width=_FILTER_WIDTH,
            format_func=lambda name: _SORT_LABELS.get(name, name),
            label_visibility="collapsed",
        )
    field, descending = _SORTS.get(sort, _SORTS["newest"])
    return library.datasets(status=status, source=source, search=search or "", sort=field, descending=descending)


def _choice(label: str, of_all: str, key: str, options: Mapping[str, str]) -> str | None:
    chosen = st.selectbox(
        label,
        list(options),
        index=None,
        key=key,
        bind="query-params",
        placeholder=of_all,
        width=_FILTER_WIDTH,
        format_func=lambda name: options.get(name, name),
        label_visibility="collapsed",
    )
    return chosen if chosen in options else None


def _active(library: Library) -> list[Job]:
    return [job for job in library.jobs(active=True) if makes_dataset(job.kind)]


def _draw_running(library: Library, jobs: Sequence[Job]) -> None:
    moment = now()
    with st.grid(2, min_column_width=_MIN_CARD_WIDTH):
        for job in jobs:
            dataset_card.draw(library, library.dataset(job.subject_id), job, (), moment)


class _Made(NamedTuple):
    """What was made of the datasets, by their ids: the newest job that made each, and its tokenizations."""

    jobs: Mapping[str, Job]
    tokenizations: Mapping[str, Sequence[Tokenization]]

    @classmethod
    def of(cls, library: Library) -> _Made:
        tokenizations: dict[str, list[Tokenization]] = {}
        for item in library.tokenizations():
            tokenizations.setdefault(item.dataset_id, []).append(item)
        jobs = {job.subject_id: job for job in reversed(library.jobs()) if makes_dataset(job.kind)}
        return cls(jobs, tokenizations)


def _cards(library: Library, datasets: Sequence[Dataset], made: _Made) -> None:
    moment = now()
    with st.grid(2, min_column_width=_MIN_CARD_WIDTH):
        for dataset in datasets:
            dataset_card.draw(
                library, dataset, made.jobs.get(dataset.id), made.tokenizations.get(dataset.id, ()), moment
            )


def _nothing(everything: Sequence[Dataset], running: set[str]) -> None:
    if len(everything) > len(running):
        st.info("No datasets match. Remove a filter or change the search.", icon=":material/filter_alt_off:")

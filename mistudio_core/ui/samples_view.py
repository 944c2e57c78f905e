"""The samples of a dataset, fifty at a time."""

from __future__ import annotations

from typing import Final

import streamlit as st

from mistudio_core.library import Library
from mistudio_core.records import Dataset
from mistudio_core.ui import failures, formats, keys, sample_card
from mistudio_core.ui.escape import plain

PAGE_SIZE: Final = 50
_ALL: Final = "All splits"


def draw(library: Library, dataset: Dataset) -> None:
    """Draw the tab: split and page stand in the address."""
    if not dataset.num_samples:
        st.info("This dataset holds no sample.", icon=":material/inbox:")
        return
    split = _choose_split(dataset)
    total = dataset.num_samples if split is None else dataset.splits[split]
    if not total:
        st.info("This split is empty.", icon=":material/inbox:")
        return
    pages = -(-total // PAGE_SIZE)
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        caption = st.empty()
        page = st.pagination(pages, key=keys.SAMPLES_PAGE, bind="query-params") if pages > 1 else 1
    first = (page - 1) * PAGE_SIZE
    with failures.shown():
        found = library.samples(dataset.id, split=split, offset=first, limit=PAGE_SIZE)
        last = first + len(found.rows)
        caption.caption(
            f"Samples {formats.exact(first + 1)} to {formats.exact(last)} of {formats.exact(total)}", width="content"
        )
        for sample in found.rows:
            sample_card.draw(sample, dataset)


def _choose_split(dataset: Dataset) -> str | None:
    if len(dataset.splits) < 2:
        return None
    chosen = st.selectbox(
        "Split",
        [_ALL, *dataset.splits],
        key=keys.SAMPLES_SPLIT,
        bind="query-params",
        on_change=_first_page,
        help=_counts(dataset),
        width=240,
    )
    return chosen if chosen in dataset.splits else None


def _counts(dataset: Dataset) -> str:
    # Not in the options: what one is called stands in the address.
    return "  \n".join(f"{plain(name, 40)}: {formats.exact(number)}" for name, number in dataset.splits.items())


def _first_page() -> None:
    st.session_state[keys.SAMPLES_PAGE] = 1

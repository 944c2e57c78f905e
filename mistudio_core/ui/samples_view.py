"""The samples of a dataset, fifty at a time."""

from __future__ import annotations

from typing import Final

import streamlit as st

from mistudio_core.errors import StudioError
from mistudio_core.library import Library
from mistudio_core.records import Dataset
from mistudio_core.ui import failures, formats, keys, sample_card
from mistudio_core.ui.escape import plain

PAGE_SIZE: Final = 50


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
    slot = st.container()
    page = st.pagination(-(-total // PAGE_SIZE), key=keys.SAMPLES_PAGE, bind="query-params")
    first = (page - 1) * PAGE_SIZE
    try:
        found = library.samples(dataset.id, split=split, offset=first, limit=PAGE_SIZE)
    except StudioError as error:
        failures.show(error)
        return
    with slot:
        st.caption(
            f"Samples {formats.exact(first + 1)} to {formats.exact(first + len(found.rows))} of {formats.exact(total)}"
        )
        for sample in found.rows:
            sample_card.draw(sample, dataset)


def _choose_split(dataset: Dataset) -> str | None:
    if len(dataset.splits) < 2:
        return None
    chosen = st.segmented_control(
        "Split",
        list(dataset.splits),
        key=keys.SAMPLES_SPLIT,
        bind="query-params",
        format_func=lambda name: _split_label(dataset, name),
        on_change=_first_page,
        help="None chosen: all splits, one after the other.",
    )
    return chosen if chosen in dataset.splits else None


def _split_label(dataset: Dataset, name: str) -> str:
    return f"{plain(name, 40)} ({formats.count(dataset.splits.get(name, 0))})"


def _first_page() -> None:
    st.session_state[keys.SAMPLES_PAGE] = 1

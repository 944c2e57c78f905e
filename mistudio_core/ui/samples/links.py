"""Ways from other pages to some samples: the filtered list, or one sample open for reading."""

from __future__ import annotations

from typing import Any, Final

import streamlit as st

from mistudio_core.ui.app import keys, pages
from mistudio_core.ui.samples import address as sample_address

_TAB: Final = "Samples"


def open_samples(dataset_id: str, **fields: Any) -> None:
    """Go to the samples of a dataset that these fields of a query ask for; for callbacks of charts and buttons.

    For example `open_samples(id, min_chars=100, max_chars=199)`, `open_samples(id, where=("label=pos",))`, or with
    `opened=7` the eighth sample of that list, open for reading.
    """
    st.switch_page(pages.DATASET, query_params=address(dataset_id, **fields))


def link(label: str, dataset_id: str, **fields: Any) -> None:
    """Draw a link to the samples that these fields ask for; the label is Markdown."""
    st.page_link(pages.DATASET, label=label, icon=":material/article:", query_params=address(dataset_id, **fields))


def address(dataset_id: str, **fields: Any) -> dict[str, str | list[str]]:
    """Return the parameters of the address; raises `KeyError` for what is no field of a query."""
    return {keys.DATASET_ID: dataset_id, keys.TAB: _TAB, **sample_address.parameters(fields)}

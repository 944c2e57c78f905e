"""The next step with a dataset: to browse it, to tokenize it, or to train on what was tokenized."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import streamlit as st

from mistudio_core.records import Dataset, Tokenization
from mistudio_core.ui.app import keys, pages


class Step(NamedTuple):
    """What the link says, its icon, and the parameters of the address it leads to."""

    label: Literal["Browse", "Tokenize", "Use in training", "Open"]
    icon: str
    query: dict[str, str]


def of(dataset: Dataset, tokenizations: Sequence[Tokenization]) -> Step:
    """Return the next step with a dataset that is ready; `tokenizations` are its own, oldest first."""
    address = {keys.DATASET_ID: dataset.id}
    ready = [item for item in tokenizations if item.status == "ready" and item.num_sequences]
    if ready:
        query = address | {keys.TAB: "Tokenizations", keys.CODE_OF: ready[-1].id}
        return Step("Use in training", ":material/code:", query)
    if dataset.text_columns and dataset.num_samples:
        return Step("Tokenize", ":material/bolt:", address | {keys.TAB: "Tokenizations"})
    return Step("Browse", ":material/article:", address | {keys.TAB: "Samples"})


def draw(dataset: Dataset, tokenizations: Sequence[Tokenization]) -> None:
    """Draw the link to the next step."""
    step = of(dataset, tokenizations)
    st.page_link(pages.DATASET, label=f"**{step.label}**", icon=step.icon, query_params=step.query)

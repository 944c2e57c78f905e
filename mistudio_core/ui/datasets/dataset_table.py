"""Many datasets as a table: a line each, sorted by a click on a column, with the next step as a button."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import streamlit as st

from mistudio_core.library.queries import SOURCES
from mistudio_core.records import Dataset, Tokenization
from mistudio_core.ui.app import keys, pages
from mistudio_core.ui.app.escape import one_line
from mistudio_core.ui.datasets import next_step
from mistudio_core.ui.widgets import badges

_HEIGHT: Final = 560  # 15 lines
_MB: Final = 1 << 20  # as everywhere in the app
_NAME_CHARS: Final = 80


def draw(datasets: Sequence[Dataset], tokenizations: Mapping[str, Sequence[Tokenization]]) -> Dataset | None:
    """Draw the table in the given order; return the dataset whose line is selected, for its card."""
    steps = [_step(dataset, tokenizations.get(dataset.id, ())) for dataset in datasets]
    # A table keeps which line was selected, not which dataset: another list is another table.
    key = keys.of("datasets", f"table:{hash(tuple(dataset.id for dataset in datasets))}")
    table = st.dataframe(
        [_line(*one, len(tokenizations.get(one[0].id, ()))) for one in zip(datasets, steps, strict=True)],
        hide_index=True,
        lazy=False,
        key=key,
        on_select="rerun",
        selection_mode="single-row",
        height=_HEIGHT,
        placeholder="",
        column_config=_columns(steps),
        alt=f"{len(datasets)} datasets with their sizes, states and next steps",
    )
    rows = table["selection"]["rows"]
    if rows and rows[0] < len(datasets):
        return datasets[rows[0]]
    st.caption("Select a line to see its card, with everything that can be done with the dataset.")
    return None


def _step(dataset: Dataset, tokenizations: Sequence[Tokenization]) -> next_step.Step:
    if dataset.status == "ready":
        return next_step.of(dataset, tokenizations)
    return next_step.Step("Open", ":material/database:", {keys.DATASET_ID: dataset.id})


def _line(dataset: Dataset, step: next_step.Step, num_tokenizations: int) -> dict[str, Any]:
    ready = dataset.status == "ready"
    return {
        "Name": one_line(dataset.name, _NAME_CHARS),
        "Next step": step.label,
        "Samples": dataset.num_samples if ready else None,
        "Size (MB)": dataset.size_bytes / _MB if ready else None,
        "Tokenizations": num_tokenizations or None,
        "Source": SOURCES[dataset.source],
        "Repository": one_line(dataset.repo_id or ""),
        "Created": dataset.created_at,
        "State": badges.of_dataset(dataset).label,
    }


def _columns(steps: Sequence[next_step.Step]) -> Mapping[str, Any]:
    return {
        "Name": st.column_config.TextColumn(width="medium"),
        "Next step": st.column_config.ButtonColumn(key=keys.LIST_STEP, on_click=_go, args=(steps,), width=130),
        "Samples": st.column_config.NumberColumn(format="localized"),
        "Size (MB)": st.column_config.NumberColumn(format="%.2f"),
        "Created": st.column_config.DatetimeColumn(format="distance"),
    }


def _go(steps: Sequence[next_step.Step]) -> None:
    click = st.session_state.get(keys.LIST_STEP)
    if click is not None and 0 <= click["row"] < len(steps):
        st.switch_page(pages.DATASET, query_params=steps[click["row"]].query)

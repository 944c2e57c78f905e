"""The samples of a page as a table: one line each, whose columns can be chosen, widened and hidden."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import streamlit as st

from mistudio_core.records import Dataset, Sample
from mistudio_core.ui.app import keys
from mistudio_core.ui.app.escape import one_line
from mistudio_core.ui.samples import address as sample_address
from mistudio_core.ui.samples import cards
from mistudio_core.ui.samples.address import Asked
from mistudio_core.ui.samples.finding import Listing
from mistudio_core.ui.widgets import excerpts, formats
from mistudio_core.ui.widgets.choices import distinct

_TEXT_CHARS: Final = 400
_VALUE_CHARS: Final = 200
_MOST_COLUMNS: Final = 30
_LINE_HEIGHT: Final = 35
_WRAPPED_HEIGHT: Final = 112  # four lines
_HEIGHT: Final = 620
_WRAPS: Final = "samples_wrap"
_READ: Final = "samples_table_read"


def draw_options(dataset: Dataset) -> None:
    """Draw what the table can be told: which columns, and whether texts wrap."""
    names = list(dataset.columns)[:_MOST_COLUMNS]
    labels = distinct({name: one_line(name, 60) for name in names})
    st.multiselect(
        "Columns", names, key=_columns_key(dataset), format_func=labels.__getitem__, placeholder="All",
        persist_state="session",
    )  # fmt: skip
    st.toggle("Wrap text", key=_WRAPS, persist_state="session")


def draw(dataset: Dataset, asked: Asked, listing: Listing) -> None:
    """Draw the samples of a page; a selected line is opened for reading."""
    samples = listing.found.page.rows
    first = (listing.page - 1) * asked.page_size
    chosen = st.session_state.get(_columns_key(dataset)) or list(dataset.columns)[:_MOST_COLUMNS]
    # A table keeps which of its lines is selected: that of another page, or one that was read, must not be.
    read = st.session_state.get(_READ, 0)
    key = f"samples_table:{dataset.id}:{sorted(asked.fields.items())}:{first}:{read}"

    def opened() -> None:
        rows = st.session_state[key]["selection"]["rows"]
        if rows:
            st.session_state[_READ] = read + 1
            sample_address.open_sample(first + rows[0])

    wraps = bool(st.session_state.get(_WRAPS))
    st.dataframe(
        _columns(dataset, samples, chosen),
        hide_index=True,
        lazy=False,
        key=key,
        on_select=opened,
        selection_mode="single-row",
        row_height=_WRAPPED_HEIGHT if wraps else _LINE_HEIGHT,
        height=_HEIGHT if len(samples) * (_WRAPPED_HEIGHT if wraps else _LINE_HEIGHT) > _HEIGHT else "content",
        column_config={"#": st.column_config.NumberColumn(width="small", pinned=True, format="localized")},
        alt=f"Samples {formats.exact(first + 1)} to {formats.exact(first + len(samples))} as a table",
    )


def _columns_key(dataset: Dataset) -> str:
    return keys.of(dataset.id, "table_columns")


def _columns(dataset: Dataset, samples: Sequence[Sample], chosen: Sequence[str]) -> dict[str, list[Any]]:
    table: dict[str, list[Any]] = {"#": [sample.index for sample in samples]}
    if len(dataset.splits) > 1:
        table["Split"] = [one_line(sample.split, 40) for sample in samples]
    labels = distinct({name: one_line(name, 60) for name in chosen})
    for name in chosen:
        cells = [_cell(sample, name) for sample in samples]
        table[labels[name] if labels[name] not in table else f"{labels[name]} "] = cells
    return table


def _cell(sample: Sample, name: str) -> Any:
    if name not in sample.columns:  # the column that is shown as the text
        if not sample.text:
            return sample.text
        excerpt = excerpts.folded(sample.text, sample.matches, chars=_TEXT_CHARS)
        before, after = "… " if excerpt.start else "", " …" if excerpt.end < len(sample.text) else ""
        return before + "".join(excerpt.pieces) + after
    value = sample.columns[name]
    if isinstance(value, bool | int | float) or value is None:
        # A browser counts whole numbers exactly up to 2**53 only.
        return value if not isinstance(value, int) or abs(value) <= 2**53 else str(value)
    return cards.written(value, _VALUE_CHARS)

"""From a bar of a chart to the samples that it counts, through the address of the samples."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from mistudio_core.records import Dataset, Tokenization
from mistudio_core.ui import keys, sample_links

Bar = Mapping[str, Any]
FieldsOf = Callable[[Bar], dict[str, Any]]
"""What a bar stands for, as the fields of a query for samples."""


def of_characters(dataset: Dataset, column: str) -> FieldsOf:
    """Return how a bar of lengths in characters is asked for; the column is named where it is not the main text."""
    texts = dataset.text_columns
    main = "text" if "text" in texts else texts[0] if texts else column
    named = None if column == main else column
    return lambda bar: {"column": named, "min_chars": int(bar["first"]), "max_chars": int(bar["last"])}


def of_tokens(tokenization: Tokenization) -> FieldsOf:
    """Return how a bar of lengths in tokens is asked for."""
    named = tokenization.id
    return lambda bar: {"tokenization": named, "min_tokens": int(bar["first"]), "max_tokens": int(bar["last"])}


def of_split(bar: Bar) -> dict[str, Any]:
    """Return how the bar of a split is asked for."""
    return {"split": str(bar["value"])}


def of_value(column: str) -> FieldsOf:
    """Return how the bar of a value of a column is asked for."""
    return lambda bar: {"where": (f"{column}={bar['value']}",)}


def of_bin(column: Mapping[str, Any]) -> FieldsOf:
    """Return how a bin of numbers or moments is asked for; one of floats leaves its end to the next bin."""
    name = column["name"]
    ends = {str(row["last"]): row["last"] for row in column["histogram"][:-1]} if column["kind"] == "float" else {}

    def fields(bar: Bar) -> dict[str, Any]:
        last = bar["last"]
        if last in ends:
            last = repr(math.nextafter(ends[last], -math.inf))
        return {"where": (f"{name}>={bar['first']}", f"{name}<={last}")}

    return fields


def opener(key: str, dataset_id: str, fields_of: FieldsOf) -> Callable[[], None]:
    """Return the callback of the chart with this key: it opens the samples of the bar that was clicked."""

    def open_samples() -> None:
        bars = _clicked(key)
        if not bars:  # the click took a selection back
            return
        address = sample_links.address(dataset_id, **fields_of(bars[0]))
        shown = st.query_params.get(keys.STATISTICS_OF)  # for the way back
        st.query_params.from_dict({**address, keys.STATISTICS_OF: shown} if shown else address)

    return open_samples


def _clicked(key: str) -> Sequence[Bar]:
    from mistudio_core.charts.figure import BAR

    event = st.session_state.get(key) or {}
    return list(event.get("selection", {}).get(BAR) or [])

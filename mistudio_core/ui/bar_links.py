"""From a bar of a chart to the samples that it counts, through the address of the samples."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import streamlit as st

from mistudio_core.records import Dataset, Tokenization
from mistudio_core.ui import keys

Parameters = dict[str, str | list[str]]
Bar = Mapping[str, Any]
ParametersOf = Callable[[Bar], Parameters]

SAMPLES_TAB: Final = "Samples"
SAMPLES_ON_A_PAGE: Final = 50
_KEPT: Final = (keys.DATASET_ID, keys.STATISTICS_OF)  # of the address that is left


def of_characters(dataset: Dataset, column: str) -> ParametersOf:
    """Return how a bar of lengths in characters is asked for; the column is named where it is not the main text."""
    texts = dataset.text_columns
    main = "text" if "text" in texts else texts[0] if texts else column
    named: Parameters = {} if column == main else {"column": column}

    def parameters(bar: Bar) -> Parameters:
        return {**named, "min_chars": str(bar["first"]), "max_chars": str(bar["last"])}

    return parameters


def of_tokens(tokenization: Tokenization) -> ParametersOf:
    """Return how a bar of lengths in tokens is asked for."""

    def parameters(bar: Bar) -> Parameters:
        return {"tok": tokenization.id, "min_tokens": str(bar["first"]), "max_tokens": str(bar["last"])}

    return parameters


def of_split(bar: Bar) -> Parameters:
    """Return how the bar of a split is asked for."""
    return {"split": str(bar["value"])}


def of_value(column: str) -> ParametersOf:
    """Return how the bar of a value of a column is asked for."""

    def parameters(bar: Bar) -> Parameters:
        return {"where": [f"{column}={bar['value']}"]}

    return parameters


def of_bin(column: Mapping[str, Any]) -> ParametersOf:
    """Return how a bin of numbers or moments is asked for; one of floats leaves its end to the next bin."""
    name = column["name"]
    ends = {str(row["last"]): row["last"] for row in column["histogram"][:-1]} if column["kind"] == "float" else {}

    def parameters(bar: Bar) -> Parameters:
        last = bar["last"]
        if last in ends:
            last = repr(math.nextafter(ends[last], -math.inf))
        return {"where": [f"{name}>={bar['first']}", f"{name}<={last}"]}

    return parameters


def opener(key: str, parameters_of: ParametersOf) -> Callable[[], None]:
    """Return the callback of the chart with this key: it opens the samples of the bar that was clicked."""

    def open_samples() -> None:
        bars = _clicked(key)
        if not bars:  # the click took a selection back
            return
        kept = {name: st.query_params[name] for name in _KEPT if name in st.query_params}
        st.query_params.from_dict({**kept, keys.TAB: SAMPLES_TAB, **parameters_of(bars[0])})

    return open_samples


def sample_address(dataset_id: str, split: str, index: int) -> dict[str, str]:
    """Return the parameters of the page of a dataset with this sample of a split open."""
    page = index // SAMPLES_ON_A_PAGE + 1
    return {
        keys.DATASET_ID: dataset_id,
        keys.TAB: SAMPLES_TAB,
        "split": split,
        "page": str(page),
        "open": str(index),
    }


def _clicked(key: str) -> Sequence[Bar]:
    from mistudio_core.charts.figure import BAR

    event = st.session_state.get(key) or {}
    return list(event.get("selection", {}).get(BAR) or [])

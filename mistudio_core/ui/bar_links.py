"""From a bar of a chart to the samples that it counts, through the address of the samples."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from mistudio_core.records import Dataset, Tokenization
from mistudio_core.ui import keys, sample_links, token_address

Bar = Mapping[str, Any]
FieldsOf = Callable[[Bar], dict[str, Any]]
"""What a bar stands for, as the fields of a query for samples."""


@dataclass(frozen=True, slots=True)
class Clicks:
    """What a click on a bar does: `opens` the bar, which is told to the reader in one word, `opened`."""

    opens: Callable[[Bar], None]
    opened: str


def to_samples(dataset_id: str, fields_of: FieldsOf) -> Clicks:
    """Return clicks that open the samples that a bar stands for."""

    def open_samples(bar: Bar) -> None:
        address = sample_links.address(dataset_id, **fields_of(bar))
        shown = st.query_params.get(keys.STATISTICS_OF)  # for the way back
        st.query_params.from_dict({**address, keys.STATISTICS_OF: shown} if shown else address)

    return Clicks(open_samples, "samples")


def to_tokens(tokenization: Tokenization) -> Clicks:
    """Return clicks that open the places where the token of a bar stands."""

    def open_places(bar: Bar) -> None:
        token_address.open_search(tokenization.dataset_id, tokenization.id, int(bar["id"]))

    return Clicks(open_places, "places")


def callback(key: str, clicks: Clicks) -> Callable[[], None]:
    """Return the callback of the chart with this key."""

    def open_bar() -> None:
        if bars := _clicked(key):  # else the click took a selection back
            clicks.opens(bars[0])

    return open_bar


def of_measure(dataset: Dataset, column: str, measure: str) -> FieldsOf:
    """Return how a bar of lengths in `characters`, `bytes` or `words` is asked for.

    The column is named where it is not the main text.
    """
    field = "chars" if measure == "characters" else measure
    texts = dataset.text_columns
    main = "text" if "text" in texts else texts[0] if texts else column
    named = None if column == main else column
    return lambda bar: {"column": named, f"min_{field}": int(bar["first"]), f"max_{field}": int(bar["last"])}


def of_tokens(tokenization: Tokenization) -> FieldsOf:
    """Return how a bar of lengths in tokens is asked for."""
    of = {"tokenization": tokenization.id, "documents": True}
    return lambda bar: of | {"min_tokens": int(bar["first"]), "max_tokens": int(bar["last"])}


def of_split(bar: Bar) -> dict[str, Any]:
    """Return how the bar of a split is asked for."""
    return {"split": str(bar["value"])}


def of_value(column: str) -> FieldsOf:
    """Return how the bar of a value of a column is asked for."""
    return lambda bar: {"where": (f"{column}={bar['value']}",)}


def of_script(column: str) -> FieldsOf:
    """Return how the bar of a script is asked for: texts with at least one letter of it."""
    return lambda bar: {"where": (f"letters({column})={bar['value']}",)}


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


def of_length(column: str) -> FieldsOf:
    """Return how a bar of lengths of lists, or of bytes, is asked for."""
    return lambda bar: {"where": (f"len({column})>={bar['first']}", f"len({column})<={bar['last']}")}


def _clicked(key: str) -> Sequence[Bar]:
    from mistudio_core.charts.figure import BAR

    event = st.session_state.get(key) or {}
    return list(event.get("selection", {}).get(BAR) or [])

"""From a bar of a chart to the samples that it counts, through the address of the samples."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import streamlit as st

from mistudio_core.records import Dataset, Tokenization
from mistudio_core.ui.app import keys
from mistudio_core.ui.samples import links as sample_links
from mistudio_core.ui.sequences import address as sequence_address

_NARROW_FLOATS: Final = ("float16", "float32")
"""A value for such a column is rounded to its type, which must not move the edge of a bin."""

Bar = Mapping[str, Any]
FieldsOf = Callable[[Bar], dict[str, Any]]
"""What a bar shows, as the fields of a query for samples."""


@dataclass(frozen=True, slots=True)
class Clicks:
    """What a click on a bar does: `opens` the bar, which is called `opened` on the page."""

    opens: Callable[[Bar], None]
    opened: str


def to_samples(dataset_id: str, fields_of: FieldsOf) -> Clicks:
    """Return clicks that open the samples of a bar."""

    def open_samples(bar: Bar) -> None:
        address = sample_links.address(dataset_id, **fields_of(bar))
        shown = st.query_params.get(keys.STATISTICS_OF)  # for the way back
        st.query_params.from_dict({**address, keys.STATISTICS_OF: shown} if shown else address)

    return Clicks(open_samples, "samples")


def to_tokens(tokenization: Tokenization) -> Clicks:
    """Return clicks that open the hits of a bar's token."""

    def open_places(bar: Bar) -> None:
        sequence_address.open_search(tokenization.dataset_id, tokenization.id, int(bar["id"]))

    return Clicks(open_places, "hits")


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
    if column["kind"] != "float":
        return lambda bar: {"where": (f"{name}>={bar['first']}", f"{name}<={bar['last']}")}
    type_name = str(column.get("type"))
    rows = column["histogram"]
    firsts = {str(row["first"]): row["first"] for row in rows}
    shared = {str(row["last"]) for row in rows[:-1]}

    def fields(bar: Bar) -> dict[str, Any]:
        first = _held(firsts[bar["first"]], type_name)
        if bar["last"] in shared:
            last = _before(_held(firsts[bar["last"]], type_name), type_name)
        else:
            last = float(bar["last"])
        return {"where": (f"{name}>={first!r}", f"{name}<={last!r}")}

    return fields


def _held(edge: float, type_name: str) -> float:
    """Return the least number of a type of floats that is not below the edge of a bin, which is a float64."""
    import numpy as np

    if type_name not in _NARROW_FLOATS:
        return edge
    kind = np.dtype(type_name).type
    rounded = kind(edge)
    return float(rounded if float(rounded) >= edge else np.nextafter(rounded, kind(np.inf)))


def _before(number: float, type_name: str) -> float:
    """Return the greatest number of a type of floats below one of its numbers."""
    import numpy as np

    kind = np.dtype(type_name).type if type_name in _NARROW_FLOATS else np.float64
    return float(np.nextafter(kind(number), kind(-np.inf)))


def of_length(column: str) -> FieldsOf:
    """Return how a bar of lengths of lists, or of bytes, is asked for."""
    return lambda bar: {"where": (f"len({column})>={bar['first']}", f"len({column})<={bar['last']}")}


def _clicked(key: str) -> Sequence[Bar]:
    from mistudio_core.charts.figure import BAR

    event = st.session_state.get(key) or {}
    return list(event.get("selection", {}).get(BAR) or [])

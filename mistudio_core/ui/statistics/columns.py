"""The statistics of a column that is not plain text: values, histogram, lengths, and what is missing or odd."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import streamlit as st

from mistudio_core.records import Dataset
from mistudio_core.ui.app import keys
from mistudio_core.ui.app.escape import one_line, plain
from mistudio_core.ui.columns import bar_fields
from mistudio_core.ui.statistics import bar_links, chart_card, token_tables
from mistudio_core.ui.widgets import figure_cards, figures, formats

_CARD_WIDTH: Final = 150
_FEW_LENGTHS: Final = 64  # up to there each length has a bar of its own on a linear axis
_ODD: Final = {
    "unlabelled": "Unlabelled",
    "out_of_range": "Invalid label",
    "nans": "NaN",
    "infinities": "Infinity",
    "negative_infinities": "Minus infinity",
}


def draw(dataset: Dataset, column: Mapping[str, Any]) -> None:
    """Draw a column by its kind."""
    _cards(dataset, column)
    if column["kind"] in ("list", "binary"):
        _lengths(dataset, column)
    elif column.get("values"):
        bars_of_values(dataset, column)
    elif column.get("histogram"):
        clicks = None if column.get("unit") else bar_links.to_samples(dataset.id, bar_fields.of_bin(column))
        _histogram(dataset, column, clicks)
    elif column["kind"] == "other":
        st.caption(f"For the type {plain(column['type'], 100)} only missing values are counted.")
    else:
        st.caption("No values to plot.")
    if column.get("percentiles") and column["count"]:
        with st.container(border=True):
            token_tables.summary_table("Values", {str(column["name"]): _described(column)}, written=_writer(column))


def bars_of_values(dataset: Dataset, column: Mapping[str, Any]) -> None:
    """Draw the values of a column of few values."""
    from mistudio_core.charts.columns import value_bars

    name = str(column["name"])
    clicks = None if column.get("unit") else bar_links.to_samples(dataset.id, bar_fields.of_value(name))
    with st.container(border=True):
        figure = value_bars(column, scale=figures.count_scale_choice(_key(dataset, "values_scale")))
        chart_card.draw(figure, _key(dataset, f"values:{name}"), clicks=clicks)


def moments_of_texts(dataset: Dataset, column: Mapping[str, Any]) -> None:
    """Draw the moments that all texts of a column are; texts are not compared as moments, so the bars open nothing."""
    moments = column["datetime"] | {"name": column["name"], "kind": "datetime"}
    _histogram(dataset, moments, None)
    with st.container(border=True):
        token_tables.summary_table("Times", {str(column["name"]): _described(moments)}, written=_moment)


def _cards(dataset: Dataset, column: Mapping[str, Any]) -> None:
    with st.grid(4, min_column_width=_CARD_WIDTH):
        figure_cards.count("Samples", dataset.num_samples, color="green")
        if column.get("distinct") is not None:
            figure_cards.count("Distinct values", column["distinct"], color="yellow")
        figure_cards.count("Missing values", column["nulls"])
        for name, label in _ODD.items():
            if column.get(name) is not None:
                figure_cards.count(label, column[name])


def _histogram(dataset: Dataset, column: Mapping[str, Any], clicks: bar_links.Clicks | None) -> None:
    from mistudio_core.charts.columns import value_histogram

    with st.container(border=True):
        figure = value_histogram(column, scale=figures.count_scale_choice(_key(dataset, "histogram_scale")))
        chart_card.draw(figure, _key(dataset, f"histogram:{column['name']}"), clicks=clicks)


def _lengths(dataset: Dataset, column: Mapping[str, Any]) -> None:
    from mistudio_core.charts.lengths import length_histogram

    lengths = column["lengths"]
    if not lengths["count"]:
        st.caption("No values to plot.")
        return
    name, unit = one_line(column["name"], 60), "bytes" if column["kind"] == "binary" else "elements"
    with st.container(border=True):
        scale = figures.scale_choice(
            _key(dataset, f"scale:{name}"), default="linear" if lengths["max"] < _FEW_LENGTHS else "log"
        )
        figure = length_histogram(lengths, title=f"Lengths of {name}", unit=unit, counted="samples", scale=scale)
        clicks = bar_links.to_samples(dataset.id, bar_fields.of_length(str(column["name"])))
        chart_card.draw(figure, _key(dataset, f"elements:{column['name']}"), clicks=clicks)
        chart_card.note_if_inexact(lengths)
    with st.container(border=True):
        token_tables.summary_table("Lengths", {unit.capitalize(): lengths})


def _described(column: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the summary of a column with its deviation as a number; that of moments is in seconds."""
    return column if "std" in column else {**column, "std": column["std_seconds"]}


def _writer(column: Mapping[str, Any]) -> Callable[[Any], str]:
    if column["kind"] == "datetime":
        return _moment
    return _float if column["kind"] == "float" else formats.exact


def _float(number: float) -> str:
    return f"{number:,.6g}"


def _moment(value: str | float) -> str:
    if not isinstance(value, str):
        return formats.duration(value)
    whole, _, fraction = value.replace("T", " ").partition(".")
    zone = "Z" if fraction.endswith("Z") else ""
    fraction = fraction.removesuffix("Z").rstrip("0")
    return f"{whole}.{fraction}{zone}" if fraction else f"{whole}{zone}"


def _key(dataset: Dataset, what: str) -> str:
    return keys.of(dataset.id, f"stats_{what}")

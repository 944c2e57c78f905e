"""The statistics of a dataset's text and columns, from its stored result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from mistudio_core.records import Dataset
from mistudio_core.ui import figure_cards, figures, formats, keys
from mistudio_core.ui.escape import one_line, plain

_CARD_WIDTH: Final = 150
_CHART_WIDTH: Final = 380
_MEASURES: Final = {"Characters": "characters", "Words": "words", "Bytes": "bytes"}


def draw(dataset: Dataset, result: Mapping[str, Any], chooser: DeltaGenerator) -> None:
    """Draw a column that is chosen in `chooser`, the text first, and the splits."""
    columns: Sequence[Mapping[str, Any]] = result["columns"]
    if not columns:
        st.caption("This dataset has no columns.")
        return
    with chooser:
        column = _choose(dataset, columns)
    if column["kind"] == "text":
        _text(dataset, column)
    else:
        _values(dataset, column)
    if len(result["splits"]) > 1:
        from mistudio_core.charts.columns import split_bars

        with st.container(border=True):
            figures.draw(split_bars(result), _key(dataset, "splits"))


def _choose(dataset: Dataset, columns: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    if len(columns) == 1:
        return columns[0]
    names = [str(column["name"]) for column in columns]
    first_text = next((place for place, column in enumerate(columns) if column["kind"] == "text"), 0)
    preferred = names.index("text") if "text" in names else first_text
    chosen = st.selectbox(
        "Column",
        range(len(names)),
        index=preferred,
        key=_key(dataset, "column_shown"),
        format_func=lambda place: f"{one_line(names[place], 60)} ({one_line(columns[place]['type'], 40)})",
        width=320,
    )
    return columns[chosen]


def _text(dataset: Dataset, column: Mapping[str, Any]) -> None:
    copies = column["duplicates"]
    with st.grid(4, min_column_width=_CARD_WIDTH):
        figure_cards.count("Samples", column["characters"]["count"], color="green")
        figure_cards.count("Characters", column["characters"]["sum"], color="blue")
        figure_cards.count("Characters, mean", column["characters"]["mean"], color="violet")
        figure_cards.count("Words", column["words"]["sum"], color="yellow")
        figure_cards.count("Characters, median", column["characters"]["median"])
        figure_cards.share(
            "Exact copies", copies["share"], help_text=f"{formats.exact(copies['copies'])} samples repeat another one"
        )
        figure_cards.count("Empty", column["empties"] + column["blanks"])
        figure_cards.count("Without text", column["nulls"])
    _lengths(dataset, column)
    if column["scripts"]["scripts"]:
        from mistudio_core.charts.columns import script_bars

        with st.container(border=True):
            figures.draw(script_bars(column), _key(dataset, f"scripts:{column['name']}"))


def _lengths(dataset: Dataset, column: Mapping[str, Any]) -> None:
    from mistudio_core.charts.lengths import length_histogram

    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            chosen = st.radio(
                "Measure", list(_MEASURES), key=_key(dataset, "measure"), horizontal=True, label_visibility="collapsed"
            )
            scale = figures.scale_choice(_key(dataset, "text_scale"))
        unit = _MEASURES.get(chosen, "characters")
        figure = length_histogram(
            column[unit], title=f"Lengths of {one_line(column['name'], 60)}", unit=unit, counted="samples", scale=scale
        )
        figures.draw(figure, _key(dataset, f"lengths:{column['name']}"))


def _values(dataset: Dataset, column: Mapping[str, Any]) -> None:
    from mistudio_core.charts.columns import value_bars, value_histogram

    st.caption(f"{plain(column['type'], 100)} · {formats.exact(column['nulls'])} without a value")
    key = _key(dataset, f"values:{column['name']}")
    with st.container(border=True):
        if column.get("values"):
            figures.draw(value_bars(column), key)
        elif column.get("histogram"):
            figures.draw(value_histogram(column), key)
        else:
            st.caption("Of a column of this type only the missing values are counted.")


def _key(dataset: Dataset, what: str) -> str:
    return keys.of(dataset.id, f"stats_{what}")

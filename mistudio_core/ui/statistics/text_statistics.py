"""The statistics of a dataset's text and columns, from its stored result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from mistudio_core.records import Dataset
from mistudio_core.ui.app import keys
from mistudio_core.ui.app.escape import one_line
from mistudio_core.ui.columns import bar_fields
from mistudio_core.ui.statistics import bar_links, chart_card, summary, token_tables
from mistudio_core.ui.statistics import columns as column_statistics
from mistudio_core.ui.widgets import figure_cards, figures, folding, formats

_CARD_WIDTH: Final = 150
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
        _text(dataset, column, result)
    else:
        column_statistics.draw(dataset, column)
        _splits(dataset, result)
    chart_card.save_json("All statistics (JSON)", result, f"statistics-{dataset.id}", _key(dataset, "json"))


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


def _text(dataset: Dataset, column: Mapping[str, Any], result: Mapping[str, Any]) -> None:
    st.markdown(summary.of_text(column))
    _cards(column)
    left, right = st.columns(2)
    with left:
        _lengths(dataset, column)
        if column.get("datetime"):
            column_statistics.moments_of_texts(dataset, column)
    with right:
        if column.get("values"):
            column_statistics.bars_of_values(dataset, column)
        _scripts(dataset, column)
        _splits(dataset, result)
    if place := folding.section("text_lengths", "Lengths in numbers", icon=":material/straighten:"):
        with place:
            token_tables.summary_table("Lengths", {title: column[measure] for title, measure in _MEASURES.items()})


def _cards(column: Mapping[str, Any]) -> None:
    copies = column["duplicates"]
    with st.grid(4, min_column_width=_CARD_WIDTH):
        figure_cards.count("Samples", column["characters"]["count"] + column["nulls"], color="green")
        figure_cards.count("Characters", column["characters"]["sum"], color="blue")
        figure_cards.count("Average length", column["characters"]["mean"], color="violet")
        figure_cards.count("Words", column["words"]["sum"], color="yellow")
        figure_cards.size("Text", column["bytes"]["sum"])
        figure_cards.share(
            "Duplicates",
            copies["share"],
            help_text=f"{formats.exact(copies['copies'])} samples repeat the text of another",
        )
        figure_cards.count("Empty", column["empties"] + column["blanks"])
        figure_cards.count("Missing text", column["nulls"])
    if not copies["exact"]:
        st.caption(
            ":material/info: Duplicates are estimated from a random sample of the distinct texts; the standard "
            f"error of the share is {100 * copies['standard_error']:.2g} %."
        )


def _scripts(dataset: Dataset, column: Mapping[str, Any]) -> None:
    if not column["scripts"]["scripts"]:
        return
    from mistudio_core.charts.columns import script_bars

    with st.container(border=True):
        name = str(column["name"])
        clicks = bar_links.to_samples(dataset.id, bar_fields.of_script(name))
        figure = script_bars(column, scale=figures.count_scale_choice(_key(dataset, "scripts_scale")))
        chart_card.draw(figure, _key(dataset, f"scripts:{name}"), clicks=clicks)
        if version := column["scripts"].get("unicode"):  # older statistics do not say
            st.caption(f"Letters and scripts as in Unicode {version}.")


def _splits(dataset: Dataset, result: Mapping[str, Any]) -> None:
    if len(result["splits"]) < 2:
        return
    from mistudio_core.charts.columns import split_bars

    with st.container(border=True):
        clicks = bar_links.to_samples(dataset.id, bar_fields.of_split)
        chart_card.draw(split_bars(result), _key(dataset, "splits"), clicks=clicks)


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
        name = str(column["name"])
        clicks = bar_links.to_samples(dataset.id, bar_fields.of_measure(dataset, name, unit))
        chart_card.draw(figure, _key(dataset, f"lengths:{unit}:{name}"), clicks=clicks)
        chart_card.note_if_inexact(column[unit])


def _key(dataset: Dataset, what: str) -> str:
    return keys.of(dataset.id, f"stats_{what}")

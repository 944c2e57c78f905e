"""A chart with its alternative text, and the words and numbers that charts share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import altair as alt
import pyarrow as pa

Scale = Literal["linear", "log"]

HEIGHT: Final = 320
BAR: Final = "bar"  # the name of the selection that holds the clicked bar's fields
EXACT: Final = ",d"  # whole numbers in full, with separators
SHORT: Final = "datum.value < 1 ? '0' : format(datum.value, '~s')"  # 2k, 1.5M: for the labels of axes only
ROUND_VALUES: Final = [0.5, *(step * 10**power for power in range(13) for step in (1, 2, 5))]  # on a logarithmic axis
POWERS: Final = [10**power for power in range(13)]  # on one that spans many of them
PERCENT: Final = ".3~%"
LABEL_WIDTH: Final = 240  # pixels, of the names of values
LABEL_EXTENT: Final = 250  # up to here the title of the axis is moved away from them
SO_FAR: Final = "counted so far"
_LABEL_CHARACTERS: Final = 28
_SIGNS: Final = {" ": "␣", "\n": "↵", "\t": "⇥"}


@dataclass(frozen=True, slots=True)
class Figure:
    """A chart, its alternative text, the rows it shows, and a stem for the names of its files."""

    name: str
    chart: alt.Chart | alt.LayerChart
    alt: str
    data: pa.Table


def rows_table(rows: Iterable[Mapping[str, Any]], fields: Sequence[tuple[str, pa.DataType]]) -> pa.Table:
    """Return rows as a table of these columns; a table, unlike values in the chart, is updated in place on a page."""
    return pa.Table.from_pylist([dict(row) for row in rows], pa.schema(fields))


def titled(text: str, subtitle: str) -> alt.TitleParams:
    """Return a title; the subtitle is always there, so that the layout stays when a live chart becomes final."""
    return alt.TitleParams(text=text, subtitle=subtitle, anchor="start")


def axis_of(scale: Scale, *, powers: bool = False) -> dict[str, Any]:
    """Return how a quantity is labelled on an axis of this scale; on a logarithmic one at 1, 2, 5, 10, 20, ...

    With `powers` only at 1, 10, 100, ..., for what spans many of them.
    """
    values = POWERS if powers else ROUND_VALUES
    ticks = {"values": values, "labelOverlap": "greedy"} if scale == "log" else {"tickMinStep": 1}
    return {"labelExpr": SHORT} | ticks


def count_axis(title: str, scale: Scale) -> dict[str, Any]:
    """Return scale and axis of a count; a symmetric logarithm is linear near 0, so that empty bars have a place."""
    if scale == "linear":
        return {"scale": alt.Scale(zero=True), "axis": alt.Axis(labelExpr=SHORT, tickMinStep=1), "title": title}
    axis = alt.Axis(labelExpr=SHORT, values=[0, *POWERS], labelOverlap="greedy")
    return {"scale": alt.Scale(type="symlog", domainMin=0), "axis": axis, "title": title}


def clickable(fields: Sequence[str]) -> alt.Parameter:
    """Return the selection of one bar; the page reads these fields of it under the name `bar`."""
    return alt.selection_point(name=BAR, fields=list(fields), toggle=False)


def dimmed(selection: alt.Parameter) -> Any:
    """Return the opacity that highlights a clicked bar."""
    return alt.condition(selection, alt.value(1.0), alt.value(0.45))


def exact(number: float | None) -> str:
    """Write a number out in full for alternative text."""
    if number is None:
        return "none"
    return f"{number:,}" if isinstance(number, int) else f"{number:,.4g}" if abs(number) < 1000 else f"{number:,.1f}"


def span(first: int | float, last: int | float) -> str:
    """Name a bin of integers."""
    return f"{first:,}" if first == last else f"{first:,} to {last:,}"


def visible(text: str) -> str:
    """Return a label for a token or a value: white space and unprintable characters shown, long ones cut."""
    shown = "".join(_visible_character(character) for character in text[: _LABEL_CHARACTERS + 1])
    return shown if len(text) <= _LABEL_CHARACTERS else shown[:_LABEL_CHARACTERS] + "…"


def token_label(row: Mapping[str, Any]) -> str:
    """Name a token by its string and its id; two ids may share a string."""
    return f"{visible(row['token'])} · {row['id']}" if row.get("token") is not None else str(row["id"])


def _visible_character(character: str) -> str:
    if character in _SIGNS:
        return _SIGNS[character]
    return character if character.isprintable() else f"\\u{ord(character):04x}"

"""Charts of how sequences use a vocabulary: rank and frequency, top tokens, coverage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import altair as alt
import pyarrow as pa

from mistudio_core.charts.figure import (
    EXACT,
    HEIGHT,
    LABEL_EXTENT,
    LABEL_WIDTH,
    PERCENT,
    SO_FAR,
    Figure,
    Scale,
    axis_of,
    clickable,
    count_axis,
    dimmed,
    exact,
    rows_table,
    titled,
    token_label,
)
from mistudio_core.charts.lines import lines

TOP_ROWS: Final = 30
_ROW_HEIGHT: Final = 16
_CURVE: Final = [("rank", pa.int64()), ("count", pa.int64()), ("covered", pa.float64())]
_TOKENS: Final = [("id", pa.int64()), ("label", pa.string()), ("count", pa.int64()), ("share", pa.float64())]


def rank_frequency(result: Mapping[str, Any], *, scale: Scale = "log") -> Figure:
    """Draw how often the token of each rank occurs; both axes logarithmic, or both linear."""
    curve: Sequence[Mapping[str, Any]] = result["curve"]
    data = rows_table(curve, _CURVE)
    chart = _curve(data, scale, "Frequency of tokens by rank", live=result["live"]).encode(
        y=alt.Y("count:Q", scale=alt.Scale(type=scale, nice=False))
        .title("occurrences (tokens)")
        .axis(**axis_of(scale, powers=True))
    )
    text = "Curve. Frequency of tokens by rank: no token yet."
    if curve:
        text = (
            f"Curve. Frequency of {exact(result['tokens'])} tokens by rank, both axes {_named(scale)}: the most "
            f"frequent id occurs {exact(curve[0]['count'])} times, the last of {exact(curve[-1]['rank'])} ids "
            f"{exact(curve[-1]['count'])} times."
        )
    return Figure("rank-frequency", chart, text, data)


def coverage_curve(result: Mapping[str, Any], *, scale: Scale = "log") -> Figure:
    """Draw which share of all tokens the most frequent ids make up."""
    curve: Sequence[Mapping[str, Any]] = result["curve"]
    data = rows_table(curve, _CURVE)
    chart = _curve(data, scale, "Tokens covered by the most frequent ids", live=result["live"]).encode(
        y=alt.Y("covered:Q", scale=alt.Scale(domain=[0, 1])).title("share of all tokens (%)").axis(format="%")
    )
    needed = ", ".join(f"{row['share']:.4g}: {exact(row['ids'])}" for row in result["coverage"])
    text = f"Curve. Ids needed to cover a share of {exact(result['tokens'])} tokens: {needed or 'none yet'}."
    return Figure("coverage", chart, text, data)


def top_tokens(result: Mapping[str, Any], *, most: int = TOP_ROWS, scale: Scale = "linear") -> Figure:
    """Draw the most frequent tokens as bars. A click selects the `id` under the name `bar`."""
    top: Sequence[Mapping[str, Any]] = result["top_tokens"][:most]
    data = rows_table([dict(row) | {"label": token_label(row)} for row in top], _TOKENS)
    selection = clickable(["id"])
    subtitle = SO_FAR if result["live"] else "all sequences, padding excluded"
    chart = (
        alt.Chart(data, height=alt.Step(_ROW_HEIGHT), title=titled("Most frequent tokens", subtitle))
        .mark_bar()
        .encode(
            x=alt.X("count:Q", **count_axis("occurrences (tokens)", scale)),
            y=alt.Y("label:N", sort=None)
            .title("token · id")
            .axis(labelLimit=LABEL_WIDTH, maxExtent=LABEL_EXTENT, labelOverlap=False),
            opacity=dimmed(selection),
            tooltip=_token_tooltip(),
        )
        .add_params(selection)
    )
    names = ", ".join(f"{row['label']} {exact(row['count'])} times" for row in data.slice(0, 5).to_pylist())
    return Figure("top-tokens", chart, f"Bars. Most frequent tokens: {names or 'none yet'}.", data)


def _curve(data: pa.Table, scale: Scale, title: str, *, live: bool) -> alt.LayerChart:
    tooltip = [
        alt.Tooltip("rank:Q", title="rank", format=EXACT),
        alt.Tooltip("count:Q", title="occurrences", format=EXACT),
        alt.Tooltip("covered:Q", title="cumulative share", format=PERCENT),
    ]
    subtitle = SO_FAR if live else "all sequences, padding excluded"
    return lines(data, tooltip=tooltip, height=HEIGHT, title=titled(title, subtitle)).encode(
        x=alt.X("rank:Q", scale=alt.Scale(type=scale, nice=False))
        .title("rank of the id")
        .axis(**axis_of(scale, powers=True))
    )


def _named(scale: Scale) -> str:
    return "logarithmic" if scale == "log" else "linear"


def _token_tooltip() -> list[alt.Tooltip]:
    return [
        alt.Tooltip("label:N", title="token · id"),
        alt.Tooltip("count:Q", title="occurrences", format=EXACT),
        alt.Tooltip("share:Q", title="share of all tokens", format=PERCENT),
    ]

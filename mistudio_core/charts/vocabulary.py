"""Charts of how sequences use a vocabulary: rank and frequency, top tokens, coverage, positions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import altair as alt
import pyarrow as pa

from mistudio_core.charts.figure import (
    EXACT,
    HEIGHT,
    PERCENT,
    SHORT,
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
    visible,
)

TOP_ROWS: Final = 30
LINE_TOKENS: Final = 6  # lines of one chart that can still be distinguished
_ROW_HEIGHT: Final = 16
_CURVE: Final = [("rank", pa.int64()), ("count", pa.int64()), ("covered", pa.float64())]
_TOKENS: Final = [("id", pa.int64()), ("label", pa.string()), ("count", pa.int64()), ("share", pa.float64())]
_PLACES: Final = [
    ("id", pa.int64()), ("label", pa.string()), ("first", pa.int64()), ("last", pa.int64()), ("end", pa.int64()),
    ("count", pa.int64()), ("share", pa.float64()),
]  # fmt: skip


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
            y=alt.Y("label:N", sort=None).title("token · id").axis(labelLimit=240, labelOverlap=False),
            opacity=dimmed(selection),
            tooltip=_token_tooltip(),
        )
        .add_params(selection)
    )
    names = ", ".join(f"{row['label']} {exact(row['count'])} times" for row in data.slice(0, 5).to_pylist())
    return Figure("top-tokens", chart, f"Bars. Most frequent tokens: {names or 'none yet'}.", data)


def position_lines(positions: Mapping[str, Any], *, ids: Sequence[int] = (), most: int = LINE_TOKENS) -> Figure:
    """Draw the share of each position that a few tokens take; the first ones by default."""
    chosen = [row for row in positions["tokens"] if not ids or row["id"] in ids][:most]
    data = rows_table(_places(positions, chosen), _PLACES)
    chart = (
        alt.Chart(data, height=HEIGHT, title=titled("Token frequency by position", _rows_counted(positions)))
        .mark_line(interpolate="step-after", strokeWidth=1)
        .encode(
            x=_position_axis(),
            y=alt.Y("share:Q").title("share of positions (%)").axis(format="%"),
            color=alt.Color("label:N", sort=None).title("token · id"),
            tooltip=_place_tooltip(),
        )
    )
    names = ", ".join(token_label(row) for row in chosen)
    length = exact(positions["context_length"])
    text = f"Lines. Share of the positions in sequences of {length} tokens taken by: {names}."
    return Figure("positions", chart, text, data)


def position_map(positions: Mapping[str, Any]) -> Figure:
    """Draw every counted token as a row of cells along the position; the darker, the larger its share."""
    data = rows_table(_places(positions, positions["tokens"]), _PLACES)
    chart = (
        alt.Chart(data, height=alt.Step(_ROW_HEIGHT))
        .properties(title=titled("Token frequency by position, per token", _rows_counted(positions)))
        .mark_rect()
        .encode(
            x=_position_axis(),
            x2="end:Q",
            y=alt.Y("label:N", sort=None).title("token · id").axis(labelLimit=240),
            color=alt.Color("share:Q", scale=alt.Scale(type="sqrt")).title("share of positions").legend(format="%"),
            tooltip=_place_tooltip(),
        )
    )
    text = (
        f"Heatmap. Share of the positions in sequences of {exact(positions['context_length'])} tokens for each of "
        f"{len(positions['tokens'])} tokens, in {len(positions['bins'])} bins."
    )
    return Figure("position-map", chart, text, data)


def token_label(row: Mapping[str, Any]) -> str:
    """Name a token by its string and its id; two ids may share a string."""
    return f"{visible(row['token'])} · {row['id']}" if row.get("token") is not None else str(row["id"])


def _curve(data: pa.Table, scale: Scale, title: str, *, live: bool) -> alt.Chart:
    return (
        alt.Chart(data, height=HEIGHT, title=titled(title, SO_FAR if live else "all sequences, padding excluded"))
        .mark_line(point=alt.OverlayMarkDef(size=14))
        .encode(
            x=alt.X("rank:Q", scale=alt.Scale(type=scale, nice=False))
            .title("rank of the id")
            .axis(**axis_of(scale, powers=True)),
            tooltip=[
                alt.Tooltip("rank:Q", title="rank", format=EXACT),
                alt.Tooltip("count:Q", title="occurrences", format=EXACT),
                alt.Tooltip("covered:Q", title="cumulative share", format=PERCENT),
            ],
        )
    )


def _named(scale: Scale) -> str:
    return "logarithmic" if scale == "log" else "linear"


def _position_axis() -> alt.X:
    x = alt.X("first:Q", scale=alt.Scale(nice=False))
    return x.title("position in the sequence (tokens)").axis(labelExpr=SHORT)


def _places(positions: Mapping[str, Any], tokens: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    rows = positions["sequences_counted"]
    return [
        {
            "id": token["id"],
            "label": token_label(token),
            "first": place["first"],
            "last": place["last"],
            "end": place["last"] + 1,
            "count": count,
            "share": count / (rows * (place["last"] - place["first"] + 1)),
        }
        for token in tokens
        for place, count in zip(positions["bins"], token["counts"], strict=True)
        if rows
    ]


def _rows_counted(positions: Mapping[str, Any]) -> str:
    if positions["exact"]:
        return "all sequences, padding excluded"
    return f"{exact(positions['sequences_counted'])} of {exact(positions['sequences'])} sequences, evenly spaced"


def _token_tooltip() -> list[alt.Tooltip]:
    return [
        alt.Tooltip("label:N", title="token · id"),
        alt.Tooltip("count:Q", title="occurrences", format=EXACT),
        alt.Tooltip("share:Q", title="share of all tokens", format=PERCENT),
    ]


def _place_tooltip() -> list[alt.Tooltip]:
    return [
        alt.Tooltip("label:N", title="token · id"),
        alt.Tooltip("first:Q", title="from position", format=EXACT),
        alt.Tooltip("last:Q", title="to position", format=EXACT),
        alt.Tooltip("count:Q", title="occurrences", format=EXACT),
        alt.Tooltip("share:Q", title="share of positions", format=PERCENT),
    ]

"""Charts over the position in a sequence: how often tokens stand there, and where the hits of a search are.

The bins are drawn in equal steps: the first 64 positions, each a bin of its own, would else share 40 pixels of a
sequence of 1,024. What stands for several positions is their mean, so that its height compares with that of one.
"""

from __future__ import annotations

import json
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
    Figure,
    exact,
    rows_table,
    span,
    titled,
    token_label,
)
from mistudio_core.charts.lines import lines

LINE_TOKENS: Final = 6  # lines of one chart that can still be distinguished
_LINES_HEIGHT: Final = 420  # with room for the legend below
_ROW_HEIGHT: Final = 16
_TICKS: Final = 9
_STEPS: Final = (1, 2, 4, 8, 16, 32, 64)
_PLACES: Final = [
    ("id", pa.int64()), ("label", pa.string()), ("place", pa.int64()), ("end", pa.int64()), ("first", pa.int64()),
    ("last", pa.int64()), ("range", pa.string()), ("count", pa.int64()), ("share", pa.float64()),
]  # fmt: skip
_HITS: Final = [
    ("place", pa.int64()), ("end", pa.int64()), ("first", pa.int64()), ("last", pa.int64()), ("range", pa.string()),
    ("count", pa.int64()), ("mean", pa.float64()),
]  # fmt: skip


def position_lines(positions: Mapping[str, Any], *, ids: Sequence[int] = (), most: int = LINE_TOKENS) -> Figure:
    """Draw the share of each position that a few tokens take; the first ones by default."""
    chosen = [row for row in positions["tokens"] if not ids or row["id"] in ids][:most]
    data = rows_table(_places(positions, chosen), _PLACES)
    title = titled("Token frequency by position", _subtitle(positions))
    chart = lines(
        data, tooltip=_tooltip(), height=_LINES_HEIGHT, title=title, points=False, interpolate="step", strokeWidth=1.5
    )
    chart = chart.transform_calculate(middle="datum.place + 0.5").encode(
        x=_axis("middle", positions["bins"]),
        y=alt.Y("share:Q").title("share of positions (%)").axis(format="%"),
        color=alt.Color("label:N", sort=None).title(None).legend(orient="bottom", columns=2, labelLimit=120),
    )
    named = "; ".join(f"{token_label(row)}, {_first_shares(positions, row)}" for row in chosen)
    length = exact(positions["context_length"])
    return Figure("positions", chart, f"Lines. Share of each position in sequences of {length} tokens. {named}.", data)


def position_map(positions: Mapping[str, Any]) -> Figure:
    """Draw every counted token as a row of cells along the position; the darker, the larger its share."""
    data = rows_table(_places(positions, positions["tokens"]), _PLACES)
    chart = (
        alt.Chart(data, height=alt.Step(_ROW_HEIGHT))
        .properties(title=titled("Token frequency by position, per token", _subtitle(positions)))
        .mark_rect()
        .encode(
            x=_axis("place", positions["bins"]),
            x2="end:Q",
            y=alt.Y("label:N", sort=None)
            .title("token · id")
            .axis(labelLimit=LABEL_WIDTH, maxExtent=LABEL_EXTENT, labelOverlap=False),
            color=alt.Color("share:Q", scale=alt.Scale(type="sqrt")).title("share of positions").legend(format="%"),
            tooltip=_tooltip(),
        )
    )
    text = (
        f"Heatmap. Share of the positions in sequences of {exact(positions['context_length'])} tokens for each of "
        f"{len(positions['tokens'])} tokens, in {len(positions['bins'])} bins."
    )
    return Figure("position-map", chart, text, data)


def hits_by_position(bins: Sequence[Mapping[str, int]]) -> Figure:
    """Draw how many hits begin at each position, from the bins `{"first", "last", "count"}` of a search."""
    rows = [
        dict(row) | _where(place, row) | {"mean": row["count"] / (row["last"] - row["first"] + 1)}
        for place, row in enumerate(bins)
    ]
    data = rows_table(rows, _HITS)
    parts = ["position in the sequence where a hit begins", _means(bins)]
    chart = (
        alt.Chart(data, height=HEIGHT, title=titled("Hits by position", " · ".join(part for part in parts if part)))
        .mark_bar(binSpacing=0)
        .encode(
            x=_axis("place", bins),
            x2="end:Q",
            y=alt.Y("mean:Q").title("hits per position").axis(tickMinStep=1 if not _means(bins) else 0),
            tooltip=[
                alt.Tooltip("range:N", title="position"),
                alt.Tooltip("count:Q", title="hits", format=EXACT),
            ],
        )
    )
    text = "Histogram. Hits by position: none."
    if rows:
        fullest = max(rows, key=lambda row: row["mean"])
        text = f"Histogram. Hits by position in the sequence: most, {exact(fullest['count'])}, at {fullest['range']}."
    return Figure("token-hits", chart, text, data)


def _places(positions: Mapping[str, Any], tokens: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    if not positions["sequences_counted"]:
        return []
    return [
        {
            "id": token["id"],
            "label": token_label(token),
            "first": row["first"],
            "last": row["last"],
            "count": count,
            "share": _share(positions, row, count),
        }
        | _where(place, row)
        for token in tokens
        for place, (row, count) in enumerate(zip(positions["bins"], token["counts"], strict=True))
    ]


def _where(place: int, row: Mapping[str, int]) -> dict[str, Any]:
    return {"place": place, "end": place + 1, "range": span(row["first"], row["last"])}


def _share(positions: Mapping[str, Any], row: Mapping[str, int], count: int) -> float:
    return count / (positions["sequences_counted"] * (row["last"] - row["first"] + 1))


def _first_shares(positions: Mapping[str, Any], token: Mapping[str, Any]) -> str:
    """Return in words what a token's line shows first: its share of the first position, and its largest elsewhere."""
    if not positions["sequences_counted"] or not token["counts"]:
        return "not counted"
    bins = positions["bins"]
    shares = [_share(positions, row, count) for row, count in zip(bins, token["counts"], strict=True)]
    text = f"{shares[0]:.2%} at {span(bins[0]['first'], bins[0]['last'])}"
    if len(shares) > 1:
        largest = max(range(1, len(shares)), key=shares.__getitem__)
        text += f", then at most {shares[largest]:.2%}, at {span(bins[largest]['first'], bins[largest]['last'])}"
    return text


def _axis(field: str, bins: Sequence[Mapping[str, int]]) -> alt.X:
    """Return the axis of bins in equal steps, labelled by their first positions."""
    starts = [f"{row['first']:,}" for row in bins]
    axis = alt.Axis(
        values=[place + 0.5 for place in _ticks(bins)],
        labelExpr=f"{json.dumps(starts)}[floor(datum.value)]",
        labelOverlap="greedy",
        labelSeparation=8,
        grid=False,
    )
    scale = alt.Scale(domain=[0, max(1, len(bins))], nice=False)
    return alt.X(f"{field}:Q", scale=scale, axis=axis).title("position in the sequence (tokens)")


def _ticks(bins: Sequence[Mapping[str, int]]) -> list[int]:
    """Return the numbers of the bins that are labelled: round positions, where bins become wider, and the last one."""
    if not bins:
        return []
    step = next((step for step in _STEPS if len(bins) <= step * _TICKS), _STEPS[-1])
    wide = [place for place, row in enumerate(bins) if row["last"] > row["first"]]
    single = range(0, wide[0] if wide else len(bins), min(step, 16) if wide else step)
    between = wide[:: max(1, len(wide) // 4)]
    return sorted({*single, *between, len(bins) - 1})


def _means(bins: Sequence[Mapping[str, int]]) -> str:
    wide = [row for row in bins if row["last"] > row["first"]]
    if not wide:
        return ""
    width = wide[0]["last"] - wide[0]["first"] + 1
    return f"positions {wide[0]['first']:,} to {wide[-1]['last']:,} as means of {width}"


def _subtitle(positions: Mapping[str, Any]) -> str:
    counted = "all sequences, padding excluded"
    if not positions["exact"]:
        counted = f"{exact(positions['sequences_counted'])} of {exact(positions['sequences'])} sequences, evenly spaced"
    means = _means(positions["bins"])
    return f"{counted} · {means}" if means else counted


def _tooltip() -> list[alt.Tooltip]:
    return [
        alt.Tooltip("label:N", title="token · id"),
        alt.Tooltip("range:N", title="position"),
        alt.Tooltip("count:Q", title="occurrences", format=EXACT),
        alt.Tooltip("share:Q", title="share of positions", format=PERCENT),
    ]

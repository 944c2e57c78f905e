"""Histograms of lengths: documents in tokens, samples in characters, bytes or words; and of scalar columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import altair as alt
import pyarrow as pa

from mistudio_core.charts.figure import (
    EXACT,
    HEIGHT,
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
    span,
    titled,
)

_FIELDS: Final = [
    ("first", pa.int64()), ("last", pa.int64()), ("from", pa.float64()), ("to", pa.float64()),
    ("range", pa.string()), ("count", pa.int64()), ("share", pa.float64()),
]  # fmt: skip
_ZERO_ON_LOG: Final = 0.5  # where the bin of length 0 begins on a logarithmic axis, which has no 0


def length_histogram(
    lengths: Mapping[str, Any], *, title: str, unit: str, counted: str = "documents", scale: Scale = "log",
    count_scale: Scale = "linear", live: bool = False,
) -> Figure:  # fmt: skip
    """Draw the histogram of lengths: the `linear` bins over a linear axis or the `log` bins over a logarithmic one.

    lengths: a summary with `linear` and `log` bins, such as `document_tokens` of a tokenization's result. A click on a
    bar selects its `first` and `last` (both inclusive) under the name `bar`.
    """
    bins: Sequence[Mapping[str, Any]] = lengths[scale]
    data = rows_table(_rows(bins, lengths["count"], scale), _FIELDS)
    selection = clickable(["first", "last"])
    chart = (
        alt.Chart(data, height=HEIGHT, title=titled(title, SO_FAR if live else f"all {counted}"))
        .mark_bar(binSpacing=1)
        .encode(
            x=alt.X("from:Q", bin="binned", scale=alt.Scale(type=scale, nice=scale == "linear"))
            .title(f"length ({unit})")
            .axis(grid=False, **axis_of(scale)),
            x2="to:Q",
            y=alt.Y("count:Q", **count_axis(f"number of {counted}", count_scale)),
            opacity=dimmed(selection),
            tooltip=[
                alt.Tooltip("range:N", title=unit),
                alt.Tooltip("count:Q", title=counted, format=EXACT),
                alt.Tooltip("share:Q", title="share", format=PERCENT),
            ],
        )
        .add_params(selection)
    )
    return Figure(f"{unit}-histogram", chart, _alt(lengths, bins, title, unit, counted, live=live), data)


def _rows(bins: Sequence[Mapping[str, Any]], total: int, scale: Scale) -> list[dict[str, Any]]:
    zero = _ZERO_ON_LOG if scale == "log" else 0
    return [
        {
            "first": row["first"],
            "last": row["last"],
            "from": row["first"] or zero,
            "to": row["last"] + 1,
            "range": span(row["first"], row["last"]),
            "count": row["count"],
            "share": row["count"] / total,
        }
        for row in bins
    ]


def _alt(
    lengths: Mapping[str, Any], bins: Sequence[Mapping[str, Any]], title: str, unit: str, counted: str, *, live: bool
) -> str:
    if not lengths["count"]:
        return f"{title}: no {counted} yet." if live else f"{title}: no {counted}."
    fullest = max(bins, key=lambda row: row["count"])
    so_far = f", {SO_FAR}" if live else ""
    return (
        f"Histogram. {title}{so_far}: {exact(lengths['count'])} {counted} of {exact(lengths['min'])} to "
        f"{exact(lengths['max'])} {unit}, median {exact(lengths['median'])}, mean {exact(lengths['mean'])}. "
        f"The fullest bar is {span(fullest['first'], fullest['last'])} {unit} with {exact(fullest['count'])} {counted}."
    )

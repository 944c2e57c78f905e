"""Charts of a dataset's columns: splits, labels, scripts, and histograms of scalar values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import altair as alt
import pyarrow as pa

from mistudio_core.charts.edges import edge_axis, edge_labels
from mistudio_core.charts.figure import (
    EXACT,
    HEIGHT,
    LABEL_EXTENT,
    LABEL_WIDTH,
    PERCENT,
    Figure,
    Scale,
    clickable,
    count_axis,
    dimmed,
    exact,
    rows_table,
    span,
    titled,
    visible,
)

MOST_BARS: Final = 30
_ROW_HEIGHT: Final = 22
_NAMED: Final = [("value", pa.string()), ("label", pa.string()), ("count", pa.int64()), ("share", pa.float64())]
_BINS: Final = [
    ("place", pa.int64()), ("end", pa.int64()), ("range", pa.string()), ("first", pa.string()), ("last", pa.string()),
    ("count", pa.int64()), ("share", pa.float64()),
]  # fmt: skip


def split_bars(result: Mapping[str, Any], *, scale: Scale = "linear") -> Figure:
    """Draw the samples of each split of a dataset's result. A click selects the split's name as `value`."""
    rows = [{"value": name} | _counted(split["samples"], split["share"]) for name, split in result["splits"].items()]
    return _bars(rows, "splits", "Samples by split", "split", "samples", scale=scale)


def script_bars(column: Mapping[str, Any], *, scale: Scale = "linear") -> Figure:
    """Draw the scripts of a text column's letters."""
    rows = [{"value": row["script"]} | _counted(row["letters"], row["share"]) for row in column["scripts"]["scripts"]]
    return _bars(rows, "scripts", f"Letters of {visible(column['name'])} by script", "script", "letters", scale=scale)


def value_bars(column: Mapping[str, Any], *, scale: Scale = "linear") -> Figure:
    """Draw the values of a label column, or any column whose values are few. A click selects the `value`."""
    present = sum(row["count"] for row in column["values"])
    rows = [
        {"value": str(row["value"])} | _counted(row["count"], row["count"] / (present or 1)) for row in column["values"]
    ]
    return _bars(rows, "values", f"Values of {visible(column['name'])}", "value", "samples", scale=scale)


def value_histogram(column: Mapping[str, Any], *, scale: Scale = "linear") -> Figure:
    """Draw the ten bins of a column of numbers or moments. A click selects `first` and `last`, as texts.

    The bins are placed by their number, so that neither integers beyond 2**53 nor moments lose a digit.
    """
    bins: Sequence[Mapping[str, Any]] = column["histogram"]
    present = sum(row["count"] for row in bins)
    rows = [
        {
            "place": place,
            "end": place + 1,
            "range": named,
            "first": str(row["first"]),
            "last": str(row["last"]),
            "count": row["count"],
            "share": row["count"] / present,
        }
        for place, (row, named) in enumerate(zip(bins, _ranges(bins, column["kind"]), strict=True))
    ]
    data = rows_table(rows, _BINS)
    selection = clickable(["first", "last"])
    name = visible(column["name"])
    unit = f" ({column['unit']})" if column.get("unit") else ""
    chart = (
        alt.Chart(data, height=HEIGHT, title=titled(f"Histogram of {name}", _exactness(column)))
        .mark_bar(binSpacing=1)
        .encode(
            x=edge_axis(edge_labels(bins, column["kind"])).bin("binned").title(f"{name}{unit}"),
            x2="end:Q",
            y=alt.Y("count:Q", **count_axis("number of samples", scale)),
            opacity=dimmed(selection),
            tooltip=[
                alt.Tooltip("range:N", title=name),
                alt.Tooltip("count:Q", title="samples", format=EXACT),
                alt.Tooltip("share:Q", title="share", format=PERCENT),
            ],
        )
        .add_params(selection)
    )
    text = f"Histogram. {name}: no value."
    if rows:
        bounds = f"{column['min']} to {column['max']}, median {column['median']}"
        text = f"Histogram. {name}: {exact(present)} values, {bounds}."
    return Figure("histogram", chart, text, data)


def _bars(rows: Sequence[Mapping[str, Any]], name: str, title: str, what: str, counted: str, *, scale: Scale) -> Figure:
    shown = rows[:MOST_BARS]
    data = rows_table([dict(row) | {"label": visible(row["value"])} for row in shown], _NAMED)
    selection = clickable(["value"])
    subtitle = f"all {len(rows)}" if len(rows) == len(shown) else f"the first {len(shown)} of {len(rows)}"
    chart = (
        alt.Chart(data, height=alt.Step(_ROW_HEIGHT), title=titled(title, subtitle))
        .mark_bar()
        .encode(
            x=alt.X("count:Q", **count_axis(f"number of {counted}", scale)),
            # Two values may have one label, so the rows are identified by the value.
            y=alt.Y("value:N", sort=None).title(what).axis(labelLimit=LABEL_WIDTH, maxExtent=LABEL_EXTENT),
            opacity=dimmed(selection),
            tooltip=[
                alt.Tooltip("label:N", title=what),
                alt.Tooltip("count:Q", title=counted, format=EXACT),
                alt.Tooltip("share:Q", title="share", format=PERCENT),
            ],
        )
        .add_params(selection)
    )
    named = ", ".join(f"{row['label']} {exact(row['count'])}" for row in data.slice(0, 5).to_pylist())
    return Figure(name, chart, f"Bars. {title}: {named or 'none'}.", data)


def _counted(count: int, share: float) -> dict[str, Any]:
    return {"count": count, "share": share}


def _ranges(bins: Sequence[Mapping[str, Any]], kind: str) -> list[str]:
    if kind == "integer":
        return [span(row["first"], row["last"]) for row in bins]
    if kind == "float":
        short = [f"{row['first']:.6g} to {row['last']:.6g}" for row in bins]
        if len(set(short)) == len(bins):
            return short
    return [f"{row['first']} to {row['last']}" for row in bins]


def _exactness(column: Mapping[str, Any]) -> str:
    if column["exact"]:
        return "all values"
    return f"all values, bins accurate to {column['relative_error']:.2%} of a value"

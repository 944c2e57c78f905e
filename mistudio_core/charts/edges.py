"""Labels for the edges of bins: short where that tells them apart, and in full where it does not."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

import altair as alt

_FULL: Final = 10_000  # below it, a whole number is short enough to be written out
_UNITS: Final = ((10**12, "T"), (10**9, "B"), (10**6, "M"), (10**3, "k"))
_LARGEST: Final = 10**15  # beyond the units
_DIGITS: Final = range(3, 18)


def edge_labels(bins: Sequence[Mapping[str, Any]], kind: str) -> list[str]:
    """Return a label for each edge of the bins from left to right; of one bin of one value, that value alone."""
    if not bins:
        return []
    edges = [row["first"] for row in bins] + [bins[-1]["last"]]
    if len(edges) == 2 and edges[0] == edges[1]:
        edges = edges[:1]
    if kind == "float":
        return _first_that_differ(
            (_floats(edges, digits) for digits in _DIGITS), lambda: [repr(edge) for edge in edges]
        )
    if kind == "integer":
        return _first_that_differ(
            (_integers(edges, digits) for digits in range(3, 7)), lambda: [f"{edge:,}" for edge in edges]
        )
    days = [str(edge).split("T", maxsplit=1)[0] for edge in edges]
    minutes = [str(edge).replace("T", " ")[:16] for edge in edges]
    return _first_that_differ([days, minutes], lambda: [str(edge).replace("T", " ") for edge in edges])


def edge_axis(labels: Sequence[str]) -> alt.X:
    """Return the axis of adjacent bins, bin k from k to k + 1, in the fields `place` and `end`."""
    bins = max(len(labels) - 1, 1)
    values = list(range(len(labels))) if len(labels) > 1 else [0.5]
    # The labels are a list of texts: what is in a column cannot become an expression.
    named = f"{json.dumps(list(labels))}[floor(datum.value)]"
    return alt.X("place:Q", scale=alt.Scale(domain=[0, bins], nice=False)).axis(
        values=values,
        labelExpr=named,
        labelOverlap="greedy",
        labelSeparation=12,
        labelLimit=240,
        labelFlush=True,
        grid=False,
    )


def _first_that_differ(candidates: Iterable[list[str]], otherwise: Callable[[], list[str]]) -> list[str]:
    return next((labels for labels in candidates if len(set(labels)) == len(labels)), None) or otherwise()


def _floats(edges: Sequence[float], digits: int) -> list[str]:
    return [f"{edge:.{digits}g}" for edge in edges]


def _integers(edges: Sequence[int], digits: int) -> list[str]:
    largest = max(abs(edge) for edge in edges)
    if largest >= _LARGEST:
        return [f"{edge:.{digits}g}" for edge in edges]
    size, unit = next(((size, unit) for size, unit in _UNITS if largest >= max(size, _FULL)), (1, ""))
    if size == 1:
        return [f"{edge:,}" for edge in edges]
    return [f"{edge / size:,.{digits}g}{unit}" if edge else "0" for edge in edges]

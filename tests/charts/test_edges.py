"""The edges of bins: told apart, short where that is enough, and never an expression of their own."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest

from mistudio_core.charts.columns import script_bars, value_histogram
from mistudio_core.charts.edges import edge_axis, edge_labels
from mistudio_core.charts.lengths import length_histogram
from mistudio_core.charts.vocabulary import top_tokens


def bins(*edges: Any) -> list[dict[str, Any]]:
    """Return bins between these edges."""
    return [{"first": first, "last": last, "count": 1} for first, last in pairwise(edges)]


@pytest.mark.parametrize(
    ("kind", "edges", "labels"),
    [
        ("integer", (0, 5, 9), ["0", "5", "9"]),
        ("integer", (0, 1500, 20_000), ["0", "1.5k", "20k"]),
        ("integer", (2**53, 2**53 + 1, 2**53 + 2), [f"{2**53 + step:,}" for step in range(3)]),
        ("integer", (-(2**63), 0, 2**63 - 1), ["-9.22e+18", "0", "9.22e+18"]),
        ("float", (0.0, 0.5, 1.0), ["0", "0.5", "1"]),
        ("float", (1.0, 1.0 + 1e-9, 1.0 + 2e-9), ["1", "1.000000001", "1.000000002"]),
        ("float", (2.5, 2.5), ["2.5"]),
        ("datetime", ("2026-01-01T00:00:00", "2026-01-02T00:00:00"), ["2026-01-01", "2026-01-02"]),
        ("datetime", ("2026-01-01T10:00:00Z", "2026-01-01T11:00:00Z"), ["2026-01-01 10:00", "2026-01-01 11:00"]),
        ("datetime", ("2026-01-01T10:00:01", "2026-01-01T10:00:02"), ["2026-01-01 10:00:01", "2026-01-01 10:00:02"]),
    ],
)
def test_edges_are_told_apart(kind: str, edges: tuple[Any, ...], labels: list[str]) -> None:
    assert edge_labels(bins(*edges), kind) == labels


def test_no_bins_have_no_edges() -> None:
    assert edge_labels([], "integer") == []


def test_what_is_in_a_column_is_a_text_and_no_expression() -> None:
    hostile = ["'] + alert(1) + ['", '"\n\\']
    expression = edge_axis(hostile).to_dict()["axis"]["labelExpr"]
    assert json.loads(expression.removesuffix("[floor(datum.value)]")) == hostile


@pytest.mark.parametrize(("scale", "first"), [("linear", 0.0), ("log", 0.5)])
def test_the_bin_of_nothing_begins_at_nothing(scale: Any, first: float) -> None:
    rows = [{"first": length, "last": length, "count": 1} for length in range(3)]
    lengths = {"linear": rows, "log": rows, "count": 3, "min": 0, "max": 2, "median": 1, "mean": 1.0}
    drawn = length_histogram(lengths, title="Lengths", unit="elements", scale=scale).data.to_pylist()
    assert [(row["from"], row["to"]) for row in drawn] == [(first, 1.0), (1.0, 2.0), (2.0, 3.0)]


@pytest.mark.parametrize("scale", ["linear", "log"])
def test_counts_can_be_drawn_on_a_logarithm(scale: Any) -> None:
    column = {
        "name": "x",
        "kind": "integer",
        "histogram": bins(0, 5, 9),
        "exact": True,
        "min": 0,
        "max": 9,
        "median": 5,
    }
    scripts = {"name": "x", "scripts": {"scripts": [{"script": "Latin", "letters": 5, "share": 1.0}]}}
    tokens = {"top_tokens": [{"id": 1, "token": "a", "count": 5, "share": 1.0}], "live": False}
    figures = [
        (value_histogram(column, scale=scale), "y"),
        (script_bars(scripts, scale=scale), "x"),
        (top_tokens(tokens, scale=scale), "x"),
    ]
    for figure, axis in figures:
        drawn = figure.chart.to_dict()["encoding"][axis]
        assert drawn["title"]
        assert drawn["scale"].get("type") == ("symlog" if scale == "log" else None)

"""Statistics in the slow and obvious way, for tests to compare with."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

Numbers = Sequence[int] | Sequence[float]


def number(value: Fraction | None, *, floats: bool) -> int | float | None:
    """Return what JSON would hold: an int where a column of integers has a whole number, None beyond all floats."""
    if value is None:
        return None
    if not floats and value.denominator == 1:
        return value.numerator
    try:
        return float(value)
    except OverflowError:
        return None


def percentile(values: Numbers, percent: int) -> Fraction | None:
    """Return the percentile by linear interpolation between the two nearest values."""
    if not values:
        return None
    ordered = sorted(Fraction(value) for value in values)
    place = Fraction(percent * (len(values) - 1), 100)
    below = int(place)
    above = min(below + 1, len(values) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def deviation(values: Numbers) -> float | None:
    """Return the standard deviation with divisor n - 1."""
    if len(values) < 2:
        return None
    try:
        return float(statistics.stdev([Fraction(value) for value in values]))
    except OverflowError:
        return None


def summary(values: Numbers, percentiles: Sequence[int], *, floats: bool) -> dict[str, Any]:
    """Return everything that `Distribution.summary` does while it is exact."""
    total = sum((Fraction(value) for value in values), Fraction(0))
    return {
        "count": len(values),
        "sum": number(total, floats=floats),
        "min": number(Fraction(min(values)) if values else None, floats=floats),
        "max": number(Fraction(max(values)) if values else None, floats=floats),
        "mean": number(total / len(values), floats=True) if values else None,
        "std": deviation(values),
        "median": number(percentile(values, 50), floats=floats),
        "percentiles": {str(percent): number(percentile(values, percent), floats=floats) for percent in percentiles},
        "distinct": len(set(values)),
        "exact": True,
        "relative_error": 0.0,
    }

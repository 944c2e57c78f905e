"""Distributions of moments: counted as integers, reported as ISO 8601 texts."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, Final

import numpy as np

from mistudio_core.statistics.distributions import PERCENTILES, IntegerDistribution
from mistudio_core.statistics.histograms import integer_bins

_PER_SECOND: Final = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_SECONDS_PER_DAY: Final = 86_400


def moments_result(moments: IntegerDistribution, unit: str, zone: str | None) -> dict[str, Any]:
    """Return min, max, mean, median, percentiles and bins as texts, and the deviation in seconds.

    `unit` is `s`, `ms`, `us`, `ns` or `D` (days) since 1970; means and medians are rounded down to it. Bins are closed
    on both sides, in whole units. `zone` is the time zone of the column: the texts are then in UTC and end in `Z`.
    """
    summary = moments.summary()
    ends = moments.ends()
    deviation = summary["std"]
    seconds = _SECONDS_PER_DAY if unit == "D" else Fraction(1, _PER_SECOND[unit])

    def text(value: Fraction | None) -> str | None:
        return None if value is None else moment_text(int(value // 1), unit, zone)

    return {
        "count": moments.count,
        "min": text(ends and ends[0]),
        "max": text(ends and ends[1]),
        "mean": text(moments.sums.sum() / moments.count if moments.count else None),
        "std_seconds": None if deviation is None else deviation * float(seconds),
        "median": text(moments.percentile(50)),
        "percentiles": {str(percent): text(moments.percentile(percent)) for percent in PERCENTILES},
        "exact": summary["exact"],
        "relative_error": summary["relative_error"],
        "histogram": [
            row | {"first": moment_text(row["first"], unit, zone), "last": moment_text(row["last"], unit, zone)}
            for row in integer_bins(moments)
        ],
    }


def moment_text(value: int, unit: str, zone: str | None) -> str:
    """Write a moment; years beyond 9999 and before 1 are written as NumPy does."""
    return str(np.int64(value).astype(f"datetime64[{unit}]")) + ("Z" if zone else "")

"""Bins of distributions. A bin is `{"first", "last", "count"}`, both ends inclusive for integers.

Lengths get two histograms whose edges follow from nothing but the maximum, so that a histogram that grows while a job
runs does not jump: `linear_bins` (widths of 1, 2 or 5 times a power of ten) and `log_bins` (four bins to a doubling).
Scalar columns get ten bins over their range (`integer_bins`, `float_bins`), as dataset-viewer has them, but: an integer
bin never takes in the next one's value, integers of any size stay integers, and float edges are a linear space, so that
rounding adds no eleventh bin. A float bin is closed below and open above; the last one is closed.
"""

from __future__ import annotations

from math import isqrt
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from mistudio_core.errors import StudioError
from mistudio_core.statistics.counts import Integers
from mistudio_core.statistics.distributions import FloatDistribution, IntegerDistribution, key_floats
from mistudio_core.statistics.sums import as_number

Bin = dict[str, Any]

SCALAR_BINS: Final = 10
LINEAR_BINS: Final = 50
_QUARTERS: Final = 63 * 4  # up to 2**63, the end of int64


def _log_starts() -> Integers:
    quarters = [isqrt(isqrt(1 << quarter)) for quarter in range(13, _QUARTERS)]  # 2 ** (quarter / 4), rounded down
    return np.array([*range(9), *quarters], np.int64)


LOG_STARTS: Final = _log_starts()  # 0, 1, ..., 8, 9, 11, 13, 16, 19, 22, 26, 32, ...: the first value of each bin
LOG_LASTS: Final = np.append(LOG_STARTS[1:] - 1, np.int64((1 << 63) - 1))


def log_index(values: npt.NDArray[np.integer]) -> Integers:
    """Return, for each non-negative integer, the number of its bin in `LOG_STARTS`."""
    return np.searchsorted(LOG_STARTS, values.astype(np.int64, copy=False), side="right") - 1


def log_bins(distribution: IntegerDistribution) -> list[Bin]:
    """Return four bins per doubling, from the least to the greatest of non-negative integers, empty ones included."""
    values, counts = distribution.support()
    if not len(values):
        return []
    places = log_index(values)
    sums = _summed(places, counts)
    return [
        _bin(int(LOG_STARTS[place]), int(LOG_LASTS[place]), int(sums[place]))
        for place in range(int(places[0]), int(places[-1]) + 1)
    ]


def linear_bins(distribution: IntegerDistribution, most: int = LINEAR_BINS) -> list[Bin]:
    """Return bins of one round width, from 0 to the greatest of non-negative integers; at most `most` of them."""
    values, counts = distribution.support()
    if not len(values):
        return []
    width = round_width(int(values[-1]) + 1, most)
    sums = _summed(values // width, counts)
    return [_bin(place * width, (place + 1) * width - 1, count) for place, count in enumerate(sums.tolist())]


def round_width(span: int, most: int) -> int:
    """Return the least of 1, 2, 5, 10, 20, 50, ... that covers `span` in at most `most` steps."""
    scale = 1
    while True:
        for step in (1, 2, 5):
            if step * scale * most >= span:
                return step * scale
        scale *= 10


def integer_bins(distribution: IntegerDistribution) -> list[Bin]:
    """Return at most ten bins of integers of width ceil((max - min + 1) / 10); the last ends at max."""
    values, counts = distribution.support()
    if not len(values):
        return []
    ends = distribution.ends()
    assert ends is not None
    least, greatest = int(ends[0]), int(ends[1])
    width = -(-(greatest - least + 1) // SCALAR_BINS)
    stored = np.uint64((least - distribution.offset) % (1 << 64))
    places = ((values.view(np.uint64) - stored) // np.uint64(width)).astype(np.int64)  # wraps to the true difference
    sums = _checked(_summed(places, counts), distribution.count)
    return [
        _bin(least + place * width, min(least + (place + 1) * width - 1, greatest), count)
        for place, count in enumerate(sums.tolist())
    ]


def float_bins(distribution: FloatDistribution) -> list[Bin]:
    """Return ten bins of equal width, fewer where the floats between min and max do not suffice."""
    keys, counts = distribution.support()
    if not len(keys):
        return []
    values = key_floats(keys)
    ends = distribution.ends()
    assert ends is not None
    least, greatest = float(ends[0]), float(ends[1])
    steps = np.arange(SCALAR_BINS + 1) / SCALAR_BINS
    edges = np.unique(
        np.clip(least * (1 - steps) + greatest * steps, least, greatest)
    )  # no overflow, whatever the range
    if len(edges) == 1:
        return [_bin(least, greatest, distribution.count)]
    places = np.minimum(np.searchsorted(edges, values, side="right") - 1, len(edges) - 2)
    sums = _checked(_summed(places, counts, len(edges) - 1), distribution.count)
    return [
        _bin(first, last, count)
        for first, last, count in zip(edges[:-1].tolist(), edges[1:].tolist(), sums, strict=True)
    ]


def value_rows(distribution: IntegerDistribution, most: int) -> list[dict[str, Any]] | None:
    """Return every distinct value with its count, or None where there are more than `most`."""
    if not distribution.exact:
        return None
    keys, counts = distribution.support()
    if len(keys) > most:
        return None
    return [
        {"value": as_number(distribution.number(key)), "count": count}
        for key, count in zip(keys.tolist(), counts.tolist(), strict=True)
    ]


def _summed(places: Integers, counts: Integers, length: int = 0) -> Integers:
    sums = np.zeros(max(length, int(places[-1]) + 1), np.int64)
    np.add.at(sums, places, counts)
    return sums


def _checked(sums: Integers, count: int) -> Integers:
    if int(sums.sum()) != count:
        raise StudioError("internal", f"A histogram holds {int(sums.sum())} values where {count} were counted.")
    return sums


def _bin(first: int | float, last: int | float, count: int) -> Bin:
    return {"first": first, "last": last, "count": int(count)}

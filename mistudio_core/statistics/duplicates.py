"""How many texts occur more than once, by their 64-bit content hashes.

Exact up to `DISTINCT_LIMIT` distinct texts. Beyond it only the texts whose hash begins with enough zero bits are kept:
a fair sample of the distinct texts, each with all of its copies, and the result states the standard error. Which hashes
are kept follows from the data, not from its order. Two different texts with one hash would count as copies: among 100
million texts the chance of a single such pair is 3 in 10,000.
"""

from __future__ import annotations

from math import sqrt
from typing import Any, Final

import numpy as np

from mistudio_core.statistics.counts import Integers, ValueCounts
from mistudio_core.statistics.measures import Hashes

DISTINCT_LIMIT: Final = 1 << 21  # 32 MiB of hashes and counts


class DuplicateCounts:
    """An accumulator of content hashes."""

    def __init__(self, limit: int = DISTINCT_LIMIT) -> None:
        """Keep at most `limit` distinct hashes (and those that wait to be sorted in)."""
        self.limit = limit
        self.samples = 0
        self._level = 0  # hashes are kept whose first bits, so many, are all zero
        self._counts = ValueCounts(limit)

    def add(self, hashes: Hashes) -> None:
        """Count the hash of each text."""
        self.samples += len(hashes)
        self._counts.add(_at_level(hashes.view(np.int64), self._level))
        self._thin(self._counts.distinct_at_least)

    def merge(self, other: DuplicateCounts) -> None:
        """Take in what another one has counted; the limits must agree."""
        if self.limit != other.limit:
            raise ValueError("these counts were not made alike")
        self.samples += other.samples
        self._raise_to(max(self._level, other._level))
        values, counts = other._counts.values, other._counts.counts
        inside = _inside(values, self._level)
        self._counts.add_counts(values[inside], counts[inside])
        self._thin(self._counts.distinct_at_least)

    def result(self) -> dict[str, Any]:
        """Return distinct texts, copies beyond the first, their share, texts that have copies and the largest group."""
        self._thin(len(self._counts.values))
        counts = self._counts.counts
        counted, distinct = int(counts.sum()), len(counts)
        share = (counted - distinct) / counted if counted else 0.0
        exact = self._level == 0
        scale = 1.0 if exact or not counted else self.samples / counted
        return {
            "distinct": distinct if exact else round(distinct * scale),
            "copies": counted - distinct if exact else round((counted - distinct) * scale),
            "share": share,
            "texts_with_copies": round(int(np.count_nonzero(counts > 1)) * scale),
            "largest_group": int(counts.max(initial=0)),
            "exact": exact,
            "standard_error": 0.0 if exact else _standard_error(counts, distinct / counted if counted else 0.0),
        }

    def _thin(self, distinct: int) -> None:
        while distinct > self.limit:
            self._raise_to(self._level + 1)
            distinct = len(self._counts.values)

    def _raise_to(self, level: int) -> None:
        if level > self._level:
            values, counts = self._counts.values, self._counts.counts
            inside = _inside(values, level)
            self._level, self._counts = level, ValueCounts(self.limit)
            self._counts.add_counts(values[inside], counts[inside])


def _inside(values: Integers, level: int) -> np.ndarray[Any, np.dtype[np.bool_]]:
    return values.view(np.uint64) >> np.uint64(64 - level) == 0 if level else np.ones(len(values), np.bool_)


def _at_level(values: Integers, level: int) -> Integers:
    return values[_inside(values, level)] if level else values


def _standard_error(counts: Integers, ratio: float) -> float:
    """Return that of a ratio estimated from a sample of groups (linearised; Cochran, Sampling Techniques, ch. 6)."""
    counted = int(counts.sum())
    return sqrt(float(np.sum((1 - ratio * counts) ** 2))) / counted if counted else 0.0

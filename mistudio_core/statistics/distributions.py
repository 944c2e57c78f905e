"""Distributions of integers and of floats: exact extremes, mean and deviation, quantiles and histograms.

Every distinct value is counted, up to a limit of memory. Beyond it the values are counted in buckets that follow from
the value alone (sign, exponent and the first ten bits of the mantissa of its float64): quantiles and bins are then
right to one part in 2,048, and the result says so. Which of the two is used follows from the data, not from its order.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt

from mistudio_core.statistics.counts import Integers, ValueCounts
from mistudio_core.statistics.sums import ExactSums, as_float, as_number, float_sums, integer_sums

PERCENTILES: Final = (1, 5, 10, 25, 50, 75, 90, 95, 99)
DISTINCT_LIMIT: Final = 1 << 20  # 16 MiB per distribution
BUCKET_ERROR: Final = 2.0**-11  # half a bucket, relative to its lower end
_BUCKET_SHIFT: Final = 42  # 52 bits of mantissa, of which ten are kept
_SIGN: Final = np.int64(-(1 << 63))


class Distribution:
    """What integers and floats have in common; use one of the two classes below."""

    scale: int = 0

    def __init__(self, *, limit: int = DISTINCT_LIMIT, offset: int = 0) -> None:
        """Count up to `limit` distinct values exactly; `offset` is added to whatever is reported."""
        self.limit = limit
        self.offset = offset
        self.sums = ExactSums(self.scale)
        self._exact = True
        self._counts = ValueCounts(limit)
        self._ends: tuple[int, int] | None = None

    @property
    def count(self) -> int:
        """How many values were counted."""
        return self.sums.count

    @property
    def exact(self) -> bool:
        """Whether every distinct value is counted by itself."""
        if self._exact and len(self._counts.values) > self.limit:
            self._coarsen()
        return self._exact

    def merge(self, other: Self) -> None:
        """Take in what another one has counted; limit and offset must agree."""
        if (self.limit, self.offset, self.scale) != (other.limit, other.offset, other.scale):
            raise ValueError("these distributions were not made alike")
        self.sums.merge(other.sums)
        if other._ends is not None:
            self._widen(*other._ends)
        if self._exact and not other.exact:
            self._coarsen()
        values = other._counts.values
        self._counts.add_counts(
            self._bucket(values) if other.exact and not self._exact else values, other._counts.counts
        )

    def support(self) -> tuple[Integers, Integers]:
        """Return sorted keys and their counts; where `exact` is False, each key is in the middle of its bucket."""
        if self.exact or self._ends is None:
            return self._counts.values, self._counts.counts
        return np.clip(self._middle(self._counts.values), *self._ends), self._counts.counts

    def number(self, key: int) -> Fraction:
        """Return the number of a key."""
        raise NotImplementedError

    def ends(self) -> tuple[Fraction, Fraction] | None:
        """Return the least and the greatest value, both exact, or None."""
        return None if self._ends is None else (self.number(self._ends[0]), self.number(self._ends[1]))

    def percentile(self, percent: int) -> Fraction | None:
        """Return the percentile by linear interpolation between order statistics, as NumPy's default does."""
        if not self.count:
            return None
        keys, counts = self.support()
        totals = np.cumsum(counts)
        place, rest = divmod(percent * (self.count - 1), 100)
        low = self.number(int(keys[np.searchsorted(totals, place, side="right")]))
        if not rest:
            return low
        high = self.number(int(keys[np.searchsorted(totals, place + 1, side="right")]))
        return low + (high - low) * Fraction(rest, 100)

    def summary(self) -> dict[str, Any]:
        """Return count, min, max, mean, std (n - 1), median and percentiles; None where there is no such number."""
        exact = self.exact
        ends = self.ends()
        total = self.sums.sum() + self.count * self.offset
        mean = self.sums.mean()
        return {
            "count": self.count,
            "sum": self._reported(total),
            "min": self._reported(ends and ends[0]),
            "max": self._reported(ends and ends[1]),
            "mean": mean if mean is None or not self.offset else float(total / self.count),
            "std": self.sums.deviation(),
            "median": self._reported(self.percentile(50)),
            "percentiles": {str(percent): self._reported(self.percentile(percent)) for percent in PERCENTILES},
            "distinct": len(self._counts.values) if exact else None,
            "exact": exact,
            "relative_error": 0.0 if exact else BUCKET_ERROR,
        }

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return what `restore` needs, as arrays that need no pickle."""
        exact = self.exact
        facts = [self.limit, self.offset, self.count, self.sums.total, self.sums.squares, int(exact)]
        return {
            "values": self._counts.values,
            "counts": self._counts.counts,
            "ends": np.array([] if self._ends is None else self._ends, np.int64),
            "facts": np.array([str(fact) for fact in facts]),
        }

    @classmethod
    def restore(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> Self:
        """Make a distribution again from what `arrays` gave."""
        limit, offset, count, total, squares, exact = (int(fact) for fact in arrays["facts"].tolist())
        restored = cls(limit=limit, offset=offset)
        restored.sums = ExactSums(cls.scale, count, total, squares)
        restored._exact = bool(exact)
        restored._counts.add_counts(arrays["values"], arrays["counts"])
        ends = arrays["ends"].tolist()
        restored._ends = (ends[0], ends[1]) if ends else None
        return restored

    def _reported(self, value: Fraction | None) -> int | float | None:
        """Return ints for a column of integers and floats for a column of floats."""
        return None if value is None else as_float(value) if self.scale else as_number(value)

    def _add_keys(self, keys: Integers) -> None:
        if len(keys):
            self._widen(int(keys.min()), int(keys.max()))
            self._counts.add(keys if self._exact else self._bucket(keys))
            if self._exact and self._counts.distinct_at_least > self.limit:
                self._coarsen()

    def _widen(self, least: int, greatest: int) -> None:
        self._ends = (
            (least, greatest) if self._ends is None else (min(self._ends[0], least), max(self._ends[1], greatest))
        )

    def _coarsen(self) -> None:
        former, self._counts, self._exact = self._counts, ValueCounts(self.limit), False
        self._counts.add_counts(self._bucket(former.values), former.counts)

    def _bucket(self, keys: Integers) -> Integers:
        raise NotImplementedError

    def _middle(self, buckets: Integers) -> Integers:
        raise NotImplementedError


class IntegerDistribution(Distribution):
    """A distribution of int64 values; keys are the values themselves. uint64 is counted with an offset of 2**63."""

    def add(self, values: npt.NDArray[np.integer]) -> None:
        """Count every element."""
        keys = values.astype(np.int64, copy=False)
        self.sums.merge(integer_sums(keys))
        self._add_keys(keys)

    def number(self, key: int) -> Fraction:
        """Return the key plus the offset."""
        return Fraction(key + self.offset)

    def _bucket(self, keys: Integers) -> Integers:
        return float_keys(keys.astype(np.float64)) >> _BUCKET_SHIFT

    def _middle(self, buckets: Integers) -> Integers:
        middles = key_floats((buckets << _BUCKET_SHIFT) + (1 << (_BUCKET_SHIFT - 1)))
        return np.array([max(-(1 << 63), min((1 << 63) - 1, int(middle))) for middle in middles.tolist()], np.int64)


class FloatDistribution(Distribution):
    """A distribution of finite floats; keys are their bits, put so that they sort like the floats."""

    scale = float_sums(np.empty(0)).scale

    def add(self, values: npt.NDArray[np.floating]) -> None:
        """Count every element; infinities and NaN are refused."""
        numbers = values.astype(np.float64, copy=False)
        if not np.isfinite(numbers).all():
            raise ValueError("infinities and NaN are counted elsewhere")
        self.sums.merge(float_sums(numbers))
        self._add_keys(float_keys(numbers))

    def number(self, key: int) -> Fraction:
        """Return the float of a key, exactly."""
        return Fraction(float(key_floats(np.array([key], np.int64))[0]))

    def _bucket(self, keys: Integers) -> Integers:
        return keys >> _BUCKET_SHIFT

    def _middle(self, buckets: Integers) -> Integers:
        return (buckets << _BUCKET_SHIFT) + (1 << (_BUCKET_SHIFT - 1))


def float_keys(values: npt.NDArray[np.float64]) -> Integers:
    """Return int64 keys that sort like the floats; both zeros have the key 0."""
    bits = (values + 0.0).view(np.int64)
    return np.where(bits < 0, _SIGN - bits, bits)


def key_floats(keys: Integers) -> npt.NDArray[np.float64]:
    """Return the floats of keys from `float_keys`."""
    return np.where(keys < 0, _SIGN - keys, keys).view(np.float64)

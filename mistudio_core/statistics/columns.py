"""What is counted of one column that holds no text: numbers, truth values, labels, moments, lists and bytes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from mistudio_core.statistics.distributions import FloatDistribution, IntegerDistribution
from mistudio_core.statistics.histograms import float_bins, integer_bins, value_rows
from mistudio_core.statistics.moments import moments_result
from mistudio_core.statistics.token_results import lengths_result

MOST_VALUES: Final = 50  # a column of so few distinct integers is shown value by value
_UINT64_OFFSET: Final = 1 << 63


class Column:
    """A column of which nothing but its nulls is counted; what the others have in common."""

    kind = "other"

    def __init__(self) -> None:
        self.samples = 0
        self.nulls = 0

    def add(self, values: pa.Array) -> None:
        """Count an array of the column's type."""
        self.samples += len(values)
        self.nulls += values.null_count
        self._count(values.drop_null() if values.null_count else values)

    def merge(self, other: Any) -> None:
        """Take in what another one of the same kind has counted."""
        self.samples += other.samples
        self.nulls += other.nulls

    def result(self) -> dict[str, Any]:
        """Return everything as JSON values."""
        return {"kind": self.kind, "nulls": self.nulls}

    def _count(self, values: pa.Array) -> None:
        """Count an array without nulls."""


class IntegerColumn(Column):
    """Integers of any width, durations and times of day; exact beyond 2**53 too."""

    kind = "integer"

    def __init__(self, limit: int, *, unsigned: bool = False, unit: str | None = None) -> None:
        """Take whether values may go beyond int64, and the unit of a duration."""
        super().__init__()
        self.unsigned = unsigned
        self.unit = unit
        self.values = IntegerDistribution(limit=limit, offset=_UINT64_OFFSET if unsigned else 0)

    def merge(self, other: IntegerColumn) -> None:
        """Take in what another one has counted."""
        super().merge(other)
        self.values.merge(other.values)

    def result(self) -> dict[str, Any]:
        """Return the summary, ten bins and, where they are few, the values."""
        found = {"histogram": integer_bins(self.values), "values": value_rows(self.values, MOST_VALUES)}
        return super().result() | {"unit": self.unit} | self.values.summary() | found

    def _count(self, values: pa.Array) -> None:
        numbers = _integers(values)
        if self.unsigned:
            numbers = (numbers ^ np.uint64(_UINT64_OFFSET)).view(np.int64)
        self.values.add(numbers)


class FloatColumn(Column):
    """Floats and decimals (as float64). NaN and infinities are counted apart; the figures are of the finite values."""

    kind = "float"

    def __init__(self, limit: int) -> None:
        """Count up to `limit` distinct values exactly."""
        super().__init__()
        self.values = FloatDistribution(limit=limit)
        self.odd = np.zeros(3, np.int64)  # NaN, infinity, minus infinity

    def merge(self, other: FloatColumn) -> None:
        """Take in what another one has counted."""
        super().merge(other)
        self.values.merge(other.values)
        self.odd += other.odd

    def result(self) -> dict[str, Any]:
        """Return the summary and ten bins of the finite values, and how many were not finite."""
        odd = dict(zip(("nans", "infinities", "negative_infinities"), self.odd.tolist(), strict=True))
        return super().result() | odd | self.values.summary() | {"histogram": float_bins(self.values)}

    def _count(self, values: pa.Array) -> None:
        numbers = pc.cast(values, pa.float64(), safe=False).to_numpy(zero_copy_only=False)
        finite = np.isfinite(numbers)
        self.odd += [np.isnan(numbers).sum(), np.isposinf(numbers).sum(), np.isneginf(numbers).sum()]
        self.values.add(numbers[finite])


class BooleanColumn(Column):
    """Truth values."""

    kind = "boolean"

    def __init__(self) -> None:
        """Start at nothing."""
        super().__init__()
        self.trues = 0

    def merge(self, other: BooleanColumn) -> None:
        """Take in what another one has counted."""
        super().merge(other)
        self.trues += other.trues

    def result(self) -> dict[str, Any]:
        """Return how many were true and how many false."""
        present = self.samples - self.nulls
        counts = (("true", self.trues), ("false", present - self.trues))
        rows = [{"value": value, "count": count, "share": count / present} for value, count in counts if present]
        return super().result() | {"values": rows}

    def _count(self, values: pa.Array) -> None:
        self.trues += values.true_count


class ClassLabelColumn(IntegerColumn):
    """Class labels: integers with names; -1 is no label, as in `datasets`."""

    kind = "class_label"

    def __init__(self, limit: int, names: Sequence[str]) -> None:
        """Take the names in the order of their numbers."""
        super().__init__(limit)
        self.names = tuple(names)

    def result(self) -> dict[str, Any]:
        """Return the count of every name, seen or not, of no label, and of numbers without a name."""
        keys, counts = self.values.support()
        known = dict(zip(keys.tolist(), counts.tolist(), strict=True))
        labels = [(name, known.pop(number, 0)) for number, name in enumerate(self.names)]
        unlabelled = known.pop(-1, 0)
        present = self.values.count
        rows = [{"value": name, "count": count, "share": count / present if present else 0.0} for name, count in labels]
        found = {"values": rows, "unlabelled": unlabelled, "out_of_range": sum(known.values())}
        return Column.result(self) | found


class MomentColumn(IntegerColumn):
    """Dates and moments."""

    kind = "datetime"

    def __init__(self, limit: int, unit: str, zone: str | None) -> None:
        """Take the unit since 1970 and the time zone, if there is one."""
        super().__init__(limit, unit=unit)
        self.zone = zone

    def result(self) -> dict[str, Any]:
        """Return extremes, mean, median, deviation and ten bins."""
        assert self.unit is not None
        return Column.result(self) | moments_result(self.values, self.unit, self.zone)


class LengthColumn(Column):
    """Lengths of lists (in elements) or of binary values (in bytes)."""

    def __init__(self, limit: int, kind: str) -> None:
        """Take the kind, `list` or `binary`."""
        super().__init__()
        self.kind = kind
        self.lengths = IntegerDistribution(limit=limit)

    def merge(self, other: LengthColumn) -> None:
        """Take in what another one has counted."""
        super().merge(other)
        self.lengths.merge(other.lengths)

    def result(self) -> dict[str, Any]:
        """Return the summary and the histograms of the lengths."""
        return super().result() | {"lengths": lengths_result(self.lengths)}

    def _count(self, values: pa.Array) -> None:
        lengths = pc.binary_length(values) if self.kind == "binary" else pc.list_value_length(values)
        self.lengths.add(lengths.to_numpy(zero_copy_only=False))


def _integers(values: pa.Array) -> npt.NDArray[Any]:
    """Return the numbers behind integers, dates, times and durations."""
    kind = values.type
    if pa.types.is_temporal(kind):
        values = values.cast(pa.int32() if kind.bit_width == 32 else pa.int64())
    return values.to_numpy(zero_copy_only=False)

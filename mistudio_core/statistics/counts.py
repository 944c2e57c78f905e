"""An exact multiset of integers: each distinct value once, with its count."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64]

_PENDING_VALUES: Final = 1 << 17  # so many wait to be sorted in (2 MiB): sorting rarely is what makes it cheap


class ValueCounts:
    """Counts of distinct int64 values, sorted by value. 16 bytes per distinct value."""

    def __init__(self, limit: int = 4 * _PENDING_VALUES) -> None:
        """Take how many distinct values are to be expected: of a small number no more than a quarter waits."""
        self._most_waiting = min(_PENDING_VALUES, max(limit // 4, 1))
        self._values: Integers = np.empty(0, np.int64)
        self._counts: Integers = np.empty(0, np.int64)
        self._pending: list[tuple[Integers, Integers]] = []
        self._waiting = 0

    def add(self, values: npt.NDArray[np.integer]) -> None:
        """Count each element of `values` once; any integer type that fits int64."""
        for start in range(0, len(values), _PENDING_VALUES):
            part = np.unique(values[start : start + _PENDING_VALUES].astype(np.int64), return_counts=True)
            self.add_counts(part[0], part[1].astype(np.int64))

    def add_counts(self, values: Integers, counts: Integers) -> None:
        """Count values[i] counts[i] times."""
        if not len(values):
            return
        self._pending.append((values, counts))
        self._waiting += len(values)
        if self._waiting >= max(self._most_waiting, len(self._values) // 4):
            self._settle()

    def merge(self, other: ValueCounts) -> None:
        """Take in what another one has counted."""
        self.add_counts(other.values, other.counts)

    @property
    def distinct_at_least(self) -> int:
        """The distinct values that are sorted in; costs nothing, where `values` may have to sort."""
        return len(self._values)

    @property
    def values(self) -> Integers:
        """The distinct values in rising order."""
        self._settle()
        return self._values

    @property
    def counts(self) -> Integers:
        """How often each of `values` was counted."""
        self._settle()
        return self._counts

    def _settle(self) -> None:
        if not self._pending:
            return
        values = np.concatenate([self._values, *(pair[0] for pair in self._pending)])
        counts = np.concatenate([self._counts, *(pair[1] for pair in self._pending)])
        self._pending, self._waiting = [], 0
        order = np.argsort(values, kind="stable")
        values, counts = values[order], counts[order]
        firsts = np.flatnonzero(np.concatenate([[True], values[1:] != values[:-1]]))
        self._values, self._counts = values[firsts], np.add.reduceat(counts, firsts)

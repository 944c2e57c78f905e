"""Values of a text column that holds labels or dates rather than prose."""

from __future__ import annotations

from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from mistudio_core.statistics.distributions import IntegerDistribution

MOST_LABELS: Final = 1000
FEW_LABELS: Final = 10  # so few are labels whatever their share
LABEL_SHARE: Final = 0.2
LABEL_CHARACTERS: Final = 1000  # what is longer is no label
TIME_CHARACTERS: Final = 32
_TIME: Final = r"^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:?\d{2})?)?$"
_ZONED: Final = r":\d{2}.*(Z|[+-]\d{2}:?\d{2})$"


class LabelCounts:
    """Counts of distinct texts, given up as soon as there are too many of them or one is too long."""

    def __init__(self) -> None:
        self.counts: dict[bytes, int] | None = {}  # bytes: nothing vouches that they are UTF-8

    def add(self, texts: pa.Array, longest: int) -> None:
        """Count texts without nulls; `longest` is the length of the longest in characters."""
        if self.counts is None or not len(texts):
            return
        if longest > LABEL_CHARACTERS:
            self.counts = None
            return
        found = pc.value_counts(texts.cast(pa.large_binary()))
        self._add_counts(dict(zip(found.field(0).to_pylist(), found.field(1).to_pylist(), strict=True)))

    def merge(self, other: LabelCounts) -> None:
        """Take in what another one has counted."""
        if other.counts is None:
            self.counts = None
        else:
            self._add_counts(other.counts)

    def result(self, present: int) -> list[dict[str, Any]] | None:
        """Return the labels, the most frequent first, if these are labels; `present` is how many texts there were.

        Labels are at most 1,000 distinct texts that make up a fifth of all at most, or ten distinct texts at most.
        """
        if not self.counts:
            return None
        if len(self.counts) > max(FEW_LABELS, LABEL_SHARE * present):
            return None
        ordered = sorted(self.counts.items(), key=lambda item: (-item[1], item[0]))
        return [
            {"value": value.decode("utf-8", "replace"), "count": count, "share": count / present}
            for value, count in ordered
        ]

    def _add_counts(self, counts: dict[bytes, int]) -> None:
        if self.counts is None:
            return
        for value, count in counts.items():
            self.counts[value] = self.counts.get(value, 0) + count
        if len(self.counts) > MOST_LABELS:
            self.counts = None


class TimeTexts:
    """Moments written as ISO 8601 texts, in microseconds; given up with the first text that is none."""

    def __init__(self, limit: int) -> None:
        """Count up to `limit` distinct moments exactly."""
        self.moments: IntegerDistribution | None = IntegerDistribution(limit=limit)

    def add(self, texts: pa.Array, longest: int) -> None:
        """Count texts without nulls; `longest` is the length of the longest in characters."""
        if self.moments is None or not len(texts):
            return
        parsed = _moments(texts) if longest <= TIME_CHARACTERS else None
        if parsed is None:
            self.moments = None
        else:
            for part in parsed:
                self.moments.add(part.cast(pa.int64()).to_numpy(zero_copy_only=False))

    def merge(self, other: TimeTexts) -> None:
        """Take in what another one has counted."""
        if other.moments is None or self.moments is None:
            self.moments = None
        else:
            self.moments.merge(other.moments)


def _moments(texts: pa.Array) -> list[pa.Array] | None:
    """Parse each text by itself, so that it does not matter which texts come together; None where one is no moment."""
    if not pc.all(pc.match_substring_regex(texts, _TIME)).as_py():
        return None
    zoned = pc.match_substring_regex(texts, _ZONED)
    try:
        return [
            texts.filter(zoned).cast(pa.timestamp("us", "UTC")),
            texts.filter(pc.invert(zoned)).cast(pa.timestamp("us")),
        ]
    except pa.ArrowInvalid:
        return None

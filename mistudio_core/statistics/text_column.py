"""What is counted of one column of texts."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mistudio_core.statistics.distributions import DISTINCT_LIMIT, IntegerDistribution
from mistudio_core.statistics.duplicates import DuplicateCounts
from mistudio_core.statistics.labels import LabelCounts, TimeTexts
from mistudio_core.statistics.measures import Measures, measure, utf8
from mistudio_core.statistics.moments import moments_result
from mistudio_core.statistics.scripts import ScriptCounts
from mistudio_core.statistics.token_results import lengths_result

_TOTALS: Final = ("samples", "nulls", "empties", "characters", "bytes", "words")


class TextColumn:
    """Lengths, nulls, empties, copies, scripts and, where they are few, values of a column of texts."""

    def __init__(self, limit: int = DISTINCT_LIMIT) -> None:
        """Count up to `limit` distinct lengths and twice as many distinct texts exactly."""
        self.characters = IntegerDistribution(limit=limit)
        self.bytes = IntegerDistribution(limit=limit)
        self.words = IntegerDistribution(limit=limit)
        self.duplicates = DuplicateCounts(2 * limit)
        self.scripts = ScriptCounts()
        self.labels = LabelCounts()
        self.times = TimeTexts(limit)
        self.blanks = 0
        self.splits: dict[str, list[int]] = {}

    def add_split(self, split: str) -> None:
        """List a split, which may be without samples."""
        self.splits.setdefault(split, [0] * len(_TOTALS))

    def add(self, texts: pa.Array, split: str, measures: Measures | None = None) -> None:
        """Count an array of string or large_string; `measures` are its own where they have been taken already."""
        found = measure(texts) if measures is None else measures
        present = ~found.nulls
        complete = bool(present.all())
        hashes = found.hashes if complete else found.hashes[present]
        characters, sizes, words = (
            values if complete else values[present] for values in (found.characters, found.bytes, found.words)
        )
        self.characters.add(characters)
        self.bytes.add(sizes)
        self.words.add(words)
        self.duplicates.add(hashes)
        shown = texts if complete else texts.drop_null()
        self.scripts.add(utf8(shown)[0])
        longest = int(characters.max(initial=0))
        self.labels.add(shown, longest)
        self.times.add(shown, longest)
        empties = int(np.count_nonzero(sizes == 0))
        self.blanks += int(np.count_nonzero(words == 0)) - empties
        sums = [int(values.sum(dtype=np.int64)) for values in (characters, sizes, words)]
        self._add_totals(split, [len(texts), int(np.count_nonzero(found.nulls)), empties, *sums])

    def merge(self, other: TextColumn) -> None:
        """Take in what another one has counted."""
        self.characters.merge(other.characters)
        self.bytes.merge(other.bytes)
        self.words.merge(other.words)
        self.duplicates.merge(other.duplicates)
        self.scripts.merge(other.scripts)
        self.labels.merge(other.labels)
        self.times.merge(other.times)
        self.blanks += other.blanks
        for split, totals in other.splits.items():
            self._add_totals(split, totals)

    def result(self) -> dict[str, Any]:
        """Return everything as JSON values."""
        totals = dict(zip(_TOTALS, (sum(column) for column in zip(*self.splits.values(), strict=True)), strict=False))
        present = self.characters.count
        values = self.labels.result(present)
        times = self.times.moments if present else None
        return {
            "kind": "text",
            "role": "datetime" if times else "string_label" if values else "string_text",
            "nulls": totals.get("nulls", 0),
            "empties": totals.get("empties", 0),
            "blanks": self.blanks,
            "characters": lengths_result(self.characters),
            "bytes": lengths_result(self.bytes),
            "words": lengths_result(self.words),
            "duplicates": self.duplicates.result(),
            "scripts": self.scripts.result(),
            "values": values,
            "datetime": moments_result(times, "us", zone=None) if times else None,
            "splits": {split: dict(zip(_TOTALS, sums, strict=True)) for split, sums in sorted(self.splits.items())},
        }

    def _add_totals(self, split: str, totals: list[int]) -> None:
        known = self.splits.get(split, [0] * len(_TOTALS))
        self.splits[split] = [old + new for old, new in zip(known, totals, strict=True)]


def plain_texts(values: pa.ChunkedArray | pa.Array) -> pa.Array:
    """Return texts of any layout (dictionary and view too) as one array of string or large_string."""
    if isinstance(values, pa.ChunkedArray):
        if values.num_chunks == 1:
            return plain_texts(values.chunk(0))
        pieces = [plain_texts(chunk).cast(pa.large_string()) for chunk in values.chunks]
        return pa.concat_arrays(pieces) if pieces else pa.array([], pa.large_string())
    array = values.dictionary_decode() if pa.types.is_dictionary(values.type) else values
    plain = pa.types.is_string(array.type) or pa.types.is_large_string(array.type)
    return array if plain else pc.cast(array, pa.large_string())

"""Statistics of a dataset folder, in one pass over its raw samples."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pyarrow as pa

from mistudio_core.raw import RawSplit, open_splits
from mistudio_core.statistics.text import TextStatistics


def dataset_statistics(folder: Path, progress: Callable[[int, int], None] | None = None) -> dict[str, Any]:
    """Read every sample of a dataset folder once and return the result of `TextStatistics` as JSON values.

    `progress` gets the number of samples done and of all. Memory: a row group being read, one being counted, and the
    distinct values of the columns, up to their limit. Raises `corrupt_data` naming a part that cannot be read.
    """
    splits = open_splits(folder)
    schema = next((split.schema for split in splits.values() if split.schema is not None), pa.schema([]))
    statistics = TextStatistics(schema)
    total = sum(split.num_samples for split in splits.values())
    done = 0
    for name, split in splits.items():
        statistics.add(schema.empty_table(), name)  # an empty split is listed too
        for table in _read_ahead(split):
            statistics.add(table, name)
            done += table.num_rows
            if progress is not None:
                progress(done, total)
    return statistics.result()


def _read_ahead(split: RawSplit) -> Iterator[pa.Table]:
    """Yield the row groups of a split, the next one being read meanwhile."""
    tables = split.batches(0, split.num_samples)
    with ThreadPoolExecutor(1) as reader:
        coming = reader.submit(next, tables, None)
        while (table := coming.result()) is not None:
            coming = reader.submit(next, tables, None)
            yield table

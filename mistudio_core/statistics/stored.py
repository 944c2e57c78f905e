"""Counting rows that are stored already: token frequencies, and frequencies by position once those are known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from mistudio_core.errors import StudioError
from mistudio_core.statistics.frequencies import TokenText
from mistudio_core.statistics.positions import PositionCounts, Rows, position_ids, row_step
from mistudio_core.statistics.tokens import TokenStatistics

COLUMN = "input_ids"


def stored_rows(file: Path) -> Iterator[Rows]:
    """Yield the rows of an Arrow stream of fixed-size lists, a batch at a time, as views [n, width] on the mapped file.

    Raises `corrupt_data`, naming the file, when it holds something else.
    """
    try:
        with pa.memory_map(str(file)) as source, pa.ipc.open_stream(source) as stream:
            for batch in stream:
                lists = batch.column(COLUMN)
                yield lists.flatten().to_numpy().reshape(len(lists), lists.type.list_size)
    except (OSError, KeyError, AttributeError, pa.ArrowException):
        raise StudioError("corrupt_data", f"{file.name} is missing or damaged: it does not hold token rows.") from None


def stored_positions(
    files: Sequence[Path], statistics: TokenStatistics, rows: int, text: TokenText | None = None
) -> dict[str, Any] | None:
    """Return the frequencies by position of the special ids and the fifty most frequent others.

    `statistics` are those of the same `rows`, complete. Of very many rows only some are counted, evenly spaced, and the
    result says so. None where rows have no common length. Rows with padding are not told apart here.
    """
    width = statistics.context_length
    if width is None:
        return None
    ids = position_ids(statistics.frequencies, statistics.special_ids)
    counts = PositionCounts(ids, statistics.vocab_size, width, step=row_step(rows, width))
    for file in files:
        for part in stored_rows(file):
            counts.add_rows(part, counts.rows_seen)
    return counts.result(text)

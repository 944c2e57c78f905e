"""Counting sequences that are stored already: token frequencies, and frequencies by position once those are known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import accumulate
from pathlib import Path
from typing import Any

import pyarrow as pa

from mistudio_core.errors import StudioError
from mistudio_core.statistics.frequencies import TokenText
from mistudio_core.statistics.positions import PositionCounts, Sequences, position_ids, sequence_step
from mistudio_core.statistics.tokens import TokenStatistics

COLUMN = "input_ids"


def stored_sequences(file: Path) -> Iterator[Sequences]:
    """Yield the sequences of an Arrow stream of fixed-size lists, by batch, as views [n, width] on the mapped file.

    Raises `corrupt_data`, naming the file, when it holds something else.
    """
    try:
        with pa.memory_map(str(file)) as source, pa.ipc.open_stream(source) as stream:
            for batch in stream:
                lists = batch.column(COLUMN)
                yield lists.flatten().to_numpy().reshape(len(lists), lists.type.list_size)
    except (OSError, KeyError, AttributeError, pa.ArrowException):
        raise StudioError(
            "corrupt_data", f"{file.name} is missing or damaged: it does not hold token sequences."
        ) from None


def stored_positions(
    files: Mapping[Path, int], statistics: TokenStatistics, text: TokenText | None = None, *, threads: int = 1
) -> dict[str, Any] | None:
    """Return the frequencies by position of the special ids and the fifty most frequent others.

    `files` gives the sequences of each, in order; `statistics` are those of all of them, complete. Of very many
    sequences only some are counted, evenly spaced, and the result says so. None where sequences have no common length.
    Padding is not excluded here.
    """
    if statistics.context_length is None:
        return None
    total = empty_positions(statistics, sum(files.values()))
    firsts = accumulate(files.values(), initial=0)
    with ThreadPoolExecutor(threads) as pool:
        for counts in pool.map(lambda file, first: file_positions(file, first, total), files, firsts):
            total.merge(counts)
    return total.result(text)


def empty_positions(statistics: TokenStatistics, sequences: int) -> PositionCounts:
    """Return counts for the special ids and the fifty most frequent others of so many sequences of a common length."""
    width = statistics.context_length
    assert width is not None
    ids = position_ids(statistics.frequencies, statistics.special_ids)
    return PositionCounts(ids, statistics.vocab_size, width, step=sequence_step(sequences, width))


def file_positions(file: Path, first: int, like: PositionCounts) -> PositionCounts:
    """Count a file, whose first sequence has the number `first`, as `like` counts."""
    counts = like.empty()
    for part in stored_sequences(file):
        counts.add_sequences(part, first + counts.sequences_seen)
    return counts

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
    width = statistics.context_length
    if width is None:
        return None
    ids = position_ids(statistics.frequencies, statistics.special_ids)
    step = sequence_step(sum(files.values()), width)

    def counted(file: Path, first: int) -> PositionCounts:
        counts = PositionCounts(ids, statistics.vocab_size, width, step=step)
        for part in stored_sequences(file):
            counts.add_sequences(part, first + counts.sequences_seen)
        return counts

    total = PositionCounts(ids, statistics.vocab_size, width, step=step)
    firsts = accumulate(files.values(), initial=0)
    with ThreadPoolExecutor(threads) as pool:
        for counts in pool.map(counted, files, firsts):
            total.merge(counts)
    return total.result(text)

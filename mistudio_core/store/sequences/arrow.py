"""Sequences as an Arrow stream: the messages as they lie in the files, which are mapped, neither loaded nor copied."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa

from mistudio_core.arrow_stream import ArrowStream
from mistudio_core.errors import StudioError
from mistudio_core.tokenization.output.stored_sequences import StoredSequences

_PAGE_BYTES: Final = 4096


def sequence_stream(folder: Path, split: str | None, offset: int, limit: int | None) -> ArrowStream:
    """Return the sequences `[offset, offset + limit)` of a split, or of all one after the other.

    Raises `split_not_found`, and as `StoredSequences` does, before the stream begins.
    """
    stored = StoredSequences(folder)
    if split is not None and split not in stored.splits:
        raise StudioError(
            "split_not_found",
            f"This tokenization has no split {split[:80]!r}.",
            f"Its splits are: {', '.join(stored.splits)}.",
        )
    splits = list(stored.splits) if split is None else [split]
    whole = offset == 0 and limit is None
    return ArrowStream(
        stored.schema,
        _parts(stored, splits, offset, None if limit is None else offset + limit),
        sum(stored.message_bytes(name) for name in splits) if whole else None,
    )


def _parts(
    stored: StoredSequences, splits: Sequence[str], first: int, last: int | None
) -> Iterator[memoryview | pa.RecordBatch]:
    """Yield the sequences `[first, last)`: messages where all of a batch is wanted, else a part of it."""
    start = 0
    for split in splits:
        for message, batch in stored.messages(split):
            end = start + batch.num_rows
            if last is not None and start >= last:
                return
            if first <= start and (last is None or end <= last):
                yield _loaded(message)
            elif first < end:
                skipped = max(0, first - start)
                yield batch.slice(skipped, min(end, end if last is None else last) - start - skipped)
            start = end


def _loaded(message: memoryview) -> memoryview:
    """Return mapped bytes once the disk has given them: they are sent by an event loop, which must not wait for it."""
    np.frombuffer(message, np.uint8)[::_PAGE_BYTES].max()
    return message

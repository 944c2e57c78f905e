"""Tables as an Arrow IPC stream, made as it is read: memory holds some MB of it at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

import pyarrow as pa

CHUNK_BYTES: Final = 4 << 20
"""What is handed on at once: so large that a chunk costs little more than its copy."""
END: Final = b"\xff\xff\xff\xff\x00\x00\x00\x00"
"""The end of a stream: the mark of a message, and the length 0."""


class ArrowStream:
    """The bytes of an Arrow IPC stream of one schema, in order; to be read once."""

    def __init__(
        self, schema: pa.Schema, batches: Iterable[pa.RecordBatch | memoryview], message_bytes: int | None = None
    ) -> None:
        """Take batches of the schema, which holds no dictionaries, as they come: as such, or as bytes of a stream.

        `message_bytes` is the length of all of these, where that is known.
        """
        self.schema = schema
        self._batches = batches
        self._message_bytes = message_bytes

    @property
    def num_bytes(self) -> int | None:
        """The length of the stream, None where it is not known before its end."""
        if self._message_bytes is None:
            return None
        return int(self.schema.serialize().size) + self._message_bytes + len(END)

    def __iter__(self) -> Iterator[memoryview]:
        """Yield the schema, then a batch at a time, then the end."""
        yield memoryview(self.schema.serialize())
        for batch in self._batches:
            yield batch if isinstance(batch, memoryview) else memoryview(batch.serialize())
        yield memoryview(END)


def some_of(batches: Iterable[pa.RecordBatch], offset: int, limit: int | None) -> Iterator[pa.RecordBatch]:
    """Yield the rows `[offset, offset + limit)` of batches, all from `offset` on where there is no limit."""
    left = limit
    for batch in batches:
        if left == 0:
            return
        if offset >= batch.num_rows:
            offset -= batch.num_rows
            continue
        piece = batch.slice(offset, left)
        offset = 0
        left = None if left is None else left - piece.num_rows
        yield piece


def batches_of(tables: Iterable[pa.Table], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """Yield tables as batches of about `CHUNK_BYTES`: small ones are joined, and large ones cut."""
    pending: list[pa.Table] = []
    for table in tables:
        pending.append(table)
        if sum(piece.nbytes for piece in pending) >= CHUNK_BYTES:
            yield from _cut(pa.concat_tables(pending), schema)
            pending = []
    if pending:
        yield from _cut(pa.concat_tables(pending), schema)


def _cut(table: pa.Table, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    rows = max(1, table.num_rows * CHUNK_BYTES // max(1, table.nbytes)) if table.nbytes > 2 * CHUNK_BYTES else None
    whole: Any = table.cast(schema).combine_chunks()
    yield from whole.to_batches(max_chunksize=rows)

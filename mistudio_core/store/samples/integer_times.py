"""Times for queries as integers, where DuckDB would end a query at one that it cannot hold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mistudio_core.store.samples.reader import SampleReader

_PER_DAY: Final = {unit: 86_400 * 1000**power for power, unit in enumerate(("s", "ms", "us", "ns"))}


def register_times(
    cursor: duckdb.DuckDBPyConnection, reader: SampleReader, columns: Sequence[str], split: str | None, name: str
) -> None:
    """Make the relation `name` of `row` and each of the columns as `t0`, `t1`, ..., read as it is queried.

    A time of day is how many of its unit have passed since midnight; one that is not within a day is null, which is
    neither above nor below any and comes last in any order. A moment is how many of its unit have passed since 1970.
    """
    kinds = [pa.field(f"t{at}", pa.int64()) for at in range(len(columns))]
    schema = pa.schema([pa.field("row", pa.int64()), *kinds])
    cursor.register(name, pa.RecordBatchReader.from_batches(schema, _batches(reader, columns, split, schema)))


def _batches(
    reader: SampleReader, columns: Sequence[str], split: str | None, schema: pa.Schema
) -> Iterator[pa.RecordBatch]:
    for name, samples in reader.splits.items():
        if split not in (None, name):
            continue
        row = reader.firsts[name]
        for table in samples.batches(0, samples.num_samples, columns):
            found = [pa.array(np.arange(row, row + table.num_rows, dtype=np.int64))]
            found += [_integers(table.column(column).combine_chunks()) for column in columns]
            yield pa.RecordBatch.from_arrays(found, schema=schema)
            row += table.num_rows


def _integers(times: Any) -> pa.Array:
    if isinstance(times, pa.ChunkedArray):
        times = pa.concat_arrays(times.chunks) if times.num_chunks else pa.array([], times.type)
    numbers = times.view(pa.int32() if pa.types.is_time32(times.type) else pa.int64()).cast(pa.int64())
    if pa.types.is_timestamp(times.type):
        return numbers
    within = pc.and_(pc.greater_equal(numbers, 0), pc.less(numbers, _PER_DAY[times.type.unit]))
    return pc.if_else(within, numbers, pa.scalar(None, pa.int64()))

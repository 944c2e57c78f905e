"""The complete result of a query as an Arrow stream, with the columns and types of the raw samples."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import pyarrow as pa

from mistudio_core.arrow_stream import ArrowStream, batches_of, some_of
from mistudio_core.errors import invalid
from mistudio_core.store.samples.query import SampleQuery
from mistudio_core.store.samples.reader import SampleReader, open_reader
from mistudio_core.store.samples.session import SearchSession


def sample_stream(
    dataset_folder: Path, query: SampleQuery, columns: Sequence[str] | None, offset: int, limit: int | None
) -> ArrowStream:
    """Return the samples `[offset, offset + limit)` of the result of a query; the query's own page does not matter.

    `columns` are the names of those to send, all where it is None. Raises `invalid_request` for a column that is not
    there and what a query raises, all before the stream begins.
    """
    reader = open_reader(dataset_folder)
    chosen = _chosen(reader, columns)
    schema = reader.schema if chosen is None else pa.schema(
        [reader.schema.field(name) for name in chosen], reader.schema.metadata
    )  # fmt: skip
    if query.is_plain:
        first, end = reader.span(query.split)
        last = end if limit is None else min(end, first + offset + limit)
        return ArrowStream(schema, batches_of(_rows(reader, first + offset, last, chosen), schema))
    return ArrowStream(schema, some_of(batches_of(_found(dataset_folder, query, chosen), schema), offset, limit))


def _chosen(reader: SampleReader, columns: Sequence[str] | None) -> list[str] | None:
    if columns is None:
        return None
    unknown = [name for name in columns if name not in reader.schema.names]
    if unknown or not columns or len(set(columns)) != len(columns):
        named = f"{unknown[0][:80]!r} is no column" if unknown else "the columns are not different ones"
        raise invalid(f"columns: {named} of this dataset.", f"Its columns are: {', '.join(reader.schema.names)}.")
    return list(columns)


def _rows(reader: SampleReader, first: int, last: int, columns: list[str] | None) -> Iterator[pa.Table]:
    """Yield the rows `[first, last)`, split after split, a row group at a time."""
    for name, split in reader.splits.items():
        start = reader.firsts[name]
        if first < start + split.num_samples and last > start:
            yield from split.batches(first - start, last - start, columns)


def _found(dataset_folder: Path, query: SampleQuery, columns: list[str] | None) -> Iterator[pa.Table]:
    """Return the tables of a search that has begun; its index is open until the last of them."""
    with ExitStack() as stack:
        session = stack.enter_context(SearchSession(dataset_folder))
        tables = session.tables(query)
        opened = stack.pop_all()

    def selected() -> Iterator[pa.Table]:
        with opened:
            for table in tables:
                yield table if columns is None else table.select(columns)

    return selected()

"""The complete result of a query as one file, written as it is found: memory holds a few MB of samples at a time."""

from __future__ import annotations

import csv
import io
import json
import os
import secrets
from collections.abc import Callable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any, Final, Protocol, Self

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from mistudio_core.errors import invalid
from mistudio_core.files import sync_file, sync_folder
from mistudio_core.raw import hub_features
from mistudio_core.store.samples.column_values import column_values
from mistudio_core.store.samples.json_types import json_array, json_schema
from mistudio_core.store.samples.plain_values import plain
from mistudio_core.store.samples.query import SampleQuery
from mistudio_core.store.samples.reader import SampleReader
from mistudio_core.store.samples.search import SampleSearch

EXPORT_KINDS: Final = ("parquet", "jsonl", "csv", "spreadsheet")
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet may read as the start of a formula: the list of OWASP's page on CSV injection."""
_CHUNK_BYTES: Final = 16 << 20
_CHUNK_ROWS: Final = 20_000

Rows = npt.NDArray[np.int64]
Progress = Callable[[int], None]
"""Told the number of samples written; what it raises ends the export."""


def export_samples(
    search: SampleSearch, query: SampleQuery, target: Path, kind: str, progress: Progress | None = None
) -> int:
    """Write all samples of the query's result, in its order, to `target`, and return their number.

    `kind` is one of `EXPORT_KINDS`. Parquet keeps the schema, so that it is a dataset again; JSON lines and CSV have
    labels by name and bytes in base64, CSV nested values as JSON. `spreadsheet` is CSV in which text that a
    spreadsheet may take for a formula has an apostrophe before it. The file appears when it is complete. The
    query's page does not matter. Raises `invalid_request` for another kind or a query that cannot be.
    """
    if kind not in EXPORT_KINDS:
        raise invalid(f"kind: {kind[:80]!r} is not an export format.", f"Use one of: {', '.join(EXPORT_KINDS)}.")
    draft = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    count = 0
    try:
        with _WRITERS[kind](draft, search.reader.schema) as writer:
            for table in result_tables(search, query):
                writer.write(table)
                count += table.num_rows
                if progress is not None:
                    progress(count)
        sync_file(draft)
        os.replace(draft, target)
        sync_folder(target.parent)
    finally:
        draft.unlink(missing_ok=True)
    return count


def result_tables(search: SampleSearch, query: SampleQuery) -> Iterator[pa.Table]:
    """Yield the raw samples of the complete result of a query in its order, some MB at a time."""
    for rows in search.blocks(query):
        for chunk in _chunks(search, rows):
            yield _samples(search.reader, chunk)


class _Writer(Protocol):
    def __enter__(self) -> Self: ...
    def __exit__(self, *exception: object) -> None: ...
    def write(self, table: pa.Table) -> None: ...


class _ParquetFile:
    def __init__(self, path: Path, schema: pa.Schema) -> None:
        # `datasets` knows JSON by the type in the file, not by the metadata.
        self._schema = json_schema(schema)
        self._file = pq.ParquetWriter(path, self._schema, compression="zstd")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._file.close()

    def write(self, table: pa.Table) -> None:
        columns = [
            pa.chunked_array([json_array(chunk, field.type) for chunk in column.chunks], field.type)
            for column, field in zip(table.columns, self._schema, strict=True)
        ]
        self._file.write_table(pa.Table.from_arrays(columns, schema=self._schema))


class _TextFile:
    """Lines of text, one sample each."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._file: io.TextIOWrapper = open(path, "w", encoding="utf-8", newline="")  # noqa: SIM115 - closed on exit
        self._features = hub_features(schema)
        self._names = schema.names

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._file.close()

    def _values(self, table: pa.Table) -> Iterator[tuple[Any, ...]]:
        columns = [
            [plain(value, self._features.get(field.name), in_full=True) for value in column_values(table.column(at))]
            for at, field in enumerate(table.schema)
        ]
        return zip(*columns, strict=True)


class _JsonLines(_TextFile):
    def write(self, table: pa.Table) -> None:
        for values in self._values(table):
            sample = dict(zip(self._names, values, strict=True))
            self._file.write(json.dumps(sample, ensure_ascii=False, separators=(",", ":")) + "\n")


class _CommaSeparated(_TextFile):
    def __init__(self, path: Path, schema: pa.Schema) -> None:
        super().__init__(path, schema)
        self._lines = csv.writer(self._file)
        self._lines.writerow(self._cell(name) for name in self._names)

    def write(self, table: pa.Table) -> None:
        for values in self._values(table):
            nested = (
                json.dumps(item, ensure_ascii=False) if isinstance(item, (list, dict)) else item for item in values
            )
            self._lines.writerow(self._cell(item) for item in nested)

    def _cell(self, item: Any) -> Any:
        return item


class _Spreadsheet(_CommaSeparated):
    def _cell(self, item: Any) -> Any:
        return f"'{item}" if isinstance(item, str) and item.startswith(_FORMULA_STARTS) else item


_WRITERS: Final[dict[str, Callable[[Path, pa.Schema], _Writer]]] = {
    "parquet": _ParquetFile,
    "jsonl": _JsonLines,
    "csv": _CommaSeparated,
    "spreadsheet": _Spreadsheet,
}


def suffix(kind: str) -> str:
    """Return how the name of an exported file ends, dot included."""
    return ".csv" if kind == "spreadsheet" else f".{kind}"


def _chunks(search: SampleSearch, rows: Rows) -> Iterator[Rows]:
    """Cut rows where their texts reach `_CHUNK_BYTES`: sorted by length, the longest ones would come all at once."""
    for start in range(0, len(rows), _CHUNK_ROWS):
        piece = rows[start : start + _CHUNK_ROWS]
        filled = np.cumsum(_text_bytes(search.connection, piece)) // _CHUNK_BYTES
        yield from np.split(piece, np.flatnonzero(np.diff(filled)) + 1)


def _text_bytes(connection: duckdb.DuckDBPyConnection, rows: Rows) -> npt.NDArray[np.int64]:
    """Return the bytes of the text of each row, in the order of the rows."""
    cursor = connection.cursor()
    cursor.register("wanted", pa.table({"row": rows, "place": np.arange(len(rows))}))
    sql = 'SELECT coalesce(bytes, 0) AS bytes FROM wanted JOIN samples USING ("row") ORDER BY place'
    return np.asarray(cursor.execute(sql).fetchnumpy()["bytes"], np.int64)


def _samples(reader: SampleReader, rows: Rows) -> pa.Table:
    """Return the raw samples of some rows, in their order; each row group is read once."""
    order = np.argsort(rows, kind="stable")
    pieces: list[pa.Table] = []
    for (split, _), members in groupby(rows[order].tolist(), reader.group_of):
        wanted = list(members)
        first = wanted[0] - reader.firsts[split]
        table = reader.splits[split].read(first, wanted[-1] - reader.firsts[split] + 1)
        pieces.append(table.take([row - wanted[0] for row in wanted]))
    back = np.empty(len(rows), np.int64)
    back[order] = np.arange(len(rows))
    return pa.concat_tables(pieces).take(back)

"""The raw Parquet as a relation of DuckDB, with the row of each sample beside the columns that are asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import duckdb

from mistudio_core.store.samples.reader import SampleReader

_GLOB = {"[": "[[]", "*": "[*]", "?": "[?]"}


def quoted(name: str) -> str:
    """Return a name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def parquet_rows(
    cursor: duckdb.DuckDBPyConnection, reader: SampleReader, columns: Sequence[str], split: str | None = None
) -> tuple[str, dict[str, Any]]:
    """Return SQL for a relation of `row, c0, c1, ...`, one `c` for each column in turn, and its parameters.

    It covers the parts of one split, or of all. Read with nothing but conditions, it keeps the order of the rows.
    """
    first, last = reader.span(split)
    parts = [(path, start) for path, start in reader.parts() if first <= start < last]
    if not parts:
        return '(SELECT CAST(0 AS BIGINT) AS "row"' + "".join(
            f", NULL AS c{at}" for at in range(len(columns))
        ) + " LIMIT 0)", {}
    files = ["".join(_GLOB.get(sign, sign) for sign in str(path)) for path, _ in parts]
    stored = _stored_names(cursor, files[0], reader)
    chosen = "".join(f", {quoted(stored[reader.schema.names.index(name)])} AS c{at}" for at, name in enumerate(columns))
    if {"file_row_number", "file_index"} & {name.lower() for name in stored}:
        # DuckDB then offers no numbers of its own; counting the rows is exact, if slower.
        number, source = f"row_number() OVER () - 1 + {first}", "read_parquet($files, hive_partitioning=false)"
        parameters: dict[str, Any] = {"files": files}
    else:
        number = "list_extract($firsts, CAST(file_index AS BIGINT) + 1) + file_row_number"
        source = "read_parquet($files, hive_partitioning=false, file_row_number=true)"
        parameters = {"files": files, "firsts": [start for _, start in parts]}
    return f'(SELECT {number} AS "row"{chosen} FROM {source})', parameters  # noqa: S608 - names are quoted


def _stored_names(cursor: duckdb.DuckDBPyConnection, file: str, reader: SampleReader) -> list[str]:
    """Return DuckDB's names of the columns: it ignores case, so of two equal ones it renames the second."""
    names = list(reader.schema.names)
    if len({name.lower() for name in names}) == len(names) and "" not in names:
        return names
    found = cursor.execute("SELECT * FROM read_parquet($files, hive_partitioning=false) LIMIT 0", {"files": [file]})
    stored = [column[0] for column in found.description or ()]
    found.fetchall()
    return stored

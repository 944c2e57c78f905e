"""All rows of the catalog as one JSON file beside it, so that readers need neither its lock nor DuckDB.

Whoever commits replaces it under the lock. It is derived: a reader that cannot use it takes the rows from the catalog.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, Final

from mistudio_core.files import Home, json_bytes, write_bytes
from mistudio_core.store.catalog import migrations

Tables = dict[str, list[tuple[Any, ...]]]
"""The rows of each table, as plain tuples."""
Columns = Mapping[str, Sequence[str]]
Stamp = tuple[int, ...]
"""What tells a state of the catalog from any other: of its file and of its generation, the numbers that move."""

_NAME: Final = "catalog.rows.json"
_END: Final = b"}"
_TIME: Final = "_at"
"""The ending of the columns that hold times."""


def stamp_of(home: Home) -> Stamp | None:
    """Return the state of the catalog; None where it is lost, or of a version without generations."""
    try:
        file, generation = os.stat(home.catalog), os.stat(home.generation)
    except OSError:
        return None
    return (file.st_ino, file.st_size, file.st_mtime_ns, generation.st_ino, generation.st_mtime_ns)


def write(home: Home, columns: Columns, tables: Tables) -> Stamp | None:
    """Put the rows of the catalog as it is now into the file, and return the state of the catalog.

    A disk that is full keeps nobody from committing: the next reader takes the rows from the catalog itself.
    """
    stamp = stamp_of(home)
    rows = {name: [[_plain(value) for value in row] for row in table] for name, table in tables.items()}
    document = json_bytes({"stamp": stamp, "form": _form(columns), "rows": rows})
    with suppress(OSError):
        write_bytes(home.root / _NAME, _sealed(document))
    return stamp


def read(home: Home, columns: Columns) -> tuple[Stamp | None, Tables] | None:
    """Return the rows in the file and the state of the catalog that they are of; None where it cannot be used."""
    try:
        data = (home.root / _NAME).read_bytes()
        content = data[len(_sealed(b"")) - len(_END) : -len(_END)]
        if data != _sealed(content):  # a flipped bit in a name is JSON as well
            return None
        document = json.loads(content)
        if document["form"] != _form(columns):
            return None
        tables = {name: [_row(columns[name], row) for row in document["rows"][name]] for name in columns}
        stamp = document["stamp"]
        return None if stamp is None else tuple(int(part) for part in stamp), tables
    except (OSError, KeyError, TypeError, ValueError, RecursionError):
        return None


def _sealed(content: bytes) -> bytes:
    """Return a JSON document with its checksum before it, which is found without writing the document again."""
    return f'{{"sha256":"{hashlib.sha256(content).hexdigest()}","content":'.encode() + content + _END


def _form(columns: Columns) -> dict[str, Any]:
    """Return what another version of the catalog would have differently: it is opened, and then updated or refused."""
    steps = [name for name, _ in migrations.MIGRATIONS]
    return {"columns": {name: list(names) for name, names in columns.items()}, "migrations": steps}


def _row(columns: Sequence[str], values: Sequence[Any]) -> tuple[Any, ...]:
    return tuple(
        datetime.fromisoformat(value) if value is not None and name.endswith(_TIME) else value
        for name, value in zip(columns, values, strict=True)
    )


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value

"""The file of the catalog: attached, made in one step, and put aside where it is damaged."""

from __future__ import annotations

import os
import secrets
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import duckdb

from mistudio_core.files import Home, sync_file, sync_folder

STORAGE_VERSION: Final = "v1.2.0"
"""Both DuckDB 1.5 and 2 read this, so that a notebook with another version can join."""

_CONFIG: Final[dict[str, Any]] = {
    "threads": 1,
    "memory_limit": "256MB",
    "temp_directory": "",
    "autoinstall_known_extensions": False,
}
_DAMAGE: Final = (
    "not a valid duckdb database",
    "corrupt",
    "checksum",
    "could not read enough bytes",
    "is a directory",
    "input/output error",
    "symbolic links",
    "deserialize",
    "replaying wal",
)
"""What DuckDB says, in small letters, of a file that is not what it wrote; a full disk or a held file is no damage."""
_DAMAGE_TYPES: Final = (
    duckdb.CatalogException,  # a table is missing
    duckdb.BinderException,  # a column is missing
    duckdb.SerializationException,
    duckdb.InternalException,
    duckdb.FatalException,
)


_instance_lock: Final = threading.Lock()
_instances: Final[list[duckdb.DuckDBPyConnection]] = []
"""The one instance of DuckDB that this process attaches catalogs to: to make one takes longer than a transaction."""


class Attached:
    """A connection that works on the database in a file, which is made where there is none; other programs wait.

    `close` rolls back what is not committed, and lets go of the file.
    """

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        """Attach the file."""
        self._instance = _instance()
        self._name = f"catalog_{secrets.token_hex(8)}"
        self.connection = self._instance.cursor()
        quoted = str(path).replace("'", "''")  # the path is ours, but may hold a quote: MISTUDIO_HOME is the user's
        how = "READ_ONLY" if read_only else f"STORAGE_VERSION '{STORAGE_VERSION}'"
        try:
            self.connection.execute(f"ATTACH '{quoted}' AS {self._name} ({how})")
            self.connection.execute(f"USE {self._name}")
        except BaseException:
            with suppress(duckdb.Error):
                self.close()
            raise

    def close(self) -> None:
        """Detach the file; an instance that cannot is of no more use, and is not used again."""
        self.connection.close()
        try:
            self._instance.execute(f"DETACH DATABASE IF EXISTS {self._name}")
            self._instance.execute("SELECT 1")
        except duckdb.Error:
            with _instance_lock:
                if self._instance in _instances:
                    _instances.remove(self._instance)
            raise


def _instance() -> duckdb.DuckDBPyConnection:
    with _instance_lock:
        if not _instances:
            _instances.append(duckdb.connect(":memory:", config=_CONFIG))
        return _instances[0]


@contextmanager
def making(home: Home) -> Iterator[duckdb.DuckDBPyConnection]:
    """Give a connection to an empty database that becomes the catalog at the end, in one step."""
    draft = home.catalog.with_name(f".{home.catalog.name}.{os.getpid()}.{secrets.token_hex(4)}")
    for leftover in home.root.glob(f".{home.catalog.name}.*"):
        home.discard(leftover)  # of a program that was killed: whoever makes the catalog holds its lock
    try:
        with closing(Attached(draft)) as database:
            yield database.connection
        sync_file(draft)
        home.discard(_log_of(home.catalog))  # of a catalog that was lost
        os.replace(draft, home.catalog)
        sync_folder(home.root)
    finally:
        for leftover in (draft, _log_of(draft)):
            leftover.unlink(missing_ok=True)


def is_damage(error: duckdb.Error) -> bool:
    """Tell whether a failure says that the file is not what was written."""
    text = str(error).casefold()
    if "no space left" in text:
        return False
    return isinstance(error, _DAMAGE_TYPES) or any(sign in text for sign in _DAMAGE)


def set_aside(home: Home) -> None:
    """Give a damaged catalog another name, for who wants to look into it; of several the last one is kept."""
    aside = home.catalog.with_name(f"{home.catalog.name}.damaged")
    for path, target in ((home.catalog, aside), (_log_of(home.catalog), _log_of(aside))):
        home.discard(target)
        if os.path.lexists(path):
            os.rename(path, target)


def _log_of(database: Path) -> Path:
    """Return where DuckDB writes what is not in the file yet."""
    return database.with_name(f"{database.name}.wal")

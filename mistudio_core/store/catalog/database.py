"""The catalog: datasets, tokenizations and jobs in one small DuckDB file, shared by every process.

DuckDB lets one process hold a file, so the catalog is open only for the length of one transaction,
under a file lock. Reads come from a snapshot that is reloaded when `catalog.generation` has moved:
looking costs a `stat`. The files of the library are the truth; `rebuild` makes the catalog from them.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any, Final

import duckdb
from filelock import FileLock, Timeout

from mistudio_core.errors import StudioError
from mistudio_core.files import Home, write_bytes
from mistudio_core.records import Dataset, Tokenization
from mistudio_core.store.catalog import rows
from mistudio_core.store.catalog.migrations import migrate

STORAGE_VERSION: Final = "v1.2.0"
"""Both DuckDB 1.5 and 2 read this, so that a notebook with another version can join."""

_CONFIG: Final[dict[str, Any]] = {
    "threads": 1,
    "memory_limit": "256MB",
    "temp_directory": "",
    "autoinstall_known_extensions": False,
}
_TABLES: Final = {
    "datasets": rows.DATASET_COLUMNS,
    "tokenizations": rows.TOKENIZATION_COLUMNS,
    "jobs": rows.JOB_COLUMNS,
}


class Transaction:
    """The catalog while it is open; everything done in it happens, or nothing does."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, home: Home, *, is_new: bool = False) -> None:
        """Work on an open connection in which a transaction has begun."""
        self.is_new = is_new
        """Whether there was no catalog file before this transaction."""
        self._connection = connection
        self._home = home

    def put(self, subject: Dataset | Tokenization) -> None:
        """Write the row of a dataset or a tokenization."""
        if isinstance(subject, Dataset):
            self.put_dataset(subject)
        else:
            self.put_tokenization(subject)

    def put_dataset(self, dataset: Dataset) -> None:
        """Write the row of a dataset."""
        self._put("datasets", rows.to_row(dataset, rows.DATASET_COLUMNS))

    def put_tokenization(self, tokenization: Tokenization) -> None:
        """Write the row of a tokenization."""
        self._put("tokenizations", rows.to_row(tokenization, rows.TOKENIZATION_COLUMNS))

    def put_job(self, job: rows.JobRow) -> None:
        """Write the row of a job."""
        self._put("jobs", rows.to_row(job, rows.JOB_COLUMNS))

    def next_position(self) -> int:
        """Return a number larger than that of every job in the catalog, and so of every live one."""
        value: tuple[int] | None = self._connection.execute(
            "SELECT coalesce(max(position), 0) + 1 FROM jobs"
        ).fetchone()
        assert value is not None
        return value[0]

    def datasets(self) -> dict[str, Dataset]:
        """Return all datasets by id."""
        return {row[0]: rows.dataset_of(row, self._home) for row in self._all("datasets")}

    def tokenizations(self) -> dict[str, Tokenization]:
        """Return all tokenizations by id."""
        return {row[0]: rows.tokenization_of(row, self._home) for row in self._all("tokenizations")}

    def subjects(self) -> dict[str, Dataset | Tokenization]:
        """Return all datasets and tokenizations by id."""
        return {**self.datasets(), **self.tokenizations()}

    def subject(self, any_id: str) -> Dataset | Tokenization | None:
        """Return a dataset or a tokenization, or None where there is none with this id."""
        return self.subjects().get(any_id)

    def jobs(self) -> dict[str, rows.JobRow]:
        """Return all jobs by id, oldest first."""
        return {row[0]: rows.job_of(row) for row in self._all("jobs")}

    def remove(self, ids: list[str]) -> None:
        """Delete the rows with these ids."""
        for table in _TABLES:
            self._connection.execute(f"DELETE FROM {table} WHERE list_contains(?, id)", [ids])  # noqa: S608

    def clear(self) -> None:
        """Delete every row."""
        for table in _TABLES:
            self._connection.execute(f"DELETE FROM {table}")  # noqa: S608

    def dump(self) -> dict[str, list[tuple[Any, ...]]]:
        """Return the rows of every table as plain tuples."""
        return {table: self._all(table) for table in _TABLES}

    def _put(self, table: str, values: list[Any]) -> None:
        places = ", ".join("?" for _ in values)
        names = ", ".join(_TABLES[table])
        self._connection.execute(f"INSERT OR REPLACE INTO {table} ({names}) VALUES ({places})", values)  # noqa: S608

    def _all(self, table: str) -> list[tuple[Any, ...]]:
        order = "position" if table == "jobs" else "created_at, id"
        return self._connection.execute(
            f"SELECT {', '.join(_TABLES[table])} FROM {table} ORDER BY {order}"  # noqa: S608
        ).fetchall()


class Catalog:
    """Opens the catalog for one transaction at a time and keeps the snapshot for reading.

    `memory` holds the snapshot as plain tuples; a caller that lives shorter than its process (a page)
    passes its own mapping to keep it between lives.
    """

    def __init__(self, home: Home, lock_timeout_s: float, memory: MutableMapping[str, Any] | None = None) -> None:
        """Open nothing yet."""
        self._home = home
        self._lock_timeout_s = lock_timeout_s
        self._memory: MutableMapping[str, Any] = {} if memory is None else memory

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Open the catalog, and commit at the end or roll back on an exception.

        Raises `library_locked` when another process holds it for 30 seconds.
        """
        with self._locked(), self._connected() as (connection, is_new):
            connection.execute("BEGIN")
            try:
                yield Transaction(connection, self._home, is_new=is_new)
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            # Moved before the commit and under the lock: whoever notices waits for the lock, and then reads what
            # was committed. A crash in between costs one needless load; the other order could hide a commit.
            self._move_generation()
            connection.execute("COMMIT")

    def snapshot(self) -> dict[str, list[tuple[Any, ...]]]:
        """Return all rows, from memory unless somebody has committed since."""
        stamp = self._stamp()
        if stamp is None or self._memory.get("stamp") != stamp:
            with self._locked(), self._connected() as (connection, _):
                if stamp is None:
                    self._move_generation()
                stamp = self._stamp()
                tables = Transaction(connection, self._home).dump()
            self._memory.update(tables=tables, stamp=stamp)
        snapshot: dict[str, list[tuple[Any, ...]]] = self._memory["tables"]
        return snapshot

    @contextmanager
    def _locked(self) -> Iterator[None]:
        lock = FileLock(self._home.locks / "catalog.lock", timeout=self._lock_timeout_s)
        try:
            lock.acquire()
        except Timeout:
            raise StudioError(
                "library_locked",
                f"Another program has kept the library {self._home.root} locked for {self._lock_timeout_s:g} seconds.",
                "Wait for it to finish, or stop it, and try again.",
            ) from None
        try:
            yield
        finally:
            lock.release()

    @contextmanager
    def _connected(self) -> Iterator[tuple[duckdb.DuckDBPyConnection, bool]]:
        is_new = not self._home.catalog.exists()
        connection = duckdb.connect(":memory:", config=_CONFIG)
        try:
            # the path is ours, but may hold a quote: MISTUDIO_HOME is the user's
            path = str(self._home.catalog).replace("'", "''")
            connection.execute(f"ATTACH '{path}' AS catalog (STORAGE_VERSION '{STORAGE_VERSION}')")
            connection.execute("USE catalog")
            if migrate(connection) or is_new:
                self._move_generation()
            yield connection, is_new
        except duckdb.IOException as error:
            raise StudioError(
                "library_locked",
                "The catalog could not be opened: another program has the file open, or it is damaged.",
                "Close other programs that use catalog.duckdb; if that does not help, delete it and run `rebuild`.",
            ) from error
        finally:
            connection.close()

    def _move_generation(self) -> None:
        write_bytes(self._home.generation, secrets.token_hex(8).encode())

    def _stamp(self) -> tuple[int, int] | None:
        try:
            os.stat(self._home.catalog)  # somebody may delete the catalog and leave its generation behind
            status = os.stat(self._home.generation)
        except FileNotFoundError:
            return None
        return (status.st_ino, status.st_mtime_ns)

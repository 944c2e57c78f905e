"""The catalog: datasets, tokenizations and jobs in one small DuckDB file, shared by every process.

DuckDB lets one process hold a file, so the catalog is open only for the length of one transaction,
under a file lock. Reads come from a snapshot that is reloaded when `catalog.generation` has moved:
looking costs a `stat`. The files of the library are the truth: a catalog that is lost or damaged is made from them.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import closing, contextmanager
from typing import Any, Final

import duckdb
from filelock import FileLock, Timeout

from mistudio_core.errors import StudioError
from mistudio_core.files import Home, damaged, write_bytes
from mistudio_core.records import Dataset, Tokenization
from mistudio_core.store.catalog import rows
from mistudio_core.store.catalog.file import connect, is_damage, making, set_aside
from mistudio_core.store.catalog.gathered import Gathered
from mistudio_core.store.catalog.migrations import migrate

_TABLES: Final = {
    "datasets": rows.DATASET_COLUMNS,
    "tokenizations": rows.TOKENIZATION_COLUMNS,
    "jobs": rows.JOB_COLUMNS,
}
_ROWS_AT_ONCE: Final = 100

Tables = dict[str, list[tuple[Any, ...]]]
"""The rows of each table, as plain tuples."""


class Transaction:
    """The catalog while it is open; everything done in it happens, or nothing does."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, home: Home) -> None:
        """Work on an open connection in which a transaction has begun."""
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

    def put_all(self, gathered: Gathered) -> None:
        """Write all of these records into an empty catalog; of many rows this is far quicker than one by one."""
        for table, columns in _TABLES.items():
            records: list[Any] = list(getattr(gathered, table)().values())
            for first in range(0, len(records), _ROWS_AT_ONCE):
                values = [rows.to_row(record, columns) for record in records[first : first + _ROWS_AT_ONCE]]
                places = ", ".join(f"({', '.join('?' for _ in columns)})" for _ in values)
                names = ", ".join(columns)
                flat = [value for row in values for value in row]
                self._connection.execute(f"INSERT INTO {table} ({names}) VALUES {places}", flat)  # noqa: S608

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

    def dump(self) -> Tables:
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
    passes its own mapping to keep it between lives. `fill` writes the records of the library into a new catalog:
    where the file was lost or is damaged, it is made again before anybody reads of it.
    """

    def __init__(
        self,
        home: Home,
        lock_timeout_s: float,
        memory: MutableMapping[str, Any] | None = None,
        fill: Callable[[Transaction], None] = lambda _: None,
    ) -> None:
        """Open nothing yet."""
        self._home = home
        self._lock_timeout_s = lock_timeout_s
        self._memory: MutableMapping[str, Any] = {} if memory is None else memory
        self._fill = fill

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Open the catalog, and commit at the end or roll back on an exception.

        Raises `library_locked` when another process holds it for 30 seconds.
        """
        with self._locked(), closing(self._opened()[0]) as connection:
            try:
                connection.execute("BEGIN")
                yield Transaction(connection, self._home)
                # Moved before the commit and under the lock: whoever notices waits for the lock, and then reads what
                # was committed. A crash in between costs one needless load; the other order could hide a commit.
                self._move_generation()
                connection.execute("COMMIT")
            except duckdb.Error as error:
                connection.close()
                raise self._failure(error) from error

    def snapshot(self) -> Tables:
        """Return all rows, from memory unless somebody has committed since."""
        stamp = self._stamp()
        if stamp is None or self._memory.get("stamp") != stamp:
            with self._locked():
                connection, tables = self._opened()
                connection.close()
                if self._stamp() is None:
                    self._move_generation()
                self._memory.update(tables=tables, stamp=self._stamp())
        snapshot: Tables = self._memory["tables"]
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

    def _opened(self) -> tuple[duckdb.DuckDBPyConnection, Tables]:
        """Return a connection to the catalog of this version, and its rows; it is made again if lost or damaged.

        All rows are read, so that damage is noticed before anything is done.
        """
        if self._home.catalog.exists():
            try:
                return self._attached()
            except duckdb.Error as error:
                if not is_damage(error):
                    raise self._failure(error) from error
            set_aside(self._home)
        with making(self._home) as connection:
            migrate(connection)
            connection.execute("BEGIN")
            self._fill(Transaction(connection, self._home))
            connection.execute("COMMIT")
        self._move_generation()
        return self._attached()

    def _attached(self) -> tuple[duckdb.DuckDBPyConnection, Tables]:
        connection = connect(self._home.catalog)
        try:
            if migrate(connection):
                self._move_generation()
            return connection, Transaction(connection, self._home).dump()
        except BaseException:
            connection.close()
            raise

    def _failure(self, error: duckdb.Error) -> StudioError:
        """Return what a failure of the database means; one by damage puts the file aside, so that it is made again."""
        if is_damage(error):
            set_aside(self._home)
            return damaged(self._home.catalog, "it is made again from the files of the library", "Try again.")
        if "no space left" in str(error).casefold():
            return StudioError("disk_full", "The disk is full: the catalog cannot be written.", "Free disk space.")
        why = "another program has the file open" if "lock" in str(error) else str(error).splitlines()[0][:200]
        return StudioError(
            "library_locked",
            f"The catalog could not be opened: {why}.",
            "Close other programs that use catalog.duckdb.",
        )

    def _move_generation(self) -> None:
        write_bytes(self._home.generation, secrets.token_hex(8).encode())

    def _stamp(self) -> tuple[int, int] | None:
        try:
            os.stat(self._home.catalog)  # somebody may delete the catalog and leave its generation behind
            status = os.stat(self._home.generation)
        except OSError:
            return None
        return (status.st_ino, status.st_mtime_ns)

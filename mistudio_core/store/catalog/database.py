"""The catalog: datasets, tokenizations and jobs in one small DuckDB file, shared by every process.

DuckDB lets one process hold a file, so the catalog is open only for the length of one transaction, under a file lock.
Readers take the rows from a file beside it and need neither: looking costs two `stat`. The files of the library are the
truth: a catalog that is lost or damaged is made from them.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Final

import duckdb

from mistudio_core.disk import RESERVE_BYTES, full_disk, is_full, is_short, keep_reserve, release_reserve
from mistudio_core.errors import InvalidRequest, StudioError
from mistudio_core.files import Home, damaged, unwritable, write_bytes
from mistudio_core.records import Dataset, Tokenization
from mistudio_core.store.catalog import rows, rows_file
from mistudio_core.store.catalog.file import Attached, is_damage, making, set_aside
from mistudio_core.store.catalog.gathered import Gathered
from mistudio_core.store.catalog.lock import held, held_if_free
from mistudio_core.store.catalog.migrations import migrate
from mistudio_core.store.catalog.rows_file import Tables

_TABLES: Final = {
    "datasets": rows.DATASET_COLUMNS,
    "tokenizations": rows.TOKENIZATION_COLUMNS,
    "jobs": rows.JOB_COLUMNS,
}
_ROWS_AT_ONCE: Final = 100
_POSITION: Final = rows.JOB_COLUMNS.index("position")
_ORDERS: Final[Mapping[str, Callable[[Sequence[Any]], Any]]] = {
    "datasets": lambda row: (row[rows.DATASET_COLUMNS.index("created_at")], row[0]),
    "tokenizations": lambda row: (row[rows.TOKENIZATION_COLUMNS.index("created_at")], row[0]),
    "jobs": lambda row: row[_POSITION],
}


class Transaction:
    """The catalog while it is open; everything done in it happens, or nothing does."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, home: Home, tables: Tables) -> None:
        """Work on an open connection in which a transaction has begun; `tables` are the rows that there are."""
        self.changed = False
        """Whether anything was written in it."""
        self._connection = connection
        self._home = home
        self._rows = {table: {row[0]: row for row in tables[table]} for table in _TABLES}

    def put(self, subject: Dataset | Tokenization) -> None:
        """Write the row of a dataset or a tokenization."""
        if isinstance(subject, Dataset):
            self.put_dataset(subject)
        else:
            self.put_tokenization(subject)

    def put_dataset(self, dataset: Dataset) -> None:
        """Write the row of a dataset."""
        self._put("datasets", [rows.to_row(dataset, rows.DATASET_COLUMNS)])

    def put_tokenization(self, tokenization: Tokenization) -> None:
        """Write the row of a tokenization."""
        self._put("tokenizations", [rows.to_row(tokenization, rows.TOKENIZATION_COLUMNS)])

    def put_job(self, job: rows.JobRow) -> None:
        """Write the row of a job."""
        self._put("jobs", [rows.to_row(job, rows.JOB_COLUMNS)])

    def put_all(self, gathered: Gathered) -> None:
        """Write all of these records into an empty catalog; of many rows this is far quicker than one by one."""
        for table, columns in _TABLES.items():
            records: list[Any] = list(getattr(gathered, table)().values())
            for first in range(0, len(records), _ROWS_AT_ONCE):
                self._put(table, [rows.to_row(record, columns) for record in records[first : first + _ROWS_AT_ONCE]])

    def next_position(self) -> int:
        """Return a number larger than that of every job in the catalog, and so of every live one."""
        return max((row[_POSITION] for row in self._rows["jobs"].values()), default=0) + 1

    def datasets(self) -> dict[str, Dataset]:
        """Return all datasets by id."""
        return {key: rows.dataset_of(row, self._home) for key, row in self._rows["datasets"].items()}

    def tokenizations(self) -> dict[str, Tokenization]:
        """Return all tokenizations by id."""
        return {key: rows.tokenization_of(row, self._home) for key, row in self._rows["tokenizations"].items()}

    def subjects(self) -> dict[str, Dataset | Tokenization]:
        """Return all datasets and tokenizations by id."""
        return {**self.datasets(), **self.tokenizations()}

    def subject(self, any_id: str) -> Dataset | Tokenization | None:
        """Return a dataset or a tokenization, or None where there is none with this id."""
        if any_id in self._rows["datasets"]:
            return rows.dataset_of(self._rows["datasets"][any_id], self._home)
        row = self._rows["tokenizations"].get(any_id)
        return None if row is None else rows.tokenization_of(row, self._home)

    def jobs(self) -> dict[str, rows.JobRow]:
        """Return all jobs by id, oldest first."""
        return {row[0]: rows.job_of(row) for row in self.dump()["jobs"]}

    def remove(self, ids: list[str]) -> None:
        """Delete the rows with these ids."""
        self.changed = True
        for table, known in self._rows.items():
            self._connection.execute(f"DELETE FROM {table} WHERE list_contains(?, id)", [ids])  # noqa: S608
            for key in ids:
                known.pop(key, None)

    def clear(self) -> None:
        """Delete every row."""
        self.changed = True
        for table, known in self._rows.items():
            self._connection.execute(f"DELETE FROM {table}")  # noqa: S608
            known.clear()

    def dump(self) -> Tables:
        """Return the rows of every table as plain tuples, in the order in which they were made."""
        return {table: sorted(known.values(), key=_ORDERS[table]) for table, known in self._rows.items()}

    def _put(self, table: str, values: list[list[Any]]) -> None:
        self.changed = True
        columns = _TABLES[table]
        places = ", ".join(f"({', '.join('?' for _ in columns)})" for _ in values)
        flat = [value for row in values for value in row]
        sql = f"INSERT OR REPLACE INTO {table} ({', '.join(columns)}) VALUES {places}"  # noqa: S608
        self._connection.execute(sql, flat)
        self._rows[table].update((row[0], tuple(row)) for row in values)


def _all_rows(connection: duckdb.DuckDBPyConnection) -> Tables:
    return {
        table: connection.execute(f"SELECT {', '.join(columns)} FROM {table}").fetchall()  # noqa: S608
        for table, columns in _TABLES.items()
    }


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
    def transaction(self, *, if_free: bool = False, with_reserve: bool = False) -> Iterator[Transaction]:
        """Open the catalog, and commit at the end or roll back on an exception.

        Raises `library_locked` when others hold it for longer than the timeout, or hold it at all with `if_free`, and
        `disk_full` where it cannot be written. On a full disk one `with_reserve` has what is laid aside for it.
        """
        if with_reserve and is_short(self._home.root):
            release_reserve(self._home.root)
        with held(self._home, 0 if if_free else self._lock_timeout_s):
            with self._opened() as (connection, known):
                try:
                    connection.execute("BEGIN")
                    transaction = Transaction(connection, self._home, known)
                    yield transaction
                    if not transaction.changed:
                        return
                    tables = transaction.dump()
                    # Moved before the commit and under the lock: whoever notices waits for the lock, and then reads
                    # what was committed. A crash in between costs one needless load; the other order could hide it.
                    self._move_generation()
                    connection.execute("COMMIT")
                except duckdb.Error as error:
                    connection.close()
                    raise self._failure(error) from error
                except OSError as error:
                    if is_full(error):
                        raise full_disk(self._home.root, RESERVE_BYTES) from error
                    raise unwritable(self._home.root, error) from error
            self._remember(tables)
        if with_reserve:
            keep_reserve(self._home.root)

    def snapshot(self) -> Tables:
        """Return all rows, from memory unless somebody has committed since.

        A reader waits for no writer: while one is at work, what had been committed before is what there is.
        """
        stamp = rows_file.stamp_of(self._home)
        if stamp is not None and self._memory.get("stamp") == stamp:
            return dict(self._memory["tables"])
        found = rows_file.read(self._home, _TABLES)
        if found is None or stamp is None:
            with held(self._home, self._lock_timeout_s):
                return self._loaded()
        if found[0] != stamp:
            with held_if_free(self._home) as free:
                return self._loaded() if free else found[1]
        self._memory.update(tables=found[1], stamp=stamp)
        return found[1]

    def problem(self) -> str | None:
        """Return in a sentence how the file of the catalog is damaged, None where all of it can be read."""
        try:
            with held(self._home, self._lock_timeout_s):
                return self._problem()
        except InvalidRequest:  # of a disk that is read-only, where nobody writes
            return self._problem()

    def _problem(self) -> str | None:
        if not self._home.catalog.exists():
            return f"{self._home.catalog} is missing."
        try:
            database = Attached(self._home.catalog, read_only=True)
            try:
                _all_rows(database.connection)
            finally:
                database.close()
        except duckdb.Error as error:
            if is_damage(error):
                return f"{self._home.catalog} is damaged."
            raise self._failure(error) from error
        return None

    def _loaded(self) -> Tables:
        """Return the rows of the catalog itself, under its lock; made again if it is lost or damaged."""
        with self._opened() as (_, tables):
            pass
        if not self._home.generation.is_file():
            with suppress(OSError):  # who reads writes nothing on a full disk, and reads again
                self._move_generation()
        self._remember(tables)
        return tables

    def _remember(self, tables: Tables) -> None:
        self._memory.update(tables=tables, stamp=rows_file.write(self._home, _TABLES, tables))

    @contextmanager
    def _opened(self) -> Iterator[tuple[duckdb.DuckDBPyConnection, Tables]]:
        """Give a connection to the catalog of this version, and its rows; it is made again if lost or damaged.

        Unless the file is as its last writer left it, all rows are read, so that damage is noticed before anything is
        done.
        """
        database, tables = self._attached()
        try:
            yield database.connection, tables
        except BaseException:
            with suppress(duckdb.Error):
                database.close()
            raise
        try:
            database.close()
        except duckdb.Error as error:
            raise self._failure(error) from error

    def _attached(self) -> tuple[Attached, Tables]:
        if self._home.catalog.exists():
            try:
                return self._read()
            except duckdb.Error as error:
                if not is_damage(error):
                    raise self._failure(error) from error
            set_aside(self._home)
        with making(self._home) as connection:
            migrate(connection)
            connection.execute("BEGIN")
            self._fill(Transaction(connection, self._home, {table: [] for table in _TABLES}))
            connection.execute("COMMIT")
        self._move_generation()
        return self._read()

    def _read(self) -> tuple[Attached, Tables]:
        kept = rows_file.read(self._home, _TABLES)
        stamp = rows_file.stamp_of(self._home)
        database = Attached(self._home.catalog)
        try:
            if kept is not None and kept[0] == stamp:  # the file is as its last writer left it, and of this version
                return database, kept[1]
            if migrate(database.connection):
                self._move_generation()
            found = Transaction(database.connection, self._home, _all_rows(database.connection))
            return database, found.dump()
        except BaseException:
            with suppress(duckdb.Error):
                database.close()
            raise

    def _failure(self, error: duckdb.Error) -> StudioError:
        """Return what a failure of the database means; one by damage puts the file aside, so that it is made again."""
        if "no space left" in str(error).casefold():  # first: a full disk can look like damage
            return full_disk(self._home.root, RESERVE_BYTES)
        if is_damage(error):
            set_aside(self._home)
            return damaged(self._home.catalog, "it is made again from the files of the library", "Try again.")
        why = "another program has the file open" if "lock" in str(error) else str(error).splitlines()[0][:200]
        return StudioError(
            "library_locked",
            f"The catalog could not be opened: {why}.",
            "Close other programs that use catalog.duckdb.",
        )

    def _move_generation(self) -> None:
        write_bytes(self._home.generation, secrets.token_hex(8).encode())

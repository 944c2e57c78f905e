"""The catalog: shared between processes and threads, migrated in order, never half written."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from filelock import FileLock

from mistudio_core.errors import StudioError
from mistudio_core.files import Home, new_id
from mistudio_core.records import Dataset, ErrorInfo, now
from mistudio_core.store.catalog import lock, migrations, rows, rows_file
from mistudio_core.store.catalog.database import Catalog
from mistudio_core.store.catalog.file import Attached
from tests.support.damage import DAMAGES


@pytest.fixture
def home(tmp_path: Path) -> Home:
    place = Home(tmp_path / "it's a library")
    place.prepare()
    return place


def a_dataset(name: str = "stories") -> Dataset:
    moment = now()
    return Dataset(
        id=new_id("ds"), name=name, source="local", repo_id=None, revision=None, config=None,
        splits={"train": 3, "b": 0}, num_samples=3, size_bytes=10,
        status="error", error=ErrorInfo("disk_full", "Full.", "Empty it."),
        columns={"text": "string"}, text_columns=("text",), path=None, created_at=moment, updated_at=moment,
        max_samples=7, notes="line\nline 'quoted'",
    )  # fmt: skip


def stored(catalog: Catalog, home: Home) -> list[Dataset]:
    return [rows.dataset_of(row, home) for row in catalog.snapshot()["datasets"]]


def test_a_record_comes_back_as_it_was_written(home: Home) -> None:
    catalog = Catalog(home, 30)
    dataset = a_dataset()
    with catalog.transaction() as transaction:
        transaction.put_dataset(dataset)
    assert stored(catalog, home) == [dataset]
    with catalog.transaction() as transaction:
        transaction.put_dataset(replace(dataset, status="ready", error=None))
    assert stored(catalog, home) == [replace(dataset, status="ready", error=None, path=home.dataset(dataset.id))]


def test_an_exception_undoes_the_whole_transaction(home: Home) -> None:
    catalog = Catalog(home, 30)

    def write_and_fail() -> None:
        with catalog.transaction() as transaction:
            transaction.put_dataset(a_dataset())
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_and_fail()
    assert stored(catalog, home) == []


def test_another_catalog_object_sees_a_commit_and_an_idle_look_opens_nothing(home: Home) -> None:
    mine, theirs = Catalog(home, 30), Catalog(home, 30)
    assert stored(mine, home) == []
    with theirs.transaction() as transaction:
        transaction.put_dataset(a_dataset())
    assert len(stored(mine, home)) == 1
    with FileLock(home.locks / "catalog.lock"):  # a look that opened the file would wait for this, and fail
        assert len(stored(Catalog(home, 0.2, mine._memory), home)) == 1


def test_a_reader_waits_for_no_writer(home: Home) -> None:
    """While somebody commits, what was committed before is there at once; afterwards, what they have committed."""
    mine, theirs = Catalog(home, 0.5), Catalog(home, 30)
    with mine.transaction() as transaction:
        transaction.put_dataset(a_dataset("first"))
    with theirs.transaction() as transaction:
        transaction.put_dataset(a_dataset("second"))
        theirs._move_generation()  # as just before the commit
        assert [item.name for item in stored(mine, home)] == ["first"]
        assert [item.name for item in stored(Catalog(home, 0.5), home)] == ["first"]
    assert sorted(item.name for item in stored(mine, home)) == ["first", "second"]


def test_a_transaction_that_writes_nothing_moves_nothing(home: Home) -> None:
    catalog = Catalog(home, 30)
    with catalog.transaction() as transaction:
        transaction.put_dataset(a_dataset())
    before = rows_file.stamp_of(home)
    with catalog.transaction() as transaction:
        assert len(transaction.datasets()) == 1
    assert rows_file.stamp_of(home) == before
    kept = rows_file.read(home, {"datasets": rows.DATASET_COLUMNS})
    assert kept is None, "a file of other columns is not used"


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_lost_or_damaged_file_of_rows_is_written_again(home: Home, damage: str) -> None:
    catalog = Catalog(home, 30)
    with catalog.transaction() as transaction:
        transaction.put_dataset(a_dataset())
    place = home.root / "catalog.rows.json"
    DAMAGES[damage](place)
    assert len(stored(Catalog(home, 30), home)) == 1
    with catalog.transaction() as transaction:
        transaction.put_dataset(a_dataset())
    assert len(stored(Catalog(home, 30), home)) == 2


def test_no_flipped_bit_in_the_file_of_rows_is_believed(home: Home) -> None:
    with Catalog(home, 30).transaction() as transaction:
        transaction.put_dataset(a_dataset())
    whole = stored(Catalog(home, 30), home)
    place = home.root / "catalog.rows.json"
    data = place.read_bytes()
    for at in range(0, len(data), 29):
        place.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        assert stored(Catalog(home, 30), home) == whole, at
        assert place.read_bytes() == data


def test_who_takes_the_lock_again_and_again_keeps_nobody_out(home: Home) -> None:
    """A thread that takes the lock as soon as it has given it back: others get their turn between two of its own."""
    turns: list[int] = []
    taken, ended = [0], threading.Event()

    def hog() -> None:
        while not ended.is_set():
            with lock.held(home, 30):
                taken[0] += 1
                time.sleep(0.002)

    thread = threading.Thread(target=hog)
    thread.start()
    try:
        while not taken[0]:
            time.sleep(0.001)
        for _ in range(20):
            with lock.held(home, 30):
                turns.append(taken[0])
    finally:
        ended.set()
        thread.join()
    assert turns[-1] - turns[0] < 200, "without a place for who is next it would have taken the lock thousands of times"


def test_a_lock_that_is_never_given_back_is_reported(home: Home) -> None:
    for name in ("catalog.lock", "catalog.next"):
        with (
            FileLock(home.locks / name),
            pytest.raises(StudioError) as caught,
            Catalog(home, 0.2).transaction(),
        ):
            pass
        assert caught.value.code == "library_locked"


def test_a_file_held_by_another_program_is_reported(home: Home) -> None:
    Catalog(home, 30).snapshot()
    holder = subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(home.catalog)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(StudioError) as caught, Catalog(home, 30).transaction():
            pass
        assert caught.value.code == "library_locked"
        holder.communicate("done\n", timeout=30)


_HOLD = """
import sys, duckdb
with duckdb.connect(sys.argv[1]):
    print("held", flush=True)
    sys.stdin.readline()
"""


def test_threads_lose_no_write(home: Home) -> None:
    def write() -> None:
        for _ in range(5):
            with Catalog(home, 30).transaction() as transaction:
                transaction.put_dataset(a_dataset())

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(stored(Catalog(home, 30), home)) == 20


def test_every_older_catalog_opens(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    catalog = Catalog(home, 30)
    with catalog.transaction() as transaction:
        transaction.put_dataset(a_dataset())

    def add_column(connection: duckdb.DuckDBPyConnection) -> None:
        connection.execute("ALTER TABLE datasets ADD COLUMN colour VARCHAR DEFAULT 'green'")

    monkeypatch.setattr(migrations, "MIGRATIONS", (*migrations.MIGRATIONS, ("m999_colour", add_column)))
    assert len(stored(Catalog(home, 30), home)) == 1
    with duckdb.connect(str(home.catalog)) as connection:
        assert connection.execute("SELECT colour FROM datasets").fetchall() == [("green",)]


def test_jobs_and_tokenizations_of_an_older_catalog_belong_to_the_owner_of_their_dataset(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrations, "MIGRATIONS", migrations.MIGRATIONS[:1])
    with closing(Attached(home.catalog)) as database:
        connection = database.connection
        migrations.migrate(connection)
        moment = "TIMESTAMP '2026-01-01'"
        connection.execute(f"""
            INSERT INTO datasets VALUES ('ds_a', 'a', 'local', NULL, NULL, NULL, '{{}}', 1, 1, 'ready', NULL, '{{}}',
            '[]', {moment}, {moment}, 'her', 'public', NULL, '')""")
        connection.execute(f"""
            INSERT INTO tokenizations VALUES ('tok_a', 'ds_a', 'sample', NULL, NULL, '{{}}', 8, NULL, 'ready', NULL, 0,
            0, 0, 0, {moment}, {moment})""")
        for job, subject in (("job_a", "ds_a"), ("job_b", "tok_a"), ("job_c", "job_c")):
            connection.execute(f"""
                INSERT INTO jobs VALUES ('{job}', 1, 'k', '{subject}', '{{}}', false, 'succeeded', '', 0, NULL, '',
                NULL, {moment}, NULL, NULL)""")
    monkeypatch.undo()
    tables = Catalog(home, 30).snapshot()
    assert [row[-1] for row in tables["tokenizations"]] == ["her"]
    assert sorted((row[0], row[-1]) for row in tables["jobs"]) == [
        ("job_a", "her"), ("job_b", "her"), ("job_c", "local"),
    ]  # fmt: skip


def test_a_step_that_fails_leaves_the_catalog_as_it_was(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    Catalog(home, 30).snapshot()
    known = migrations.MIGRATIONS

    def half(connection: duckdb.DuckDBPyConnection) -> None:
        connection.execute("CREATE TABLE half (x INTEGER)")
        raise RuntimeError

    monkeypatch.setattr(migrations, "MIGRATIONS", (*known, ("m999_half", half)))
    with pytest.raises(RuntimeError), Catalog(home, 30).transaction():
        pass
    monkeypatch.setattr(migrations, "MIGRATIONS", known)
    with Catalog(home, 30).transaction():
        pass
    with duckdb.connect(str(home.catalog)) as connection:
        assert ("half",) not in connection.execute("SHOW TABLES").fetchall()


def test_a_newer_catalog_is_refused_by_name_and_left_alone(home: Home) -> None:
    Catalog(home, 30).snapshot()
    with duckdb.connect(str(home.catalog)) as connection:
        connection.execute("INSERT INTO migrations VALUES ('m777_future', now()::TIMESTAMP)")
    with pytest.raises(StudioError, match="m777_future") as caught, Catalog(home, 30).transaction():
        pass
    assert caught.value.code == "invalid_request"


def test_the_file_is_written_for_duckdb_1_and_2(home: Home) -> None:
    Catalog(home, 30).snapshot()
    with duckdb.connect(str(home.catalog), read_only=True) as connection:
        tags = connection.execute("SELECT tags FROM duckdb_databases() WHERE NOT internal").fetchone()
    assert tags is not None
    assert "v1.2" in str(tags[0])


def test_a_deleted_catalog_is_noticed_by_one_that_has_read_it(home: Home) -> None:
    catalog = Catalog(home, 30)
    with catalog.transaction() as transaction:
        transaction.put_dataset(a_dataset())
    assert len(stored(catalog, home)) == 1
    home.catalog.unlink()
    assert stored(catalog, home) == []

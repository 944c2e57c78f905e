"""A disk without a free byte, without room for another file, or that is read-only: real ones of a few megabytes.

What is there is read, verified, cancelled and deleted; what needs room says how much, and leaves nothing behind.
"""

from __future__ import annotations

import errno
import io
import os
import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import duckdb
import pytest

from mistudio_core.disk import RESERVE_BYTES, release_reserve
from mistudio_core.errors import InvalidRequest, LimitReached
from mistudio_core.files import walk_files
from mistudio_core.library import Library
from mistudio_core.work.__main__ import _reported
from tests.support.staged import StagedLibrary, a_dataset, staged, stories

MEGABYTES = 80
FILES = 2000
FAILED = {"code": "worker_died", "message": "Gone.", "hint": ""}


def mount(*arguments: str) -> None:
    done = subprocess.run(["mount", *arguments], capture_output=True, text=True)
    if done.returncode != 0:
        pytest.skip(f"a small disk cannot be mounted here: {done.stderr.strip()}")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "disk"
    place.mkdir()
    mount("-t", "tmpfs", "-o", f"size={MEGABYTES}m,nr_inodes={FILES}", "tmpfs", str(place))
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def without_bytes(disk: Path) -> None:
    with open(disk / "filler", "wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(1 << 16))
    assert os.statvfs(disk).f_bavail == 0


def without_files(disk: Path) -> None:
    (disk / "many").mkdir()
    with suppress(OSError):
        for number in range(FILES):
            (disk / "many" / str(number)).touch()
    assert os.statvfs(disk).f_favail == 0


FILLED = {"bytes": without_bytes, "files": without_files}


@pytest.fixture(params=FILLED)
def full(request: pytest.FixtureRequest, disk: Path) -> Iterator[tuple[Library, str]]:
    """A library on a full disk with two datasets, a job that ended, and one that runs and heeds a cancel."""
    with staged(disk / "home") as made:
        library, dataset_id = _made(made)
        FILLED[request.param](disk)
        yield library, dataset_id


def _made(made: StagedLibrary) -> tuple[Library, str]:
    dataset_id = made.ready("first", {"train": stories(50)})
    made.ready("second", {"train": stories(50)})
    made.ended("download", a_dataset("failed"), FAILED, log="worked")
    return made.open(), dataset_id


def everything_is_read(library: Library) -> None:
    assert {dataset.name for dataset in library.datasets()} >= {"second", "failed"}
    (job,) = library.jobs()
    assert library.log(job.id) == "worked"
    second = next(dataset for dataset in library.datasets() if dataset.name == "second")
    assert library.samples(second.id, limit=3).total == 50
    assert library.verify().problems == ()
    assert library.tokenizers() == []
    assert library.storage().datasets > 0


def test_reading_writes_nothing(full: tuple[Library, str]) -> None:
    library, _ = full
    before = {path: path.stat().st_mtime_ns for path in walk_files(library.home.root) if path.suffix != ".lock"}
    for one in (library, Library.open(library.home.root)):
        everything_is_read(one)
    after = {path: path.stat().st_mtime_ns for path in walk_files(library.home.root) if path.suffix != ".lock"}
    assert after == before


REFUSED: dict[str, Callable[[Library, str], object]] = {
    "rename": lambda library, dataset_id: library.rename(dataset_id, name="Other"),
    "make_example": lambda library, _: library.make_example(5),
    "upload": lambda library, _: library.upload([("a.txt", io.BytesIO(b"One."))]),
    "export_samples": lambda library, dataset_id: library.export_samples(dataset_id, "csv"),
    "build_index": lambda library, dataset_id: library.build_search_index(dataset_id),
    "rebuild": lambda library, _: library.rebuild(),
}


def test_what_needs_room_says_how_much_and_does_nothing(full: tuple[Library, str]) -> None:
    library, dataset_id = full
    for act, run in REFUSED.items():
        before = [record.to_json() for record in (*library.datasets(), *library.jobs())]
        with pytest.raises(LimitReached) as caught:
            run(library, dataset_id)
        assert re.search(r"[\d,]+ bytes are needed, and [\d,]+ are free|as many files as it can", caught.value.message)
        assert [record.to_json() for record in (*library.datasets(), *library.jobs())] == before, act
        assert list(library.home.exports.iterdir()) == []


def test_deleting_frees_the_disk(full: tuple[Library, str]) -> None:
    library, dataset_id = full
    freed = library.delete(dataset_id).freed_bytes
    assert freed > 0
    assert not library.home.dataset(dataset_id).exists()
    assert list(library.home.trash.iterdir()) == []
    for one in (library, Library.open(library.home.root)):
        assert dataset_id not in {dataset.id for dataset in one.datasets()}
        everything_is_read(one)


def test_deleting_frees_the_disk_without_a_reserve(disk: Path) -> None:
    with staged(disk / "home") as made:
        library, dataset_id = _made(made)
        release_reserve(library.home.root)
        large = library.home.dataset(dataset_id) / "search"
        large.write_bytes(bytes(2 * RESERVE_BYTES))
        without_bytes(disk)
        assert library.delete(dataset_id).freed_bytes > 2 * RESERVE_BYTES
        everything_is_read(library)


@pytest.mark.parametrize(
    "error", [OSError(errno.ENOSPC, "No space left"), duckdb.IOException("No space left on device")]
)
def test_a_worker_that_runs_out_of_room_needs_more_than_there_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    monkeypatch.setenv("MISTUDIO_KEEP_FREE_MB", "0")
    told = _reported(tmp_path, error)
    assert told.code == "disk_full"
    needed, free = (int(number.replace(",", "")) for number in re.findall(r"[\d,]*\d", told.message))
    assert needed > free > 0


@pytest.mark.parametrize("filled", FILLED)
def test_a_job_is_cancelled(disk: Path, filled: str) -> None:
    with staged(disk / "home") as made:
        waits_for = made.running("example", a_dataset("before"), None)
        library = made.open()
        dataset = library.make_example(5)
        (job,) = library.jobs(dataset.id)
        FILLED[filled](disk)
        assert library.cancel(job.id).status == "cancelled"
        assert library.job(waits_for).active
        assert library.delete(dataset.id, cascade=True).deleted == (dataset.id,)


def test_a_library_that_became_read_only_is_read(disk: Path) -> None:
    with staged(disk / "home") as made:
        library, dataset_id = _made(made)
    mount("-o", "remount,ro", str(disk))
    everything_is_read(library)
    for act in (REFUSED["rename"], lambda library, dataset_id: library.delete(dataset_id)):
        with pytest.raises(InvalidRequest, match="cannot be written"):
            act(library, dataset_id)
    with pytest.raises(InvalidRequest, match="cannot be written"):
        Library.open(library.home.root)
    everything_is_read(library)

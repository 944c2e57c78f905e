"""Jobs of a library: killed, cancelled, resumed, in line, and shared between processes."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from mistudio_core.errors import StudioError
from mistudio_core.files import read_json
from mistudio_core.jobs import protocol
from mistudio_core.library import Library
from mistudio_core.records import Job
from mistudio_core.settings import Settings

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    made = Library.open(tmp_path / "library")
    yield made
    for job in made.jobs(active=True):
        made.cancel(job.id)


def process_of(library: Library, job: Job) -> psutil.Process:
    deadline = time.monotonic() + 20
    while (found := read_json(library.home.job(job.id) / protocol.PROCESS)) is None:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return psutil.Process(found["pid"])


def code_of(error: pytest.ExceptionInfo[StudioError]) -> str:
    return error.value.code


def test_a_failed_dataset_comes_back_from_its_job(library: Library) -> None:
    dataset = library.make_example(150_000)
    library.cancel(library.jobs(dataset.id)[0].id)
    before = (library.datasets(), library.jobs())
    assert (before[0][0].error or pytest.fail("no error")).code == "cancelled"
    library.home.catalog.unlink()
    assert (library.datasets(), library.jobs()) == before, "a lost catalog is made again before anybody reads of it"
    library.rebuild()
    assert (library.datasets(), library.jobs()) == before


def test_a_job_ends_when_the_library_outgrows_its_quota(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MISTUDIO_QUOTA_GB", "1")
    dataset = library.make_example(150_000)
    large = library.home.exports / "large"
    with open(large, "wb") as file:
        file.truncate(2 << 30)  # its length counts; it takes no room
    job = library.wait(dataset.id, timeout=300)
    assert (job.status, job.error and job.error.code) == ("failed", "disk_full")
    with pytest.raises(StudioError, match="reached its quota of 1 GB") as caught:
        Library.open(library.home.root).make_example(10)
    assert code_of(caught) == "disk_full"
    large.unlink()


def test_a_killed_worker_is_noticed_and_its_work_resumed(library: Library) -> None:
    dataset = library.make_example(20_000)
    (job,) = library.jobs(dataset.id)
    process = process_of(library, job)
    os.killpg(process.pid, signal.SIGKILL)
    ended = library.wait(job.id, timeout=300)
    assert (ended.status, (ended.error or pytest.fail("no error")).code) == ("failed", "worker_died")
    assert library.dataset(dataset.id).status == "error"
    again = library.retry(dataset.id)
    assert library.dataset(dataset.id).status == "processing"
    assert library.wait(again.id, timeout=300).status == "succeeded"
    assert library.dataset(dataset.id).num_samples == 20_000
    with pytest.raises(StudioError) as caught:
        library.retry(dataset.id)
    assert code_of(caught) == "invalid_request"


def test_a_job_that_runs_is_cancelled_and_asking_again_resumes_it(library: Library) -> None:
    dataset = library.make_example(100_000)
    (job,) = library.jobs(dataset.id)
    began = time.monotonic()
    cancelled = library.cancel(job.id)
    assert time.monotonic() - began < 60
    assert cancelled.status == "cancelled"
    record = library.dataset(dataset.id)
    assert (record.status, (record.error or pytest.fail("no error")).code) == ("error", "cancelled")
    assert not protocol.is_alive(library.home.job(job.id))
    assert library.make_example(100_000).id == dataset.id
    library.delete(dataset.id, cascade=True)
    assert library.datasets() == []
    assert list(library.home.datasets.iterdir()) == []


def test_a_lane_runs_one_at_a_time_in_order_and_a_waiting_job_can_be_cancelled(library: Library) -> None:
    made = [library.make_example(number) for number in (3_000, 40, 50, 60)]
    waiting = library.jobs(made[2].id)[0]
    assert waiting.status == "queued"
    assert library.cancel(waiting.id).status == "cancelled"
    jobs = [library.wait(made[place].id, timeout=300) for place in (0, 1, 3)]
    assert [job.status for job in jobs] == ["succeeded"] * 3
    for earlier, later in itertools.pairwise(jobs):
        assert earlier.ended_at is not None
        assert later.started_at is not None
        assert earlier.ended_at <= later.started_at


def test_a_deleted_dataset_is_not_brought_back_by_its_late_result(library: Library) -> None:
    dataset = library.make_example(100)
    (job,) = library.jobs(dataset.id)
    process_of(library, job).wait(60)  # finished, and nobody has looked yet
    library.home.catalog.with_suffix(".copy").write_bytes(b"")
    library.delete(dataset.id, cascade=True)
    library.rebuild()
    assert library.datasets() == []


def test_too_many_waiting_jobs_are_refused(tmp_path: Path) -> None:
    library = Library.open(tmp_path, settings=replace(Settings(), max_waiting_jobs=2))
    try:
        with pytest.raises(StudioError) as caught:
            [library.make_example(50_000 + number) for number in range(1, 8)]
        assert code_of(caught) == "too_many_jobs"
        assert len(library.datasets()) == len(library.jobs()) <= 4
    finally:
        for dataset in library.datasets():
            library.delete(dataset.id, cascade=True)


def test_three_processes_use_one_library_at_once(tmp_path: Path) -> None:
    code = (
        "import sys; from mistudio_core.library import Library\n"
        "library = Library.open(sys.argv[1])\n"
        "made = [library.make_example(int(sys.argv[2]) + step) for step in range(2)]\n"
        "print([library.wait(item.id, timeout=300).status for item in made])"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path), str(start)],
            cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for start in (10, 20, 30)
    ]  # fmt: skip
    for process in processes:
        output, complaints = process.communicate(timeout=120)
        assert output.strip() == "['succeeded', 'succeeded']", complaints
    assert sorted(dataset.num_samples for dataset in Library.open(tmp_path).datasets()) == [10, 11, 20, 21, 30, 31]

"""Job folders: the life lock, the frame of a worker, secrets, and what is said of a worker that died."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from threading import Timer

import psutil
import pytest

from mistudio_core.errors import InUse
from mistudio_core.files import Home, new_id, write_json
from mistudio_core.jobs import launch, protocol, watch
from mistudio_core.records import as_json, now

ROOT = Path(__file__).resolve().parents[2]
SECRET = "hf_averysecretword"
MOMENT = "2026-01-02T03:04:05.678Z"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    place = Home(tmp_path / "home")
    place.prepare()
    return place


def a_request(job_id: str, *, order: int = 1, used_token: bool = False, kind: str = "import") -> protocol.Request:
    return protocol.Request(
        id=job_id, order=order, kind=kind, subject_id=new_id("ds"), arguments={"paths": [], "format": None}, draft={},
        used_token=used_token, created_at=as_json(now()),
    )  # fmt: skip


def start(home: Home, *, secret: str | None = None, used_token: bool = False) -> Path:
    job_id = new_id("job")
    launch.launch(home, job_id, lambda: a_request(job_id, used_token=used_token), lambda: None, secret)
    return home.job(job_id)


def ended(folder: Path) -> protocol.Result:
    deadline = time.monotonic() + 30
    while (result := watch.outcome(folder)) is None:
        assert time.monotonic() < deadline, watch.read_log(folder)
        time.sleep(0.02)
    return result


def sleeper(folder: Path, lock: int) -> subprocess.Popen[bytes]:
    """Start a process that holds the lock it was handed, does nothing and heeds nobody."""
    code = "import time; time.sleep(60)"
    return subprocess.Popen([sys.executable, "-c", code], pass_fds=(lock,), cwd=folder, start_new_session=True)


def test_the_lock_lives_exactly_as_long_as_the_child(tmp_path: Path) -> None:
    lock = protocol.take_lock(tmp_path)
    assert lock is not None
    child = sleeper(tmp_path, lock)
    os.close(lock)
    try:
        assert protocol.is_alive(tmp_path)
        child.send_signal(signal.SIGSTOP)
        assert protocol.is_alive(tmp_path), "a suspended worker is not dead"
        assert protocol.take_lock(tmp_path) is None
        child.kill()
        deadline = time.monotonic() + 5
        while protocol.is_alive(tmp_path):  # still a zombie here: nobody has waited for it
            assert time.monotonic() < deadline
    finally:
        child.kill()
        child.wait()


def test_lookers_do_not_disturb_each_other_or_the_holder(tmp_path: Path) -> None:
    lock = protocol.take_lock(tmp_path)
    assert lock is not None
    assert protocol.is_alive(tmp_path)
    assert protocol.holds_lock(tmp_path, lock)
    os.close(lock)
    assert not protocol.is_alive(tmp_path)
    assert not protocol.is_alive(tmp_path / "no such folder")


def test_a_descriptor_of_something_else_is_not_the_lock(tmp_path: Path) -> None:
    protocol.take_lock(tmp_path)
    with (tmp_path / "other").open("w") as other:
        assert not protocol.holds_lock(tmp_path, other.fileno())


def test_a_second_worker_leaves_a_taken_folder_alone(home: Home) -> None:
    folder = home.jobs / new_id("job")
    folder.mkdir()
    protocol.write_request(folder, a_request(folder.name))
    lock = protocol.take_lock(folder)
    assert lock is not None
    before = sorted(path.name for path in folder.iterdir())
    done = subprocess.run([sys.executable, "-m", "mistudio_core.work", str(folder)], cwd=ROOT, timeout=30)
    assert done.returncode == 0
    assert sorted(path.name for path in folder.iterdir()) == before
    os.close(lock)


def test_a_killed_worker_is_told_from_a_cancelled_one(home: Home) -> None:
    folder = home.jobs / new_id("job")
    folder.mkdir()
    protocol.write_request(folder, a_request(folder.name))
    result = watch.outcome(folder)
    assert result is not None
    assert (result.status, (result.error or {})["code"]) == ("failed", "worker_died")
    watch.ask_to_stop(folder)
    result = watch.outcome(folder)
    assert result is not None
    assert result.status == "cancelled"


def test_a_job_whose_token_did_not_arrive_fails_and_never_runs_without_it(home: Home) -> None:
    folder = start(home, secret=None, used_token=True)
    result = ended(folder)
    assert (result.error or {})["code"] == "worker_died"
    assert not (folder / protocol.STARTED).exists()


def test_a_token_is_in_no_file_no_argument_and_no_environment(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", SECRET)
    seen: list[str] = []
    popen = subprocess.Popen

    def recording(arguments: list[str], **options: object) -> subprocess.Popen[bytes]:
        seen.append(json.dumps([arguments, options["env"]]))
        return popen(arguments, **options)  # type: ignore[call-overload,no-any-return]

    monkeypatch.setattr(subprocess, "Popen", recording)
    folder = start(home, secret=SECRET, used_token=True)
    ended(folder)
    assert seen
    assert SECRET not in "".join(seen)
    for path in home.root.rglob("*"):
        if path.is_file():
            assert SECRET.encode() not in path.read_bytes(), path


def test_cancel_reaches_a_job_that_waits(home: Home) -> None:
    first, second = new_id("job"), new_id("job")
    folder = home.jobs / first
    folder.mkdir()
    protocol.write_request(folder, a_request(first, order=1))
    lock = protocol.take_lock(folder)
    assert lock is not None
    child = sleeper(folder, lock)
    os.close(lock)
    try:
        launch.launch(home, second, lambda: a_request(second, order=2), lambda: None, None)
        time.sleep(1.5)
        waiting = home.job(second)
        assert protocol.is_alive(waiting)
        assert protocol.read_started(waiting) is None, "an earlier job of the lane waits"
        watch.stop(waiting)
        assert ended(waiting).status == "cancelled"
    finally:
        child.kill()
        child.wait()


def test_a_worker_that_heeds_nobody_is_ended_from_outside_but_a_stranger_is_not(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "CANCEL_GRACE_S", 0.3)
    folder = home.jobs / new_id("job")
    folder.mkdir()
    lock = protocol.take_lock(folder)
    assert lock is not None
    child = sleeper(folder, lock)
    os.close(lock)
    stranger = sleeper(folder, os.open(os.devnull, os.O_RDONLY))
    try:
        started = psutil.Process(child.pid).create_time()
        write_json(folder / protocol.PROCESS, {"pid": stranger.pid, "created": started - 1})
        Timer(1, write_json, [folder / protocol.PROCESS, {"pid": child.pid, "created": started}]).start()
        watch.stop(folder)
        assert child.wait(5) == -signal.SIGKILL
        assert stranger.poll() is None
    finally:
        for process in (child, stranger):
            process.kill()
            process.wait()


@pytest.mark.parametrize("record", ["", "{}", None])
def test_a_worker_whose_record_is_damaged_is_ended_all_the_same(
    home: Home, monkeypatch: pytest.MonkeyPatch, record: str | None
) -> None:
    monkeypatch.setattr(watch, "CANCEL_GRACE_S", 0.1)
    first, second = new_id("job"), new_id("job")
    (home.jobs / first).mkdir()
    protocol.write_request(home.jobs / first, a_request(first, order=1))
    held = protocol.take_lock(home.jobs / first)  # so that the second waits, and lives
    assert held is not None
    launch.launch(home, second, lambda: a_request(second, order=2), lambda: None, None)
    folder = home.job(second)
    while not (folder / protocol.PROCESS).exists():
        assert protocol.is_alive(folder)
    (worker,) = [child for child in launch._children if str(folder) in child.args]  # type: ignore[operator]
    worker.send_signal(signal.SIGSTOP)  # it heeds nobody
    (folder / protocol.PROCESS).unlink()
    if record is not None:
        (folder / protocol.PROCESS).write_text(record)
    watch.stop(folder)
    assert worker.wait(5) == -signal.SIGKILL
    os.close(held)


def test_a_worker_that_cannot_be_ended_is_told_of(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "CANCEL_GRACE_S", 0.02)
    folder = home.jobs / new_id("job")
    folder.mkdir()
    held = protocol.take_lock(folder)  # by this process, which no record names
    assert held is not None
    with pytest.raises(InUse, match="does not end"):
        watch.stop(folder)
    os.close(held)


def test_results_and_progress_of_another_version_are_read(tmp_path: Path) -> None:
    write_json(tmp_path / protocol.RESULT, {"status": "succeeded", "ended_at": MOMENT, "colour": "red"})
    write_json(tmp_path / protocol.PROGRESS, {"seq": 3, "colour": "red"})
    assert protocol.read_result(tmp_path) == protocol.Result("succeeded", MOMENT)
    assert protocol.read_progress(tmp_path).seq == 3

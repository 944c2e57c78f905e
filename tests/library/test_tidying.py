"""Old jobs, forgotten uploads and what killed acts left go by the rule, and nothing else does."""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from mistudio_core.checksums import write_sealed
from mistudio_core.errors import StudioError
from mistudio_core.files import read_json, walk_files
from mistudio_core.jobs import protocol
from mistudio_core.library import Library, tidying
from mistudio_core.library.context import Context
from mistudio_core.library.tidying import FAILED_DAYS, LEFTOVER_DAYS, SUCCEEDED_DAYS, UPLOAD_DAYS, tidy, tidy_if_due
from mistudio_core.records import as_json, now
from mistudio_core.work.log_size import KEPT_BYTES, MOST_BYTES, keep_small
from tests.support.killed import killed_at
from tests.support.staged import StagedLibrary, a_dataset, a_tokenization, staged, stories

FAILED = {"code": "disk_full", "message": "Full.", "hint": "Free some."}
STAMP = "locks/tidied"


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[StagedLibrary]:
    with staged(tmp_path / "home") as made:
        yield made


def succeeded(stage: StagedLibrary, kind: str, subject_id: str) -> str:
    job_id = stage.ended(kind, a_dataset("any", id=subject_id), FAILED, log="worked")
    protocol.write_result(stage.home.job(job_id), protocol.Result("succeeded", as_json(now()), answer={}))
    return job_id


def context_of(library: Library) -> Context:
    return library.maintenance._context


def tidied(library: Library, days: float) -> set[str]:
    """Tidy as in so many days, and return the ids of the jobs that are left."""
    assert tidy(context_of(library), now() + timedelta(days=days, minutes=1))
    left = {job.id for job in library.jobs()}
    assert left == {folder.name for folder in library.home.jobs.iterdir()}
    assert {job.id for job in Library.open(library.home.root).jobs()} == left
    return left


def test_finished_jobs_go_and_those_that_are_needed_stay(stage: StagedLibrary) -> None:
    ready = stage.ready("ready", {"train": stories(3)})
    attempt = stage.ended("download", a_dataset("ready", id=ready), FAILED)
    maker = succeeded(stage, "download", ready)
    index = succeeded(stage, "index", ready)
    tokenizer = succeeded(stage, "tokenizer", "job_aaaaaaaaaaaa")
    push = stage.ended("push", a_dataset("ready", id=ready), FAILED)
    broken = stage.ended("download", a_dataset("broken"), FAILED)
    tokenize = stage.ended("tokenize", a_tokenization(ready), {"code": "cancelled", "message": "", "hint": ""})
    running = stage.running("index", a_dataset("ready", id=ready), protocol.Progress(1))
    library = stage.open()
    before = [record.to_json() for record in (*library.datasets(), *library.tokenizations())]
    everything = {attempt, maker, index, tokenizer, push, broken, tokenize, running}
    assert tidied(library, SUCCEEDED_DAYS - 1) == everything
    assert tidied(library, SUCCEEDED_DAYS) == everything - {index, tokenizer}
    assert tidied(library, FAILED_DAYS - 1) == everything - {index, tokenizer}
    needed = {maker, broken, tokenize, running}
    assert tidied(library, FAILED_DAYS) == needed
    assert tidied(library, 10 * FAILED_DAYS) == needed
    assert [record.to_json() for record in (*library.datasets(), *library.tokenizations())] == before
    with pytest.raises(StudioError, match="no job"):
        library.log(index)
    library.home.catalog.unlink()  # and the files tell the same
    assert {job.id for job in Library.open(library.home.root).jobs()} == needed
    assert library.verify().problems == ()


def test_of_many_jobs_the_newest_stay(stage: StagedLibrary, monkeypatch: pytest.MonkeyPatch) -> None:
    ready = stage.ready("ready", {"train": stories(3)})
    made = [succeeded(stage, "index", ready) for _ in range(6)]
    for number, job_id in enumerate(made):
        ended_at = as_json(now() - timedelta(hours=len(made) - number))
        protocol.write_result(stage.home.job(job_id), protocol.Result("succeeded", ended_at, answer={}))
    running = stage.running("index", a_dataset("ready", id=ready), None)
    library = stage.open()
    monkeypatch.setattr(tidying, "MOST_FINISHED", 4)
    assert tidied(library, 0) == {*made[2:], running}
    monkeypatch.setattr(tidying, "MOST_FINISHED", 0)
    monkeypatch.setattr(tidying, "_AT_ONCE", 3)
    assert not tidy(context_of(library), now()), "the fourth is left for the next time"
    assert {job.id for job in library.jobs()} == {made[5], running}


def leave(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"left")
    return path


def test_what_killed_acts_left_goes(stage: StagedLibrary) -> None:
    ready, busy = (stage.ready(name, {"train": stories(3)}) for name in ("ready", "busy"))
    stage.running("index", a_dataset("busy", id=busy), protocol.Progress(1))
    failed = stage.ended("import", a_dataset("failed"), FAILED)
    home, tok = stage.home, f"{'tok'}_aaaaaaaaaaaa"
    waiting = leave(home.uploads / "up_1_a" / "texts.txt")
    request = read_json(home.job(failed) / "request.json") or {}
    write_sealed(home.job(failed) / "request.json", request | {"arguments": {"paths": [str(waiting)]}})
    forgotten = leave(home.uploads / "up_1_b" / "texts.txt").parent
    leftovers = [
        leave(home.root / f".catalog.generation.{'a' * 16}"),
        leave(home.root / f".catalog.duckdb.77.{'a' * 8}"),
        leave(home.locks / "probe-0123abcd"),
        leave(home.job(failed) / f".progress.json.{'b' * 16}"),
        leave(home.tokenizers / ".download-x1" / "tokenizer.json").parent,
        leave(home.tokenizers / ".loading-x1" / "tmp" / "tokenizer.json").parents[1],
        leave(home.exports / f".samples-x.csv.{'c' * 8}"),
        leave(home.exports / tok / ".parquet.part" / "a.parquet").parent,
        leave(home.dataset(ready) / ".search.0123abcd" / "index" / "meta.json").parents[1],
        leave(home.dataset(ready) / f".samples.duckdb.{'d' * 16}.lock"),
        leave(home.dataset(ready) / ".spill" / "block").parent,
    ]
    aside = [
        leave(home.root / "catalog.duckdb.damaged"),
        leave(home.dataset(ready) / f".statistics.json.{'e' * 16}.damaged"),
    ]
    stays = [
        leave(home.root / ".bashrc.old"),  # the root may be a folder that holds what is somebody else's
        leave(home.root / f".mine.{'a' * 16}"),
        leave(home.exports / "samples-x.csv"),
        leave(home.dataset(busy) / ".search.0123abcd" / "index" / "meta.json"),
        waiting,
    ]
    library = stage.open()
    before = set(walk_files(home.root))
    tidied(library, LEFTOVER_DAYS / 2)
    assert set(walk_files(home.root)) >= before
    tidied(library, LEFTOVER_DAYS)
    assert [path for path in leftovers if path.exists()] == []
    assert forgotten.exists()
    tidied(library, UPLOAD_DAYS)
    assert not forgotten.exists()
    assert all(path.exists() for path in (*stays, *aside))
    tidied(library, 10 * FAILED_DAYS)
    assert [path for path in aside if path.exists()] == []
    assert all(path.exists() for path in stays)
    assert list(home.trash.iterdir()) == []


def test_it_is_done_once_a_day_when_the_library_is_opened(
    stage: StagedLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = stage.open()
    assert (library.home.root / STAMP).exists()
    done: list[Context] = []
    monkeypatch.setattr(tidying, "tidy", lambda context, _: done.append(context))
    Library.open(library.home.root)
    assert done == []
    yesterday = time.time() - 86_400
    os.utime(library.home.root / STAMP, (yesterday, yesterday))
    Library.open(library.home.root)
    assert len(done) == 1


def prepared(stage: StagedLibrary) -> tuple[set[str], Path]:
    ready = stage.ready("ready", {"train": stories(3)})
    kept = {succeeded(stage, "download", ready)}
    for _ in range(2):
        succeeded(stage, "index", ready)
    leave(stage.home.uploads / "up_1_b" / "texts.txt")
    leave(stage.home.dataset(ready) / ".spill" / "block")
    stage.open()
    (stage.home.root / STAMP).unlink()
    return kept, stage.home.root


def test_a_kill_at_any_step_harms_nothing(stage: StagedLibrary, tmp_path: Path) -> None:
    kept, root = prepared(stage)
    step, killed = 0, True
    while killed:
        copy = tmp_path / f"copy-{step}"
        shutil.copytree(root, copy)

        def act(copy: Path = copy) -> None:
            pytest.MonkeyPatch().setattr(tidying, "now", lambda: now() + timedelta(days=10 * FAILED_DAYS))
            tidy_if_due(context_of(Library.open(copy)))

        killed = killed_at(step, act)
        library = Library.open(copy)
        assert {dataset.name for dataset in library.datasets()} == {"ready"}
        assert {job.id for job in library.jobs()} >= kept
        assert tidied(library, FAILED_DAYS) == kept
        assert library.verify().problems == ()
        shutil.rmtree(copy)
        step += 4
    assert step > 30


def test_a_log_is_cut_while_it_grows(tmp_path: Path) -> None:
    log = tmp_path / "worker.log"
    with open(log, "ab", buffering=0) as writer:
        for number in range(300):
            writer.write(b"line %d\n" % number + b"x" * 50_000 + b"\n")
            keep_small(log)
            assert log.stat().st_size <= MOST_BYTES
        writer.write(b"the end\n")
    lines = log.read_bytes().splitlines()
    assert lines[0].startswith(b"[earlier lines")
    assert lines[-1] == b"the end"
    assert log.stat().st_size >= KEPT_BYTES / 2


def test_the_rule_is_told_with_its_numbers() -> None:
    readme = " ".join((Path(__file__).parents[2] / "README.md").read_text("utf-8").split())
    told = re.search(r"The library tidies itself.*?without being asked\.", readme)
    assert told is not None
    assert re.findall(r"\d[\d,]*\d|\d", told.group()) == [
        str(SUCCEEDED_DAYS), str(FAILED_DAYS), f"{tidying.MOST_FINISHED:,}", f"{KEPT_BYTES >> 20}",
        f"{MOST_BYTES >> 20}", str(UPLOAD_DAYS), str(tidying.ASIDE_DAYS), str(UPLOAD_DAYS),
    ]  # fmt: skip

"""An act that reports a failure has done nothing, and one that has begun is reported as begun."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from mistudio_core.errors import StudioError
from mistudio_core.jobs import launch
from mistudio_core.library import Library
from mistudio_core.settings import Settings
from tests.support.staged import a_dataset, staged, stories

IMPATIENT = replace(Settings(), lock_timeout_s=0.3)  # type: ignore[arg-type]


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    """A library with a ready dataset and one that failed."""
    with staged(tmp_path / "library") as stage:
        stage.ready("stories", {"train": stories(3)})
        stage.ended(
            "example", a_dataset("broken", source="sample", repo_id=None), {"code": "internal", "message": "No."}
        )
        stage.open()
    yield Library.open(tmp_path / "library", settings=IMPATIENT)
    patient = Library.open(tmp_path / "library")
    for job in patient.jobs(active=True):
        patient.cancel(job.id)


def ready(library: Library) -> str:
    return library.datasets(status="ready")[0].id


STARTS: dict[str, Callable[[Library], Any]] = {
    "make_example": lambda library: library.make_example(20),
    "import_files": lambda library: library.import_files([Path(__file__)], file_format="txt"),
    "look_at_files": lambda library: library.look_at_files([Path(__file__)], file_format="txt"),
    "build_search_index": lambda library: library.build_search_index(ready(library)),
    "tokenize": lambda library: library.tokenize(ready(library), {"tokenizer": "sample", "context_length": 32}),
    "load_tokenizer": lambda library: library.load_tokenizer("sample"),
    "retry": lambda library: library.retry(library.datasets(status="error")[0].id),
}


@pytest.mark.parametrize("act", STARTS)
def test_what_has_begun_is_returned_while_others_hold_the_catalog(
    library: Library, act: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The record comes from the act itself: looking it up again could fail, and the caller would begin once more."""
    lock, begin = FileLock(library.home.locks / "catalog.lock"), launch._start

    def begin_and_lock(*arguments: Any) -> None:
        begin(*arguments)
        lock.acquire()

    monkeypatch.setattr(launch, "_start", begin_and_lock)
    try:
        begun = STARTS[act](library)
    finally:
        lock.release()
    monkeypatch.undo()
    known = {item.id for item in library.datasets()} | {item.id for item in library.tokenizations()}
    assert begun.id in known | {job.id for job in library.jobs()}
    assert begun.owner == "local"


@pytest.mark.parametrize("act", STARTS)
def test_nothing_is_left_of_a_job_whose_worker_cannot_be_started(
    library: Library, act: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = (library.datasets(), library.tokenizations(), library.jobs())
    folders = {path.name for place in (library.home.jobs, library.home.datasets) for path in place.iterdir()}
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(StudioError, match="could not be started"):
        STARTS[act](library)
    monkeypatch.undo()
    assert (library.datasets(), library.tokenizations(), library.jobs()) == before
    assert {path.name for place in (library.home.jobs, library.home.datasets) for path in place.iterdir()} == folders


CHANGES: dict[str, Callable[[Library], Any]] = {
    "rename": lambda library: library.rename(ready(library), name="Another", notes="Read."),
    "delete": lambda library: library.delete(ready(library)),
    "make_example": lambda library: library.make_example(20),
}


@pytest.mark.parametrize("act", CHANGES)
def test_an_act_that_finds_the_catalog_locked_has_changed_nothing(library: Library, act: str) -> None:
    before = (library.datasets(), library.tokenizations(), library.jobs())
    with FileLock(library.home.locks / "catalog.lock"), pytest.raises(StudioError) as caught:
        CHANGES[act](library)
    assert caught.value.code == "library_locked"
    assert (library.datasets(), library.tokenizations(), library.jobs()) == before
    assert Library.open(library.home.root).rebuild().datasets == 2
    assert library.datasets() == before[0]

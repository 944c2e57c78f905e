"""An access token that was typed into the app's form is searched for while its job runs, and when that has crashed."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from mistudio_core.files import read_json, walk_files
from mistudio_core.jobs import protocol
from mistudio_core.jobs.launch import launch
from mistudio_core.library import Library
from mistudio_core.ui.app import keys
from tests.hub import repositories
from tests.hub.access import READ_TOKEN
from tests.hub.faults import Hang, Rule
from tests.hub.server import HubServer
from tests.support.app_driver import open_app, press, words
from tests.support.fetching import until

WAIT_S = 60.0


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hub: HubServer) -> Iterator[Library]:
    monkeypatch.setenv("MISTUDIO_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HF_TOKEN", READ_TOKEN)  # the app's own, which its workers must not inherit
    made = Library.open(tmp_path / "home")
    yield made
    for job in made.jobs(active=True):
        made.cancel(job.id)


def places(library: Library) -> Iterator[tuple[str, bytes]]:
    """Yield what others can read: the files of the library, and arguments and variables of its processes."""
    for path in walk_files(library.home.root):
        with suppress(FileNotFoundError):
            yield str(path), path.read_bytes()
    for process in Path("/proc").iterdir():
        with suppress(OSError):
            environment = (process / "environ").read_bytes()
            if str(library.home.root).encode() in environment:
                yield f"{process}/environ", environment
                yield f"{process}/cmdline", (process / "cmdline").read_bytes()


def found_in(library: Library) -> list[str]:
    return [place for place, content in places(library) if READ_TOKEN.encode() in content]


def test_a_token_typed_into_the_form_is_nowhere(
    library: Library, hub: HubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo = hub.add(repositories.gated())
    hangs: list[Rule] = []

    def launched(*arguments: Any) -> protocol.Request:
        hangs.append(hub.faults.add("GET ", Hang()))  # the worker waits for an answer for good
        return launch(*arguments)

    monkeypatch.setattr("mistudio_core.library.start.launch", launched)
    app = open_app()
    app.text_input(key=keys.REPO).set_value(repo.id)
    app.text_input(key=keys.ACCESS).set_value(READ_TOKEN)
    press(app, "download")
    (dataset,) = library.datasets()
    (job,) = library.jobs()
    folder = library.home.job(job.id)
    until(lambda: hangs[0].hits > 0, WAIT_S)
    assert library.job(job.id).active
    worker = int((read_json(folder / protocol.PROCESS) or {})["pid"])
    assert f"/proc/{worker}/environ" in dict(places(library)), "it is looked at"
    assert found_in(library) == []
    limits = Path(f"/proc/{worker}/limits").read_text().splitlines()
    assert [line.split()[4:6] for line in limits if line.startswith("Max core")] == [["0", "0"]]

    os.kill(worker, signal.SIGABRT)
    until(lambda: not library.job(job.id).active, WAIT_S)
    assert found_in(library) == []
    assert READ_TOKEN not in library.log(job.id)
    assert READ_TOKEN not in words(open_app("jobs")) + words(open_app("dataset", id=dataset.id)) + words(app.run())
    assert hub.log.tokens("GET hub") == {READ_TOKEN}
    assert hub.log.tokens("GET storage") == set()

"""What becomes of jobs, told to those who listen: real workers, a real server where answers have no end."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import psutil
import pytest
from starlette.testclient import WebSocketTestSession

from mistudio_core.api import broadcast as broadcasting
from mistudio_core.api.broadcast import Broadcast, Listener, Message
from mistudio_core.jobs import protocol
from mistudio_core.library import Library, api_keys
from tests.api.conftest import Connect
from tests.api.loops import awaited
from tests.hub import repositories
from tests.hub.access import READ_TOKEN
from tests.hub.faults import Bandwidth
from tests.hub.server import HubServer
from tests.support.api_server import ServedApi, served
from tests.support.fetching import kill, texts_below, until
from tests.support.staged import StagedLibrary, staged, stories

LATE_S = 0.5
"""What a message may come after its file; on a machine that is busy with other tests it may be more."""


def _told(events: Any) -> Iterator[dict[str, Any]]:
    """Yield the data of Server-Sent Events as they come."""
    for line in events.iter_lines():
        if line.startswith("data:"):
            yield json.loads(line.removeprefix("data:"))


def test_a_killed_download_is_told_as_an_error_and_one_that_ends_from_0_to_100(
    connect: Connect, hub: HubServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Meanwhile the Hub's token and the key are looked for wherever they must not be."""
    caplog.set_level(logging.DEBUG)
    hub.add(repositories.gated())
    hub.add(repositories.big())
    hub.faults.add("GET storage*train-0000", Bandwidth(3_000_000, shared=True))
    library = Library.open(tmp_path / "library")
    client = connect(library.home.root)
    answers: list[str] = []
    processes = _command_lines()

    def started(repo_id: str) -> tuple[str, str]:
        answer = client.post("/datasets/download", json={"repo_id": repo_id}, headers={"X-HF-Token": READ_TOKEN})
        assert answer.status_code == 202, answer.text
        answers.append(answer.text)
        return answer.json()["id"], f"ws://localhost/datasets/{answer.json()['id']}/progress"

    def until_end(socket: WebSocketTestSession) -> list[dict[str, Any]]:
        told = [socket.receive_json()]
        while told[-1]["type"] == "progress":
            processes.update(_command_lines())
            told.append(socket.receive_json())
        answers.append(json.dumps(told))
        return told

    dataset_id, place = started("acme/big")
    with client.websocket_connect(place) as socket:
        assert socket.receive_json()["progress"] == 0.0
        kill(library, library.jobs(dataset_id)[0])
        killed = until_end(socket)[-1]
        assert (killed["type"], killed["error"]["code"], killed["status"]) == ("error", "worker_died", "error")
    with client.websocket_connect(place) as socket:
        assert socket.receive_json()["error"]["code"] == "worker_died"
    answers.append(client.delete(f"/datasets/{dataset_id}").text)
    dataset_id, place = started("acme/big")
    with client.websocket_connect(place) as socket:
        told = until_end(socket)
    assert told[-1]["type"] == "completed", told[-1]
    percents = [message["progress"] for message in told]
    assert (percents[0], percents[-1]) == (0.0, 100.0)
    assert percents == sorted(percents)
    assert len({percent for percent in percents if 0 < percent < 90}) >= 2
    assert any(message["rate"] and message["eta_s"] is not None for message in told)
    assert {message["status"] for message in told} >= {"downloading", "ready"}
    assert (told[-1]["num_samples"], told[-1]["dataset_id"]) == (6000, dataset_id)

    refused = [
        client.post("/datasets/download", json={"repo_id": "acme/gated", name: READ_TOKEN})
        for name in ("hf_token", "access_token", "token")
    ]
    assert {answer.status_code for answer in refused} == {422}
    answers += [answer.text for answer in refused]
    answers += [client.get(path).text for path in ("/jobs", "/datasets", "/settings", f"/datasets/{dataset_id}")]
    answers += [client.get(f"/jobs/{job.id}/log").text for job in library.jobs()]
    assert hub.log.tokens("hub") == {READ_TOKEN}
    assert any("mistudio_core.work" in line for line in processes)
    key = client.headers["Authorization"].removeprefix("Bearer ")
    for secret in (READ_TOKEN, key, key.split("_", 2)[2]):
        assert secret not in texts_below(library.home.root)
        assert secret not in caplog.text
        assert not any(secret in text for text in (*answers, *processes))


def _command_lines() -> set[str]:
    """Return the arguments of every process that can be read, and the environments of workers."""
    found = set()
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            found.add(" ".join(process.cmdline()))
            if "mistudio_core.work" in " ".join(process.cmdline()):
                found.add(str(process.environ()))
    return found


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[StagedLibrary]:
    with staged(tmp_path / "library") as made:
        made.ready("stories", {"train": stories(20)})
        yield made


@pytest.fixture
def server(stage: StagedLibrary) -> Iterator[ServedApi]:
    stage.open()
    with served(stage.home.root) as running:
        yield running


def test_all_jobs_are_told_soon_after_their_files_and_again_to_who_comes_back(
    stage: StagedLibrary, server: ServedApi
) -> None:
    library = stage.open()
    dataset = library.datasets()[0]
    job_id = stage.running("index", dataset, protocol.Progress(seq=1, phase="indexing words", done=1, total=4))
    stage.open()
    folder = stage.home.job(job_id)
    with server.client() as client:
        with client.stream("GET", "/events") as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            events = _told(answer)
            assert next(events)["progress"] == 40.0
            delays = []
            for step in (2, 3, 4):
                written = time.monotonic()
                protocol.write_progress(
                    folder, protocol.Progress(seq=step, phase="indexing words", done=step, total=4, rate=2.0, eta_s=1.0)
                )
                message = next(events)
                delays.append(time.monotonic() - written)
                assert (message["done"], message["rate"], message["eta_s"]) == (step, 2.0, 1.0)
            assert min(delays) < LATE_S
        seen = "2000-01-01T00:00:00.000Z"
        stage.release()
        until(lambda: library.job(job_id).status == "failed")
        with client.stream("GET", "/events", headers={"Last-Event-ID": seen}) as answer:
            message = next(_told(answer))
        assert (message["job_id"], message["type"], message["error"]["code"]) == (job_id, "error", "worker_died")
    until(lambda: server.api.state.events.num_listeners == 0)


def test_a_stopping_server_ends_the_streams(server: ServedApi) -> None:
    with server.client() as client, client.stream("GET", "/events") as answer:
        until(lambda: server.api.state.events.num_listeners == 1)
        server.api.state.events.close()
        assert list(_told(answer)) == []


def test_a_server_that_is_asked_to_stop_does_not_wait_for_those_who_listen(stage: StagedLibrary) -> None:
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        port = place.getsockname()[1]
    code = f"import uvicorn; from mistudio_core.api.app import create_api; uvicorn.run(create_api(), port={port})"
    server = subprocess.Popen(
        [sys.executable, "-c", code], env=os.environ | {"MISTUDIO_HOME": str(stage.home.root)}, stderr=subprocess.PIPE
    )
    headers = {"Authorization": f"Bearer {api_keys.create(stage.home.root).key}"}
    try:
        until(lambda: _answers(port), 60)
        with httpx2.stream("GET", f"http://127.0.0.1:{port}/events", headers=headers, timeout=60) as answer:
            assert answer.status_code == 200
            server.terminate()
            assert list(_told(answer)) == []
        server.communicate(timeout=60)
    finally:
        server.kill()
        server.communicate()


def _answers(port: int) -> bool:
    with contextlib.suppress(httpx2.HTTPError):
        return httpx2.get(f"http://127.0.0.1:{port}/").status_code == 401
    return False


def test_many_listeners_cost_one_look_and_leave_nothing_behind(stage: StagedLibrary) -> None:
    library = stage.open()
    job_id = stage.running("index", library.datasets()[0], protocol.Progress(seq=1, phase="indexing words"))
    stage.open()

    async def listen(told: Broadcast) -> str:
        async with told.listening() as listener:
            async for message in listener.messages():
                if message.fields["type"] == "error":
                    return str(message.fields["error"]["code"])
        return ""

    async def crowd() -> None:
        told = Broadcast(lambda: Library.open(stage.home.root))
        tasks = [asyncio.create_task(listen(told)) for _ in range(200)]
        while told.looks < 3:
            await asyncio.sleep(0.01)
        before, started = told.looks, time.monotonic()
        await asyncio.sleep(3 * broadcasting.POLL_S)
        assert told.looks - before <= (time.monotonic() - started) / broadcasting.POLL_S + 1
        assert told.num_listeners == 200
        stage.release()
        assert set(await asyncio.gather(*tasks)) == {"worker_died"}
        assert (told.num_listeners, told._watching, told._present) == (0, None, {})

    awaited(crowd())
    assert library.job(job_id).status == "failed"


def test_a_slow_listener_holds_the_newest_of_each_job_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broadcasting, "_MOST_KEPT", 3)

    async def slow() -> list[tuple[str, int]]:
        listener = Listener()
        for number in range(100):
            listener.put(f"job_{number % 5}", Message.of({"job": f"job_{number % 5}", "number": number}))
        listener.close()
        return [(message.fields["job"], message.fields["number"]) async for message in listener.messages()]

    assert awaited(slow()) == [("job_2", 97), ("job_3", 98), ("job_4", 99)]

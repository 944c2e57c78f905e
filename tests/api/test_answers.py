"""What every path has in common: who may ask, how a failure is told, and that a crowd is refused kindly."""

from __future__ import annotations

import asyncio
import os
import shutil
import threading
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from mistudio_core.api.app import create_api
from mistudio_core.api.errors import STATUS_OF
from mistudio_core.api.workers import Workers
from mistudio_core.errors import ERROR_CODES, StudioError
from mistudio_core.library import Library
from mistudio_core.settings import Settings
from tests.api.conftest import Connect
from tests.api.loops import awaited


def test_every_code_has_a_status() -> None:
    assert set(STATUS_OF) == ERROR_CODES


def test_without_a_key_everything_is_refused(home: Path) -> None:
    with TestClient(create_api(Settings(home=home, api=True)), "http://localhost") as client:
        for path in ("/datasets", "/datasets/ds_aaaaaaaaaaaa", "/health"):
            answer = client.get(path)
            assert (answer.status_code, answer.json()["error"]["code"]) == (401, "key_rejected")
            assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/datasets/ds_aaaaaaaaaaaa", 404, "not_found"),
        ("GET", "/datasets?sort=colour", 422, "invalid_request"),
        ("GET", "/nowhere", 404, "not_found"),
        ("PUT", "/datasets", 405, "invalid_request"),
    ],
)
def test_a_failure_is_one_document(
    home: Path, connect: Connect, method: str, path: str, status: int, code: str
) -> None:
    answer = connect(home).request(method, path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert set(answer.json()) == {"error"}
    assert set(answer.json()["error"]) == {"code", "message", "hint", "details"}


def test_a_fault_names_neither_the_data_nor_the_place(
    home: Path, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise ValueError("a secret text")

    client = connect(home)
    monkeypatch.setattr("mistudio_core.api.acts.json_answer", fails)
    answer = client.get("/datasets")
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "internal")
    assert "secret" not in answer.text


def test_a_crowd_is_refused_at_once_and_a_place_becomes_free_again() -> None:
    async def crowd() -> None:
        workers, go_on = Workers(threads=1, most_waiting=1), threading.Event()
        there = [asyncio.ensure_future(workers.run(go_on.wait)) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(StudioError, match="Too many") as refused:
            await workers.run(lambda: None)
        assert refused.value.code == "too_many_requests"
        go_on.set()
        await asyncio.gather(*there)
        assert await workers.run(lambda: "answered") == "answered"
        workers.close()

    awaited(crowd())


def test_an_index_stays_open_until_its_dataset_is_deleted(home: Path, connect: Connect, tmp_path: Path) -> None:
    shutil.copytree(home, tmp_path / "library")
    client = connect(tmp_path / "library")
    indexes = client.app.state.served.indexes  # type: ignore[attr-defined]
    (dataset,) = Library.open(tmp_path / "library").datasets()
    assert dataset.path is not None
    path = f"/datasets/{dataset.id}/samples?search=the&mode=substring"
    first = client.get(path)
    opened = indexes._open[dataset.id].session
    assert first.json()["total"] > 0
    assert client.get(path).json() == first.json()
    assert indexes._open[dataset.id].session is opened
    os.utime(dataset.path / "samples.duckdb", ns=(1, 1))
    assert client.get(path).json() == first.json()
    assert indexes._open[dataset.id].session is not opened
    indexes._open[dataset.id].session.close()
    assert client.get(path).json() == first.json()
    assert client.delete(f"/datasets/{dataset.id}?cascade=true").status_code == 200
    assert client.get("/health").status_code == 200
    assert indexes._open == {}

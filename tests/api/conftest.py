"""One library with something of everything, and clients of its API."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from mistudio_core.api.app import create_api
from mistudio_core.api.auth import Caller, require_key
from mistudio_core.library import Library, api_keys
from mistudio_core.settings import Settings

Connect = Callable[..., TestClient]


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a library with the example dataset and a tokenization of it; tests only read it."""
    place = tmp_path_factory.mktemp("api") / "library"
    library = Library.open(place)
    dataset = library.make_example(120)
    library.wait(dataset.id)
    library.wait(library.tokenize(dataset.id, {"tokenizer": "sample", "context_length": 32}).id)
    for job in library.jobs(active=True):
        library.wait(job.id)
    return place


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Return a function that makes a client of a library's API, whose requests have a valid key."""
    opened: list[TestClient] = []

    def connected(home: Path, caller: Caller | None = None, **settings: object) -> TestClient:
        Library.open(home)
        chosen = Caller("local") if caller is None else caller
        api = create_api(replace(Settings(home=home, api=True), **settings))
        api.dependency_overrides[require_key] = lambda: chosen
        headers = {"Authorization": f"Bearer {api_keys.create(home).key}"}
        client = TestClient(api, "http://localhost", raise_server_exceptions=False, headers=headers)
        client.__enter__()
        opened.append(client)
        return client

    yield connected
    for client in opened:
        client.__exit__(None, None, None)

"""The API served by uvicorn on a free port, in a thread of this process, for clients that stream."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
import uvicorn
from fastapi import FastAPI

from mistudio_core.api.app import create_api
from mistudio_core.library import api_keys
from mistudio_core.settings import Settings

WAIT_S = 60.0


@dataclass(frozen=True)
class ServedApi:
    """An API that answers."""

    api: FastAPI
    server: uvicorn.Server
    port: int
    key: str

    @property
    def url(self) -> str:
        """Where its paths begin."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def headers(self) -> dict[str, str]:
        """What a request must bring."""
        return {"Authorization": f"Bearer {self.key}"}

    def client(self) -> httpx2.Client:
        """Return a client with a valid key."""
        return httpx2.Client(base_url=self.url, headers=self.headers, timeout=WAIT_S)


@contextmanager
def served(home: Path) -> Iterator[ServedApi]:
    """Serve the API of a library until the block is left."""
    key = api_keys.create(home).key
    assert key is not None
    api = create_api(Settings(home=home, api=True))
    config = uvicorn.Config(api, log_level="warning", access_log=False, timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    place = socket.socket()  # as Streamlit binds its own
    place.bind(("127.0.0.1", 0))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [place]})
    thread.start()
    try:
        deadline = time.monotonic() + WAIT_S
        while not server.started:
            assert time.monotonic() < deadline, "the server did not start"
            time.sleep(0.01)
        yield ServedApi(api, server, place.getsockname()[1], key)
    finally:
        api.state.events.close()
        server.should_exit = True
        thread.join()
        place.close()

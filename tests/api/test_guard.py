"""Who is let in: by host, origin and key, with a body that is not too large; and what a key may in a shared library."""

from __future__ import annotations

import base64
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient
from starlette.testclient import WebSocketDenialResponse

from mistudio_core.api.auth import MAX_JSON_BYTES, caller_of, guard
from mistudio_core.library import Library, api_keys
from mistudio_core.settings import Settings
from tests.api.conftest import Connect
from tests.support.api_server import served

ORIGIN = "https://front.example.org"


@pytest.fixture
def library(tmp_path: Path) -> Settings:
    Library.open(tmp_path)
    return Settings(home=tmp_path, api=True, api_hosts=("studio.example.org",), max_upload_mb=1)


def _client(settings: Settings) -> TestClient:
    """Return a client of an application that tells how many bytes it was sent."""
    api = FastAPI()
    guard(api, settings)

    @api.post("/take")
    async def take(request: Request) -> int:
        return len(await request.body())

    @api.get("/docs/assets")
    async def assets() -> str:
        return "shown"

    key = api_keys.create(settings.home).key
    return TestClient(api, "http://localhost", headers={"Authorization": f"Bearer {key}"})


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200), ("localhost:8501", 200), ("127.0.0.1:8501", 200), ("192.168.1.5", 200), ("[::1]:80", 200),
        ("Studio.Example.org:8501", 200), ("evil.example.org", 403), ("127.0.0.1.evil.example.org", 403),
        ("studio.example.org@evil.example.org", 403), ("localhost.", 403), ("[::1", 403), ("", 403),
    ],
)  # fmt: skip
def test_only_its_own_names_lead_to_the_api(library: Settings, host: str, status: int) -> None:
    answer = _client(library).post("/take", content=b"a", headers={"Host": host})
    assert answer.status_code == status, answer.text
    if status == 403:
        assert answer.json()["error"]["code"] == "permission_denied"


def test_pages_of_other_origins_are_refused_unless_they_were_named(library: Settings) -> None:
    client = _client(library)
    for origin, status in (
        ("http://localhost", 200), ("http://localhost:1", 403), (ORIGIN, 403), ("null", 403), ("http://[", 403),
    ):  # fmt: skip
        answer = client.post("/take", content=b"a", headers={"Origin": origin})
        assert (answer.status_code, "access-control-allow-origin" in answer.headers) == (status, False)
    asks = {
        "Origin": ORIGIN,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization",
    }
    assert client.options("/take", headers=asks).status_code == 403
    opened = _client(replace(library, api_origins=(ORIGIN,)))
    assert opened.options("/take", headers=asks).headers["access-control-allow-origin"] == ORIGIN
    answer = opened.post("/take", content=b"a", headers={"Origin": ORIGIN})
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, ORIGIN)
    assert opened.post("/take", content=b"a", headers={"Origin": "https://evil.example.org"}).status_code == 403


def test_nothing_is_answered_without_a_key(home: Path, connect: Connect) -> None:
    client = connect(home)
    paths = ["/health", "/datasets", "/events", "/docs", "/openapi.json", "/nowhere"]
    right = client.headers["Authorization"]
    for given in ("", "Bearer", f"Bearer {right[7:]}x", right[7:], f"Basic {right[7:]}", "Bearer ä"):
        answers = [client.get(path, headers={b"Authorization": given.encode()}) for path in paths]
        assert {answer.status_code for answer in answers} == {401}
        assert {answer.json()["error"]["code"] for answer in answers} == {"key_rejected"}
    dataset = Library.open(home).datasets()[0]
    with (
        pytest.raises(WebSocketDenialResponse) as refused,
        client.websocket_connect(
            f"ws://localhost/datasets/{dataset.id}/progress", headers={"Authorization": "Bearer x"}
        ),
    ):
        pass
    assert (refused.value.status_code, refused.value.json()["error"]["code"]) == (401, "key_rejected")
    assert client.get("/health").status_code == 200


def test_a_browser_that_opens_the_documentation_is_asked_for_the_key(library: Settings) -> None:
    client = _client(library)
    key = client.headers.pop("Authorization")[7:]
    asked = client.get("/docs/assets")
    assert (asked.status_code, asked.headers["www-authenticate"]) == (401, 'Basic realm="API key"')
    for password, path, status in ((key, "/docs/assets", 200), ("x", "/docs/assets", 401), (key, "/take", 401)):
        pair = base64.b64encode(f"anybody:{password}".encode()).decode()
        assert client.get(path, headers={"Authorization": f"Basic {pair}"}).status_code == status
    assert client.get("/docs/assets", headers={"Authorization": "Basic %"}).status_code == 401


@pytest.mark.parametrize("announced", [True, False])
@pytest.mark.parametrize(
    ("kind", "limit"),
    [("application/json", MAX_JSON_BYTES), ("multipart/form-data; boundary=a", (1 << 20) + (64 << 10))],
)
def test_a_body_is_bounded(library: Settings, announced: bool, kind: str, limit: int) -> None:
    client = _client(library)

    def body(size: int) -> bytes | Iterator[bytes]:
        content = b"a" * size
        return content if announced else iter([content[: size // 2], content[size // 2 :]])

    headers = {"Content-Type": kind}
    answer = client.post("/take", content=body(limit), headers=headers)
    assert (answer.status_code, answer.json()) == (200, limit)
    refused = client.post("/take", content=body(limit + 1), headers=headers)
    assert (refused.status_code, refused.json()["error"]["code"]) == (413, "too_large")


def test_in_a_shared_library_a_key_only_reads(home: Path) -> None:
    shared = Settings(home=home, shared=True)
    caller = caller_of(shared)
    library = Library.open(actor=caller.actor, role=caller.role, settings=shared)
    assert len(library.datasets()) == 1
    assert not any(library.may(act) for act in ("start", "push", "maintain"))
    assert Library.open(actor=caller_of(Settings(home=home)).actor, settings=Settings(home=home)).actor.is_host


def test_the_parts_of_an_answer_wait_for_nothing(home: Path) -> None:
    """Without this the body of each answer would wait until its head has been acknowledged, 40 ms later."""
    with served(home) as running, running.client() as client:
        assert client.get("/health").status_code == 200
        (connection,) = running.server.server_state.connections
        peer = connection.transport.get_extra_info("socket")
        assert peer.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0

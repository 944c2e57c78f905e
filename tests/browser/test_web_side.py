"""What other sites and other visitors can do to a server of the app, and what it watches."""

from __future__ import annotations

import http.client
import sys
import urllib.request
from pathlib import Path

import pytest
from playwright.sync_api import expect

from mistudio_core.files import file_sha256
from tests.browser.acts import idle, main
from tests.browser.app_server import AppServer
from tests.browser.conftest import OpenPage
from tests.support.staged import StagedLibrary, stories

HOSTILE_ORIGIN = "http://evil.example"
ACTING = "delete=1&action=delete&cancel=1&confirm=yes&tab=Tokenizations&retry=1&open=0&rename=x&hf_token=hf_x"


def ask(server: AppServer, method: str, path: str, **headers: str) -> tuple[int, str | None]:
    """Return the status of an answer, and to which other sites the browser may show it."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    try:
        connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        with connection.getresponse() as answer:
            return answer.status, answer.getheader("Access-Control-Allow-Origin")
    finally:
        connection.close()


def test_other_sites_neither_upload_nor_connect(server: AppServer) -> None:
    for method in ("PUT", "DELETE"):
        assert ask(server, method, "/_stcore/upload_file/a/b")[0] == 403, "without the token of a session"
    upgrade = {
        "Upgrade": "websocket", "Connection": "Upgrade", "Sec_WebSocket_Version": "13",
        "Sec_WebSocket_Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }  # fmt: skip
    assert ask(server, "GET", "/_stcore/stream", Origin=HOSTILE_ORIGIN, **upgrade)[0] == 403
    assert ask(server, "GET", "/_stcore/stream", Origin=server.url, **upgrade)[0] == 101
    assert ask(server, "GET", "/_stcore/health", Origin=HOSTILE_ORIGIN) == (200, None)


@pytest.mark.parametrize("path", ["/", "/jobs", "/_stcore/health", "/nothing/here"])
def test_other_sites_put_no_frame_around_a_page(server: AppServer, path: str) -> None:
    with urllib.request.urlopen(server.url + path, timeout=60) as answer:
        assert answer.headers["Content-Security-Policy"] == "frame-ancestors 'self'"
        assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"


def test_no_address_changes_anything_by_being_opened(server: AppServer, open_page: OpenPage) -> None:
    library = StagedLibrary(server.home)
    dataset_id = library.ready("stories", {"train": stories(12)})
    opened = library.open()
    before = files(server.home / "datasets")
    page = open_page(server.url)
    idle(page)
    for path in (
        f"dataset?id={dataset_id}&{ACTING}",
        f"?id={dataset_id}&{ACTING}",
        f"jobs?{ACTING}",
        f"settings?{ACTING}",
    ):
        page.goto(f"{server.url}/{path}")
        expect(main(page)).not_to_be_empty()
        idle(page)
    assert [dataset.id for dataset in opened.datasets()] == [dataset_id]
    assert opened.jobs() == []
    assert files(server.home / "datasets") == before


@pytest.mark.skipif(sys.platform != "linux", reason="watches are counted in /proc")
def test_no_folder_is_watched(server: AppServer, open_page: OpenPage) -> None:
    page = open_page(server.url)
    expect(main(page)).to_contain_text("Your library is empty")
    watches = [
        line
        for info in Path(f"/proc/{server.process_id}/fdinfo").iterdir()
        for line in info.read_text().splitlines()
        if line.startswith("inotify wd:")
    ]
    assert watches == []


def files(folder: Path) -> dict[str, str]:
    return {str(path): file_sha256(path) for path in sorted(folder.rglob("*")) if path.is_file()}

"""The API on the app's own port, and without the app."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from mistudio_core.api import mount
from tests.api.conftest import Connect
from tests.browser.app_server import AppServer

ROOT = Path(__file__).resolve().parents[2]


def _status(url: str) -> int:
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def test_app_and_api_share_a_port(tmp_path: Path) -> None:
    app = AppServer(tmp_path / "library", {"MISTUDIO_API": "1"})
    app.start()
    try:
        assert _status(app.url) == 200
        assert _status(f"{app.url}/api/v1/health") == 401
        assert _status(f"{app.url}/api/v1/nowhere") in (401, 404)
    finally:
        app.leave()


def test_serve_answers_without_the_app(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mistudio_core", "serve", "--port", "0", "--home", str(tmp_path / "library")]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            told = process.stderr.readline()
            address = re.search(r"http://127\.0\.0\.1:\d+/api/v1", told)
            assert address, told
            assert _status(f"{address[0]}/health") == 401
        finally:
            process.terminate()
    taken = subprocess.run(
        [sys.executable, "-m", "mistudio_core", "serve", "--host", "203.0.113.1", "--home", str(tmp_path), "--json"],
        cwd=ROOT, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert (taken.returncode, json.loads(taken.stdout)["error"]["code"]) == (1, "invalid_request")


def test_a_switched_off_api_costs_nothing(tmp_path: Path) -> None:
    """The server imports `app.py` as a module: without the switch it loads no package of the API."""
    act = "import app, sys; sys.exit('fastapi' in sys.modules or 'mistudio_core.library' in sys.modules)"
    environment = os.environ | {"MISTUDIO_HOME": str(tmp_path), "MISTUDIO_API": "0"}
    done = subprocess.run([sys.executable, "-c", act], cwd=ROOT, env=environment, capture_output=True, timeout=120)
    assert done.returncode == 0, done.stderr


def test_where_the_packages_are_missing_the_app_starts_without_it(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("MISTUDIO_API", "1")
    monkeypatch.setattr(mount, "find_spec", lambda name: None)
    assert mount.beside_the_app() == ([], None)
    assert "requirements-api.txt" in caplog.text


def test_the_page_of_the_docs_needs_no_network(home: Path, connect: Connect) -> None:
    client = connect(home)
    page = client.get("/docs")
    assert page.status_code == 200
    addresses = re.findall(r"""(?:src|href|url)["']?\s*[=:]\s*["']([^"']+)""", page.text)
    assert len(addresses) >= 4
    for address in addresses:
        assert "//" not in address
        assert client.get(f"/{address}").status_code == 200, address

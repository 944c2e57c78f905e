"""A browser, a server, and pages that may neither fail nor ask anybody outside."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from mistudio_core.library import Library
from tests.browser.app_server import AppServer

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage")
_TIMEOUT_MS = 120_000
_EXPECT_MS = 120_000  # a busy machine may take a while for a first page

OpenPage = Callable[..., Page]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    found = next((path for name in _NAMES if (path := shutil.which(name))), None)
    if found is None:
        reason = "No Chromium was found on the PATH, so the app was not tried in a browser."
        if os.environ.get("MISTUDIO_REQUIRE_BROWSER") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    expect.set_options(timeout=_EXPECT_MS)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found, args=list(_FLAGS))
        yield chromium
        chromium.close()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[AppServer]:
    """Serve an empty library."""
    yield from served(AppServer(tmp_path / "home"))


def served(app: AppServer) -> Iterator[AppServer]:
    """Start a server; at the end stop it and the workers that it left."""
    app.start()
    try:
        yield app
    finally:
        app.stop()
        library = Library.open(app.home)
        for job in library.jobs(active=True):
            library.cancel(job.id)


@pytest.fixture
def open_page(browser: Browser) -> Iterator[OpenPage]:
    """Open pages; at the end fail for an error in one of them, and for a request to another machine."""
    contexts = []
    problems: list[str] = []

    def note_request(url: str) -> None:
        if urlsplit(url).hostname not in ("127.0.0.1", None):
            problems.append(f"asked {url}")

    def open_one(url: str, *, scheme: str = "dark", width: int = 1280, height: int = 900) -> Page:
        context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": height})  # type: ignore[arg-type]
        context.set_default_timeout(_TIMEOUT_MS)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(f"page error: {error}"))
        page.on("request", lambda request: note_request(request.url))
        page.goto(url)
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert problems == []

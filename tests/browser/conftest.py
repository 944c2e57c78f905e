"""A browser, a server, and pages that may neither fail nor ask anybody outside."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Error, Page, Request, expect, sync_playwright

from mistudio_core.library import Library
from tests.browser.app_server import AppServer
from tests.browser.first_tab import FirstTab, Scheme, new_context

# The headless shell first: the same engine without the browser's own windows, in half of the time.
_NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage")
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
        app.leave()
        library = Library.open(app.home)
        for job in library.jobs(active=True):
            library.cancel(job.id)


@pytest.fixture(scope="session")
def first_tab(browser: Browser) -> FirstTab:
    return FirstTab(browser)


@pytest.fixture
def open_page(browser: Browser, first_tab: FirstTab) -> Iterator[OpenPage]:
    """Open pages, each another visitor's; at the end fail for an error in one, and for a request to another machine."""
    pages: list[Page] = []
    problems: list[str] = []

    def note_error(error: Error) -> None:
        problems.append(f"page error: {error}")

    def note_request(request: Request) -> None:
        if urlsplit(request.url).hostname not in ("127.0.0.1", None):
            problems.append(f"asked {request.url}")

    def open_one(url: str, *, scheme: Scheme = "dark", width: int = 1280, height: int = 900) -> Page:
        visitor = (scheme, width, height)
        page = new_context(browser, *visitor).new_page() if pages else first_tab.take(*visitor)
        pages.append(page)
        page.on("pageerror", note_error)
        page.on("request", note_request)
        page.goto(url)
        return page

    yield open_one
    for page in pages[1:]:
        page.context.close()
    for page in pages[:1]:
        page.remove_listener("pageerror", note_error)
        page.remove_listener("request", note_request)
        first_tab.give_back()
    assert problems == []

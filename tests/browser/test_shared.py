"""A shared library in the browser: what a visitor has started stays theirs after a reload, and nobody else's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.app_server import AppServer
from tests.browser.conftest import OpenPage, served
from tests.support.staged import staged, stories


@pytest.fixture
def app(tmp_path: Path) -> Iterator[AppServer]:
    yield from served(AppServer(tmp_path / "home", {"MISTUDIO_SHARED": "1"}))


def _named(page: Page) -> str:
    """Return the name that the browser keeps, once it does."""
    page.wait_for_function("document.cookie.includes('mistudio_visitor=visitor-')")
    (cookie,) = [one for one in page.context.cookies() if one["name"] == "mistudio_visitor"]
    assert cookie["sameSite"] == "Lax"
    assert cookie["expires"] > 0, "it outlives the browser"
    return str(cookie["value"]).partition(".")[0]


def test_the_owner_outlives_a_reload(app: AppServer, open_page: OpenPage) -> None:
    hers = open_page(app.url)
    name = _named(hers)
    with staged(app.home) as stage:
        stage.ready("stories", {"train": stories(3)}, owner=name)
        stage.open()
    hers.reload()
    expect(hers.get_by_role("button", name="More")).to_be_visible()
    his = open_page(app.url)
    expect(his.get_by_role("link", name="stories")).to_be_visible()
    expect(his.get_by_role("button", name="More")).to_have_count(0)
    assert _named(his) != name
    # a name that somebody makes up, without the signature of this library, is nobody's
    his.context.add_cookies([{"name": "mistudio_visitor", "value": f"{name}.{'0' * 64}", "url": app.url}])
    his.reload()
    expect(his.get_by_role("link", name="stories")).to_be_visible()
    expect(his.get_by_role("button", name="More")).to_have_count(0)

"""The tab that the tests use one after the other: it has the app's scripts at hand, which cost a new one seconds."""

from __future__ import annotations

from typing import Literal

from playwright.sync_api import Browser, BrowserContext, Error, Page

TIMEOUT_MS = 120_000
Scheme = Literal["dark", "light"]


def new_context(browser: Browser, scheme: Scheme, width: int, height: int) -> BrowserContext:
    """Return a visitor of their own, with no cookies and an empty cache."""
    context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": height})
    context.set_default_timeout(TIMEOUT_MS)
    return context


class FirstTab:
    """One tab of one visitor, emptied of what a test left in it before another test takes it."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._page: Page | None = None

    def take(self, scheme: Scheme, width: int, height: int) -> Page:
        """Return the tab, which shows nothing yet."""
        if self._page is None:
            self._page = new_context(self._browser, scheme, width, height).new_page()
        self._page.set_viewport_size({"width": width, "height": height})
        self._page.emulate_media(color_scheme=scheme)
        return self._page

    def give_back(self) -> None:
        """Forget cookies, permissions and what the last page stored; a tab that cannot do so is closed."""
        if self._page is None:
            return
        context = self._page.context
        try:
            self._page.evaluate("() => { localStorage.clear(); sessionStorage.clear(); }")
            self._page.goto("about:blank")
            context.clear_cookies()
            context.clear_permissions()
            for other in context.pages[1:]:
                other.close()
        except Error:
            context.close()
            self._page = None

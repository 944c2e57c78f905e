"""Two servers of the app on one library, killed in turn while somebody starts a tokenization in their pages."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

from playwright.sync_api import Page, expect, sync_playwright

from benchmarks.pages import launched
from mistudio_core.library import Library
from tests.browser.acts import idle, main
from tests.browser.app_server import AppServer
from tests.faults.kills.acts import Digest, base, base_digest, succeeded, tokenization_digest
from tests.faults.kills.workers import end_all

CONTEXT_LENGTH = 48
_WAIT_MS = 120_000
_MOST_S = 2.0
"""From the click until the worker has ended."""


class Servers:
    """Two servers, and a page of each."""

    def __init__(self, home: Path, apps: list[AppServer], pages: list[Page]) -> None:
        self._home, self._apps, self._pages = home, apps, pages
        self._turn = 0
        self.wanted: Digest | None = None
        self.before = base_digest(Library.open(home))

    def kill_one(self, random: Random) -> None:
        """Start a tokenization in the page of one server, kill that, go on with the other, and start it again."""
        turn, self._turn = self._turn, 1 - self._turn
        app, page, other = self._apps[turn], self._pages[turn], self._pages[1 - turn]
        _press_tokenize(page, f"{app.url}/dataset?id={base(Library.open(self._home))}&tab=Tokenizations")
        time.sleep(random.uniform(0, _MOST_S))
        os.kill(app.process_id, signal.SIGKILL)
        other.goto(f"{self._apps[1 - turn].url}/jobs")
        idle(other)
        expect(main(other).get_by_role("heading", name="Finished (")).to_be_visible(timeout=_WAIT_MS)
        expect(main(other).get_by_test_id("stException")).to_have_count(0)
        self._compare()
        app.stop()
        app.start()

    def _compare(self) -> None:
        """Let what was begun end, start it where it was not, compare it, and delete it."""
        library = Library.open(self._home)
        begun = [item for item in library.tokenizations() if item.context_length == CONTEXT_LENGTH]
        recipe = {"tokenizer": "sample", "context_length": CONTEXT_LENGTH}
        made = begun[0] if begun else library.tokenize(base(library), recipe)
        succeeded(library, library.jobs(made.id)[0].id)
        digest = tokenization_digest(library, made.id)
        self.wanted = self.wanted or digest
        assert digest == self.wanted
        assert base_digest(library) == self.before
        library.delete(made.id, cascade=True)
        assert library.verify().problems == ()


def _press_tokenize(page: Page, address: str) -> None:
    page.goto(address)
    idle(page)
    chooser = page.get_by_role("combobox", name="Tokenizer")
    if not chooser.count():
        main(page).get_by_role("button", name="New tokenization").click()
        idle(page)
    if chooser.input_value() != "sample":
        chooser.click()
        chooser.fill("sample")
        page.get_by_role("option", name="sample", exact=True).click()
        idle(page)
    length = page.get_by_role("spinbutton", name="Context length")
    length.fill(str(CONTEXT_LENGTH))
    length.blur()
    idle(page)
    main(page).get_by_role("button", name="Tokenize", exact=True).click(no_wait_after=True)


@contextmanager
def two_servers(home: Path) -> Iterator[Servers]:
    """Start two servers on a library, and a browser."""
    apps = [AppServer(home) for _ in range(2)]
    try:
        for app in apps:
            app.start()
        with sync_playwright() as playwright:
            browser = launched(playwright)
            pages = [browser.new_context(viewport={"width": 1280, "height": 1600}).new_page() for _ in apps]
            for page in pages:
                page.set_default_timeout(_WAIT_MS)
            yield Servers(home, apps, pages)
    finally:
        for app in apps:
            app.stop()
        end_all(Library.open(home))

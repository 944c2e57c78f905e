"""Memory of a public demo: the app with visitors, and the workers that make the example and a tokenization of it.

    python benchmarks/memory.py [--visitors 3]

Starts the app as a shared library in an empty folder, lets browsers make the example and a tokenization and look at
every page, and prints the most memory that the app and its workers had together, at a look every fifth of a second.
Memory is the proportional set size: what processes share is counted once. Needs Chromium, which is not counted.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parent.parent)
# ruff: noqa: E402

import argparse
import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
from playwright.sync_api import Page, sync_playwright

from mistudio_core.library import Library
from tests.browser.acts import idle
from tests.browser.app_server import AppServer

LOOK_EVERY_S = 0.2
WAIT_MS = 300_000
TABS = ("Samples", "Tokenizations", "Statistics", "Overview")
_BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")


class Watched:
    """The most memory that a process and its descendants have had together, in bytes."""

    def __init__(self, process_id: int) -> None:
        self.most = self.now = 0
        self._root = psutil.Process(process_id)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    @contextmanager
    def watching(self) -> Iterator[Watched]:
        """Look again and again until the block ends."""
        self._thread.start()
        try:
            yield self
        finally:
            self._ended.set()
            self._thread.join()

    def _watch(self) -> None:
        while not self._ended.wait(LOOK_EVERY_S):
            self.now = sum(map(_held, [self._root, *self._root.children(recursive=True)]))
            self.most = max(self.most, self.now)


def _held(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().pss)
    except psutil.Error:
        return 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--visitors", type=int, default=3)
    options = parser.parse_args()
    path = next((found for name in _BROWSERS if (found := shutil.which(name))), None)
    if path is None:
        raise SystemExit("No Chromium was found on the PATH.")
    with tempfile.TemporaryDirectory() as folder:
        app = AppServer(Path(folder) / "home", {"MISTUDIO_SHARED": "1"})
        app.start()
        try:
            with Watched(app.process_id).watching() as memory, sync_playwright() as playwright:
                chromium = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
                pages = [chromium.new_context().new_page() for _ in range(options.visitors)]
                for page in pages:
                    page.set_default_timeout(WAIT_MS)
                    page.goto(app.url)
                    page.get_by_role("heading", level=1).wait_for()
                    idle(page)
                told("the empty app", memory)
                makes(pages[0], app)
                told("the example made, and tokenized", memory)
                for page in pages:
                    looks(page, app)
                told("every page looked at by every visitor", memory)
        finally:
            app.stop()


def makes(page: Page, app: AppServer) -> None:
    """Press what a newcomer presses, until the tokenization is ready."""
    page.get_by_role("button", name="Create the example dataset").click()
    page.get_by_text("5,000 samples").first.wait_for()
    page.get_by_role("link", name="Example stories").click()
    page.get_by_role("tab", name="Tokenizations").click()
    page.get_by_role("button", name="Tokenize", exact=True).click()
    page.get_by_text("Browse and search sequences").first.wait_for()
    idle(page)
    assert [one.status for one in Library.open(app.home).tokenizations()] == ["ready"]


def looks(page: Page, app: AppServer) -> None:
    """Open every tab and page once."""
    library = Library.open(app.home)
    (dataset,), (tokenization,) = library.datasets(), library.tokenizations()
    addresses = [f"dataset?id={dataset.id}&tab={tab}" for tab in TABS]
    addresses += [f"dataset?id={dataset.id}&tab=Statistics&stats_of={tokenization.id}"]
    addresses += [f"sequences?id={dataset.id}&tok={tokenization.id}&text=%20river", "jobs", "settings", "compare"]
    for address in addresses:
        page.goto(f"{app.url}/{address}")
        page.get_by_role("heading", level=1).wait_for()
        idle(page)


def told(what: str, memory: Watched) -> None:
    print(f"{what}: {memory.now / 1e6:,.0f} MB now, {memory.most / 1e6:,.0f} MB at most", flush=True)


if __name__ == "__main__":
    main()

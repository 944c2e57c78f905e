"""Makes the picture of the README: `python -m tests.browser.make_screenshot`, with Chromium on the PATH."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from mistudio_core.library import Library
from tests.browser.app_server import ROOT, AppServer

PICTURE = ROOT / "docs" / "screenshot.png"
SIZE = {"width": 1280, "height": 1010}


def main() -> None:
    """Fill a library with the sample, and take a picture of what its token rows look like."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    assert chromium, "Chromium is needed"
    with tempfile.TemporaryDirectory() as folder:
        app = AppServer(Path(folder) / "home")
        library = Library.open(app.home)
        dataset = library.make_example()
        library.wait(dataset.id)
        tokenization = library.tokenize(dataset.id, {"tokenizer": "sample", "context_length": 128})
        library.wait(tokenization.id)
        app.start()
        try:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
                page = browser.new_page(viewport=SIZE, color_scheme="dark")  # type: ignore[arg-type]
                page.goto(f"{app.url}/dataset?id={dataset.id}&tab=Statistics&stats_of={tokenization.id}")
                page.get_by_test_id("stVegaLiteChart").first.wait_for()
                page.wait_for_timeout(2000)  # the chart and the fonts settle
                page.screenshot(path=PICTURE)
                browser.close()
        finally:
            app.stop()


if __name__ == "__main__":
    main()

"""Takes the pictures of the docs from the running app, light and dark: `python -m tests.browser.make_pictures`.

Needs Chromium on the PATH and `requirements-dev.txt`. All of them show the example dataset, which is the same on every
machine. Names after the command take those pictures only.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, Literal, NamedTuple

from playwright.sync_api import Page, sync_playwright

from mistudio_core.library import Library
from tests.browser.acts import idle
from tests.browser.app_server import ROOT, AppServer

FOLDER: Final = ROOT / "docs" / "pictures"
SCHEMES: Final[tuple[Literal["dark", "light"], ...]] = ("dark", "light")
_BROWSERS: Final = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
_FLAGS: Final = ("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage")
_CHARTS_MS: Final = 1500  # charts and fonts settle after the script has ended


def _press(*names: str) -> Callable[[Page], None]:
    def act(page: Page) -> None:
        for name in names:
            page.get_by_role("button", name=name).first.click()
            idle(page)

    return act


def _open_fold(page: Page) -> None:
    page.locator("details:not([open]) > summary").first.click()
    idle(page)
    page.get_by_role("tab", name="Upload files").click()


class Picture(NamedTuple):
    """An address, what is done there, and the size of the window."""

    address: str
    act: Callable[[Page], None] = idle
    height: int = 720
    width: int = 1120


PICTURES: Final[Mapping[str, Picture]] = {
    "datasets": Picture("", height=480),
    "files": Picture("", _open_fold, height=640),
    "samples": Picture("dataset?id={id}&tab=Samples&q=summer+rain"),
    "contexts": Picture("sequences?id={id}&tok={tok}&text=%20river"),
    "recipe": Picture("dataset?id={id}&tab=Tokenizations", _press("New tokenization"), height=900),
    "statistics": Picture("dataset?id={id}&tab=Statistics&stats_of={tok}", height=1150, width=1280),
    "training": Picture("dataset?id={id}&tab=Tokenizations&code={tok}", height=860),
}


def main(names: list[str]) -> None:
    """Fill a library with the example and one tokenization, and take each picture in both themes."""
    chromium = next((path for name in _BROWSERS if (path := shutil.which(name))), None)
    if chromium is None:
        raise SystemExit("No Chromium was found on the PATH.")
    with tempfile.TemporaryDirectory() as folder:
        app = AppServer(Path(folder) / "home")
        ids = _filled(Library.open(app.home))
        app.start()
        try:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=chromium, args=list(_FLAGS))
                for name in names or PICTURES:
                    for scheme in SCHEMES:
                        page = browser.new_page(color_scheme=scheme)
                        _take(page, app.url, PICTURES[name], ids, FOLDER / f"{name}-{scheme}.png")
                        page.close()
                browser.close()
        finally:
            app.stop()


def _filled(library: Library) -> dict[str, str]:
    dataset = library.make_example()
    library.wait(dataset.id)
    tokenization = library.tokenize(dataset.id, {"tokenizer": "sample", "context_length": 128})
    library.wait(tokenization.id)
    return {"id": dataset.id, "tok": tokenization.id}


def _take(page: Page, url: str, picture: Picture, ids: Mapping[str, str], path: Path) -> None:
    page.set_viewport_size({"width": picture.width, "height": picture.height})
    page.goto(f"{url}/{picture.address.format(**ids)}")
    page.get_by_role("heading", level=1).wait_for()
    idle(page)
    picture.act(page)
    page.get_by_test_id("stMain").evaluate("main => main.scrollTo(0, 0)")
    page.wait_for_timeout(_CHARTS_MS)
    page.screenshot(path=path)


if __name__ == "__main__":
    main(sys.argv[1:])

"""What people do and see on the pages, in the words of the tests."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Locator, Page

SCREENSHOTS = Path(__file__).resolve().parents[1] / "screenshots"
_LOOK_EVERY_MS = 100


def main(page: Page) -> Locator:
    """Return the part of the page right of the sidebar."""
    return page.get_by_test_id("stMain")


def submit(page: Page, label: str) -> None:
    """Press a form's button; its icon is a ligature, so its name ends with the label."""
    page.locator("[data-testid^='stBaseButton-'][data-testid$='FormSubmit']", has_text=label).click()


def wait_for(page: Page, holds: Callable[[], bool], what: str, seconds: float = 240.0) -> None:
    """Look again and again until something holds."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"{what} did not come; the page says:\n{main(page).inner_text()[:3000]}"
        page.wait_for_timeout(_LOOK_EVERY_MS)


def progress_texts(page: Page) -> list[str]:
    """Return the lines above the progress bars."""
    return page.get_by_test_id("stProgress").all_inner_texts()


def idle(page: Page) -> None:
    """Wait until no script runs for the page and it has drawn what it got."""
    page.wait_for_function(
        "() => !document.querySelector('[data-testid=stStatusWidget]') &&"
        " document.querySelector('[data-testid=stApp]')?.dataset.testScriptState !== 'running' &&"
        " ![...document.querySelectorAll('[data-testid=stSkeleton]')].some(e => e.offsetParent)"
    )
    page.wait_for_timeout(300)


def picture(page: Page, name: str, *, full_page: bool = False) -> None:
    """Keep a screenshot to look at."""
    SCREENSHOTS.mkdir(exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=full_page)

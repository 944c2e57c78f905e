"""How many clicks it takes: from the example to copied training code, and from a name on the Hub to training code."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.acts import idle, main, picture
from tests.browser.app_server import AppServer
from tests.browser.conftest import OpenPage, served
from tests.hub import models, repositories
from tests.hub.server import HubServer

EXAMPLE_TO_COPIED_CODE = 6
HUB_TO_CODE = 8
SOON_MS = 240_000


class Clicks:
    """Clicks, counted; typing is none."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, target: Locator) -> None:
        target.click()
        self.count += 1


@pytest.fixture
def hub_app(tmp_path: Path, hub: HubServer) -> Iterator[AppServer]:
    yield from served(AppServer(tmp_path / "home", hub.variables(tmp_path / "hf")))


def test_few_clicks_lead_to_training_code(hub_app: AppServer, hub: HubServer, open_page: OpenPage) -> None:
    hub.add(repositories.plain())
    model = hub.add(models.bpe())
    page = open_page(hub_app.url, height=1400)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    code = page.get_by_test_id("stCode")

    click = Clicks()
    click(page.get_by_role("button", name="Create the example dataset"))
    click(page.get_by_role("link", name="Tokenize", exact=True))
    click(main(page).get_by_role("button", name="Tokenize", exact=True))
    expect(main(page).get_by_role("button", name="Training code")).to_be_visible(timeout=SOON_MS)
    click(main(page).get_by_role("button", name="Training code"))
    expect(code).to_contain_text("load_from_disk")
    code.hover()
    click(code.get_by_role("button", name="Copy to clipboard"))
    assert "load_from_disk" in page.evaluate("() => navigator.clipboard.readText()")
    assert click.count <= EXAMPLE_TO_COPIED_CODE

    page.goto(hub_app.url)
    click = Clicks()
    click(page.get_by_text("Add a dataset", exact=True))
    click(page.get_by_role("textbox", name="Repository id"))
    page.keyboard.type("plain")
    click(page.get_by_role("button", name="acme/plain"))
    expect(main(page)).to_contain_text("The first 10 rows")
    picture(page, "from-the-hub")
    click(page.get_by_role("button", name="Download", exact=True))
    click(page.get_by_role("link", name="Tokenize", exact=True))
    chooser = page.get_by_role("combobox", name="Tokenizer")
    click(chooser)
    chooser.fill(model.id)
    page.keyboard.press("Enter")
    idle(page)
    click(main(page).get_by_role("button", name="Tokenize", exact=True))
    expect(main(page).get_by_role("button", name="Training code")).to_be_visible(timeout=SOON_MS)
    click(main(page).get_by_role("button", name="Training code"))
    expect(code).to_contain_text("load_from_disk")
    assert click.count <= HUB_TO_CODE

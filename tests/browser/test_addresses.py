"""What is typed, opened and closed is in the address while it counts, and no longer."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from mistudio_core.library import Library
from tests.browser.acts import idle, main, wait_for
from tests.browser.app_server import AppServer
from tests.browser.conftest import OpenPage, served
from tests.browser.test_looks import CONTRAST


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppServer]:
    yield from served(AppServer(tmp_path_factory.mktemp("addresses") / "home"))


@pytest.fixture(scope="module")
def dataset(app: AppServer) -> str:
    library = Library.open(app.home)
    made = library.make_example(200)
    library.wait(made.id)
    library.wait(library.tokenize(made.id, {"tokenizer": "sample", "context_length": 64}).id)
    return f"{app.url}/dataset?id={made.id}"


def query(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def test_a_search_is_made_while_it_is_typed_and_belongs_to_its_tab(dataset: str, open_page: OpenPage) -> None:
    page = open_page(f"{dataset}&tab=Samples")
    box = page.get_by_role("searchbox", name="Search", exact=True)
    box.press_sequentially("the old", delay=20)
    expect(main(page).locator("mark").first).to_be_visible()
    wait_for(page, lambda: query(page).get("q") == ["the old"], "the search")
    expect(box).to_be_focused()
    page.get_by_role("tab", name="Overview").click()
    wait_for(page, lambda: set(query(page)) == {"id", "tab"}, "the address of the other tab")
    page.get_by_role("tab", name="Samples").click()
    expect(box).to_have_value("the old")
    wait_for(page, lambda: query(page).get("q") == ["the old"], "the search again")
    box.fill("")
    wait_for(page, lambda: set(query(page)) == {"id", "tab"}, "the address without the search")


def test_escape_closes_the_reader_and_its_place_in_the_address(dataset: str, open_page: OpenPage) -> None:
    page = open_page(f"{dataset}&tab=Samples&open=0")
    page.get_by_role("dialog").wait_for()
    page.keyboard.press("Escape")
    wait_for(page, lambda: "open" not in query(page), "the address without the sample")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_the_sidebar_shows_which_dataset_is_open(dataset: str, open_page: OpenPage) -> None:
    page = open_page(f"{dataset}&tab=Overview")
    current = page.get_by_test_id("stSidebarNav").locator("[aria-current=page]")
    expect(current).to_contain_text("Example stories")
    current.click()
    wait_for(page, lambda: query(page).get("id") == parse_qs(urlsplit(dataset).query)["id"], "the same dataset")
    expect(page.get_by_role("heading", level=1)).to_have_text("Example stories")
    page.get_by_test_id("stSidebarNav").get_by_role("link", name="Jobs").click()
    expect(current).to_contain_text("Jobs")


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_what_is_opened_or_pointed_at_can_be_read(dataset: str, open_page: OpenPage, scheme: str) -> None:
    page = open_page(f"{dataset}&tab=Tokenizations", scheme=scheme)
    page.get_by_role("button", name="Training code").click()
    expect(page.get_by_test_id("stCode")).to_be_visible()
    idle(page)
    assert page.evaluate(CONTRAST) == []
    page.get_by_role("button", name="Export").hover()
    assert page.evaluate(CONTRAST) == []

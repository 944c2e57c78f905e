"""The samples in a real browser: pages, search with its marks, filters, reading, all of it in the address."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pytest
from playwright.sync_api import Locator, Page, expect

from mistudio_core.store.samples.ranked_index import build_ranked_index
from tests.browser.acts import idle, main, picture
from tests.browser.app_server import AppServer
from tests.browser.conftest import OpenPage, served
from tests.support.staged import StagedLibrary

LONG = "word " * 400 + "a needle in it " + "tail " * 900
TEXTS = [f"Story number {n}. " + ("The cat sat." if n % 3 == 0 else "A dog ran.") for n in range(240)]


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppServer]:
    yield from served(AppServer(tmp_path_factory.mktemp("samples") / "home"))


@pytest.fixture(scope="module")
def address(app: AppServer) -> str:
    """Return the address of the samples of a dataset of two splits, a long text the last one of the second."""
    library = StagedLibrary(app.home)
    table = pa.table({"text": TEXTS, "n": range(240), "tags": [["a", "x"]] * 240})
    last = pa.table({"text": ["short", LONG], "n": [1, 2], "tags": [["a"], ["b"]]})
    dataset_id = library.ready("stories", {"train": table, "test": last})
    build_ranked_index(library.home.dataset(dataset_id))
    library.open()
    return f"{app.url}/dataset?id={dataset_id}&tab=Samples"


def shown(page: Page) -> Locator:
    return main(page).locator("article")


def search(page: Page, words: str) -> None:
    box = page.get_by_role("searchbox", name="Search", exact=True)
    box.fill(words)
    box.press("Enter")


def choose(page: Page, label: str, option: str) -> None:
    page.get_by_role("combobox", name=label).click()
    page.get_by_role("option", name=option, exact=True).click()


def test_pages_survive_a_reload_and_the_end_of_a_page_leads_on(address: str, open_page: OpenPage) -> None:
    page = open_page(address)
    expect(shown(page)).to_have_count(50)
    page.get_by_role("button", name="Page 5").last.click()
    expect(main(page)).to_contain_text("Samples 201 to 242 of 242")
    expect(shown(page)).to_have_count(42)
    expect(shown(page).first).to_be_in_viewport()
    page.reload()
    expect(main(page)).to_contain_text("Samples 201 to 242 of 242")
    page.go_back()
    expect(main(page)).to_contain_text("Samples 1 to 50 of 242")


def test_a_search_marks_what_it_found_and_can_be_sent(address: str, open_page: OpenPage) -> None:
    page = open_page(address)
    search(page, "cat sat")
    expect(main(page)).to_contain_text("of 80")
    expect(shown(page).first.locator("mark")).to_have_text(["cat", "sat"])
    choose(page, "Search mode", "Substring")
    search(page, "at sa")
    expect(shown(page).first.locator("mark")).to_have_text(["at sa"])
    choose(page, "Search mode", "Regex")
    search(page, "number [0-9]7\\b")
    expect(main(page)).to_contain_text("Samples 1 to 9 of 9")
    choose(page, "Order", "By column n")
    page.get_by_text("Descending").click()
    expect(shown(page).first).to_contain_text("Story number 97.")
    other = open_page(page.url, scheme="light")
    expect(shown(other).first).to_contain_text("Story number 97.")
    expect(shown(other).first.locator("mark")).to_have_text(["number 97"])
    picture(other, "samples-search")


def test_filters_become_pills_and_pills_take_them_out(address: str, open_page: OpenPage) -> None:
    page = open_page(address)
    page.get_by_role("button", name="Filters").click()
    page.get_by_label("Min characters").fill("1000")
    page.get_by_label("Min characters").press("Enter")
    expect(main(page)).to_contain_text("Samples 1 to 1 of 1")
    picture(page, "samples-filters")
    page.keyboard.press("Escape")
    pill = page.get_by_role("button", name="characters ≥ 1,000")
    expect(pill).to_be_visible()
    assert "min_chars=1000" in page.url
    pill.click()
    expect(main(page)).to_contain_text("Samples 1 to 50 of 242")
    assert "min_chars" not in page.url


def test_a_folded_text_opens_at_its_match_and_whole(address: str, open_page: OpenPage) -> None:
    page = open_page(f"{address}&q=needle")
    card = shown(page).first
    expect(card.locator("mark")).to_have_text(["needle"])
    expect(card.locator("mark")).to_be_in_viewport()
    assert len(card.locator(".text").inner_text()) < 800
    card.get_by_role("button", name="Show all").click()
    expect(card.get_by_role("button", name="Collapse")).to_be_visible()
    assert card.locator(".text").text_content() == LONG
    card.get_by_role("button", name="Collapse").click()
    expect(card.get_by_role("button", name="Show all")).to_be_visible()


def test_one_sample_is_read_in_a_drawer_and_the_next_one_too(address: str, open_page: OpenPage) -> None:
    page = open_page(f"{address}&split=train")
    expect(shown(page)).to_have_count(50)
    shown(page).nth(48).get_by_role("button", name="Open sample").click()
    drawer = page.get_by_role("dialog")
    expect(drawer).to_contain_text("49 of 240 in this list")
    for place in (50, 51):
        drawer.get_by_role("button", name="Next").first.click()
        expect(drawer).to_contain_text(f"{place} of 240 in this list")
    expect(drawer.locator(".text")).to_have_text(TEXTS[50])
    expect(drawer.get_by_test_id("stJson")).to_have_count(1)
    assert "open=50" in page.url
    other = open_page(page.url, scheme="light", width=390)
    expect(other.get_by_role("dialog").locator(".text")).to_have_text(TEXTS[50])
    picture(other, "samples-reading-phone")
    drawer.get_by_role("button", name="Close").click()
    expect(main(page)).to_contain_text("Samples 51 to 100 of 240")
    assert "open=" not in page.url


def test_random_and_go_to_show_their_sample(address: str, open_page: OpenPage) -> None:
    page = open_page(f"{address}&split=train")
    expect(shown(page)).to_have_count(50)
    page.get_by_role("button", name="Go to").click()
    page.get_by_label("Sample index (from 0)").fill("137")
    page.get_by_label("Sample index (from 0)").press("Enter")
    focused = main(page).locator("article.focus")
    expect(focused).to_contain_text("Story number 137.")
    expect(focused).to_be_in_viewport()


def test_signs_that_nobody_sees_have_names_and_are_copied_as_they_are(app: AppServer, open_page: OpenPage) -> None:
    text = "nul\x00 esc\x1b zero\u200bwidth over\u202eride crlf\r\nנ\u200f."
    library = StagedLibrary(app.home)
    dataset_id = library.ready("signs", {"train": pa.table({"text": [text]})})
    library.open()
    page = open_page(f"{app.url}/dataset?id={dataset_id}&tab=Samples")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    card = shown(page).first
    signs = card.locator(".sign")
    expect(signs).to_have_count(6)
    names = signs.evaluate_all("signs => signs.map(sign => getComputedStyle(sign, '::before').content)")
    assert [name.strip('"') for name in names] == ["NUL", "ESC", "ZWSP", "U+202E", "CR", "RLM"]
    assert card.locator(".text").text_content() == text
    card.get_by_role("button", name="Copy").click()
    expect(card.get_by_role("button", name="Copy the text")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()").replace("\r\n", "\n") == text.replace("\r\n", "\n")
    idle(page)
    picture(page, "samples-signs")


def test_two_tabs_search_at_once(address: str, open_page: OpenPage) -> None:
    one, other = open_page(f"{address}&mode=substring"), open_page(f"{address}&mode=substring")
    search(one, "cat sat")
    search(other, "dog ran")
    expect(main(other)).to_contain_text("of 160")
    expect(shown(other).first.locator("mark")).to_have_text(["dog ran"])
    expect(main(one)).to_contain_text("of 80")
    expect(shown(one).first.locator("mark")).to_have_text(["cat sat"])


def test_ten_megabytes_are_read_part_by_part_and_open_at_the_match(app: AppServer, open_page: OpenPage) -> None:
    library = StagedLibrary(app.home)
    dataset_id = library.ready("huge", {"train": pa.table({"text": ["filling " * 1_300_000 + "the last needle"]})})
    library.open()
    page = open_page(f"{app.url}/dataset?id={dataset_id}&tab=Samples&q=needle&mode=substring")
    card = shown(page).first
    expect(card.locator("mark")).to_have_text(["needle"])
    expect(card).to_contain_text("10,400,015 characters")
    card.get_by_role("button", name="Open sample").click()
    drawer = page.get_by_role("dialog")
    expect(drawer).to_contain_text("Part 209 of 209")
    expect(drawer.locator("mark")).to_have_text(["needle"])
    drawer.get_by_role("button", name="Page 1", exact=True).click()
    expect(drawer).to_contain_text("Part 1 of 209")
    expect(drawer.locator(".text")).to_contain_text("filling filling")

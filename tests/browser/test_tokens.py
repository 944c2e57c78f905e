"""Sequences in a real browser: tokens that can be pointed at, samples that are linked, hits in their places."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from mistudio_core.library import Library
from tests.browser.acts import idle, main, picture
from tests.browser.app_server import AppServer
from tests.browser.conftest import OpenPage, served


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppServer]:
    yield from served(AppServer(tmp_path_factory.mktemp("tokens") / "home"))


@pytest.fixture(scope="module")
def address(app: AppServer) -> str:
    library = Library.open(app.home)
    dataset = library.make_example(300)
    library.wait(dataset.id)
    tokenization = library.tokenize(dataset.id, {"tokenizer": "sample", "context_length": 64})
    library.wait(tokenization.id)
    return f"{app.url}/sequences?id={dataset.id}&tok={tokenization.id}"


def test_a_token_tells_its_place_and_leads_to_all_others(app: AppServer, address: str, open_page: OpenPage) -> None:
    library = Library.open(app.home)
    (tokenization,) = library.tokenizations()
    row = library.sequence(tokenization.id, 4)
    page = open_page(f"{address}&sequence=4")
    tokens = main(page).locator(".row .token")
    expect(tokens).to_have_count(64)
    assert tokens.all_text_contents() == [token.text for token in row.tokens]
    tokens.nth(7).hover()
    expect(main(page).locator(".about")).to_contain_text(f"Position 7 · id {row.tokens[7].id}")
    picture(page, "tokens-row")
    tokens.nth(7).click()
    page.get_by_role("button", name="Find this token").click()
    found = library.search_tokens(tokenization.id, ids=[row.tokens[7].id])
    expect(main(page)).to_contain_text(f"of {found.total:,}")
    assert f"ids={row.tokens[7].id}" in page.url
    expect(main(page).locator(".hit")).to_have_count(min(50, found.total))
    picture(page, "tokens-hits")
    main(page).locator(".hit button").first.click()
    expect(main(page).locator(".row .mark")).to_have_count(1)
    assert f"sequence={found.hits[0].sequence}" in page.url
    page.reload()
    expect(main(page).locator(".row .mark")).to_be_in_viewport()


def test_a_run_of_tokens_leads_to_its_contexts_and_on_to_those_with_a_neighbour(
    app: AppServer, address: str, open_page: OpenPage
) -> None:
    library = Library.open(app.home)
    (tokenization,) = library.tokenizations()
    tokens = library.sequence(tokenization.id, 4).tokens
    page = open_page(f"{address}&sequence=4")
    row = main(page).locator(".row")
    row.focus()
    for key in (*["ArrowRight"] * 3, "Shift+ArrowRight", "Enter"):
        row.press(key)
    ids = [tokens[2].id, tokens[3].id]
    found = library.search_tokens(tokenization.id, ids=ids)
    expect(main(page)).to_contain_text(f"of {found.total:,}")
    assert f"ids={ids[0]}%2C{ids[1]}" in page.url
    main(page).locator(".row .token").first.click()
    page.get_by_role("button", name="Find this token").click()
    every = library.search_tokens(tokenization.id, ids=ids[:1])
    expect(main(page)).to_contain_text(f"of {every.total:,}")
    page.get_by_test_id("stDataFrame").last.click(position={"x": 12, "y": 50})
    expect(main(page)).to_contain_text(f"of {every.following[0].count:,}")
    assert f"ids={ids[0]}%2C{every.following[0].token.id}" in page.url


def test_a_piece_of_a_row_leads_to_its_sample(app: AppServer, address: str, open_page: OpenPage) -> None:
    library = Library.open(app.home)
    (tokenization,) = library.tokenizations()
    part = library.sequence(tokenization.id, 9).parts[0]
    page = open_page(f"{address}&sequence=9", scheme="light", width=390)
    main(page).locator(".seam button").first.click()
    drawer = page.get_by_role("dialog")
    sample = library.samples(tokenization.dataset_id, split=part.split, offset=part.sample, limit=1).rows[0]
    expect(drawer.locator(".text")).to_have_text(str(sample.text), use_inner_text=False)
    idle(page)
    picture(page, "tokens-sample-phone")
    assert f"open={part.sample}" in page.url


def test_a_text_is_found_with_its_space(address: str, open_page: OpenPage) -> None:
    page = open_page(address)
    # No key is pressed: a search is made when the typing stops.
    page.get_by_role("searchbox", name="Find tokens by text").press_sequentially(" the")
    expect(main(page).locator(".hit").first.locator(".match")).to_have_text(" the")
    expect(page.get_by_test_id("stVegaLiteChart")).to_have_count(1)
    expect(page.get_by_test_id("stDataFrame")).to_have_count(2)


def test_the_keyboard_alone_leads_anywhere(app: AppServer, address: str, open_page: OpenPage) -> None:
    (dataset,) = Library.open(app.home).datasets()
    page = open_page(f"{app.url}/dataset?id={dataset.id}&tab=Samples")
    expect(page.get_by_role("button", name="Find")).to_be_visible()
    idle(page)
    page.keyboard.press("Control+k")
    name = page.get_by_role("combobox", name="Go to a dataset, tokenization, job or page")
    expect(name).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.type("river")
    expect(page.get_by_role("button", name="Contexts in")).to_be_visible()
    for key in ("Tab", "Tab", "Enter"):
        page.keyboard.press(key)
    expect(main(page).locator(".hit").first.locator(".match")).to_have_text("river")
    expect(page.get_by_role("dialog")).to_have_count(0)
    idle(page)
    page.keyboard.press("Control+k")
    expect(name).to_be_focused()
    page.keyboard.type("page: jobs")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Jobs")).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("Control+k")
    expect(name).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)

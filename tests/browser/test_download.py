"""Datasets of the Hub in the browser: look, download, watch, and what goes wrong."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from mistudio_core.library import Library
from tests.browser.acts import main, picture, progress_texts, wait_for
from tests.browser.app_server import AppServer
from tests.browser.conftest import OpenPage, served
from tests.hub import access, repositories
from tests.hub.faults import Bandwidth, Hang
from tests.hub.server import HubServer


@pytest.fixture
def hub_app(tmp_path: Path, hub: HubServer) -> Iterator[AppServer]:
    """Serve the app with the test Hub in place of the real one."""
    yield from served(AppServer(tmp_path / "home", hub.variables(tmp_path / "hf")))


def test_look_then_download_with_progress_that_moves(hub_app: AppServer, hub: HubServer, open_page: OpenPage) -> None:
    repo = hub.add(repositories.big())
    page = open_page(hub_app.url)
    page.get_by_role("textbox", name="Repository id").fill(f"https://huggingface.co/datasets/{repo.id}")
    page.get_by_role("button", name="Inspect").click()
    expect(main(page)).to_contain_text("The first 10 rows")
    expect(page.get_by_role("textbox", name="Repository id")).to_have_value(repo.id)
    picture(page, "look")

    hub.faults.add("GET storage", Bandwidth(1_500_000, shared=True))
    page.get_by_role("button", name="Download", exact=True).click()
    seen: list[str] = []

    def ready() -> bool:
        seen.extend(text for text in progress_texts(page) if text not in seen)
        if len(seen) == 4:
            picture(page, "downloading")
        return "Ready" in main(page).inner_text()

    wait_for(page, ready, "the end of the download")
    downloading = [text for text in seen if text.startswith("Downloading")]
    assert len(downloading) >= 3, seen
    assert any("/s" in text and "left" in text for text in downloading), downloading
    (dataset,) = Library.open(hub_app.home).datasets()
    assert dataset.repo_id == repo.id
    page.get_by_text("Add a dataset", exact=True).click()  # what was sent has folded the form
    expect(page.get_by_role("textbox", name="Repository id")).to_have_value("")


def test_a_download_can_be_cancelled_and_resumed(hub_app: AppServer, hub: HubServer, open_page: OpenPage) -> None:
    repo = hub.add(repositories.big())
    hub.faults.add("GET storage", Bandwidth(500_000, shared=True), times=2)
    page = open_page(hub_app.url)
    page.get_by_role("textbox", name="Repository id").fill(repo.id)
    page.get_by_role("button", name="Download", exact=True).click()
    page.get_by_role("button", name="Cancel").click()
    expect(main(page)).to_contain_text("Cancelled", timeout=120_000)
    page.get_by_role("button", name="Resume").click()
    expect(main(page)).to_contain_text("Ready", timeout=120_000)


def test_a_gated_repository_wants_a_token_and_keeps_it_masked(
    hub_app: AppServer, hub: HubServer, open_page: OpenPage
) -> None:
    repo = hub.add(repositories.gated())
    page = open_page(hub_app.url)
    page.get_by_role("textbox", name="Repository id").fill(repo.id)
    page.get_by_role("button", name="Download", exact=True).click()
    expect(page.get_by_test_id("stAlert").first).to_be_visible()
    field = page.get_by_role("textbox", name="Access token (optional)")
    field.fill(access.READ_TOKEN)
    assert field.get_attribute("type") == "password"
    page.get_by_role("button", name="Download", exact=True).click()
    expect(main(page)).to_contain_text("Gated")
    expect(main(page)).to_contain_text("Ready", timeout=120_000)
    for file in hub_app.home.rglob("*"):
        if file.is_file():
            assert access.READ_TOKEN.encode() not in file.read_bytes(), file
    assert access.READ_TOKEN not in hub_app.log.read_text("utf-8")
    assert access.READ_TOKEN not in page.locator("body").inner_text()


@pytest.mark.parametrize("typed", ["acme/nothing-here", "not a repository!", "../../etc/passwd", "<b>x</b>/y"])
def test_an_unknown_repository_is_told_and_the_form_keeps_its_text(
    hub_app: AppServer, open_page: OpenPage, typed: str
) -> None:
    page = open_page(hub_app.url)
    page.get_by_role("textbox", name="Repository id").fill(typed)
    page.get_by_role("button", name="Inspect").click()
    expect(page.get_by_test_id("stAlert").first).to_be_visible()
    assert page.get_by_role("textbox", name="Repository id").input_value() == typed


def test_typing_on_ends_a_search_that_the_hub_leaves_unanswered(
    hub_app: AppServer, hub: HubServer, open_page: OpenPage
) -> None:
    for make in (repositories.two_configs, repositories.plain, repositories.gated):
        hub.add(make())
    hub.faults.add("/api/datasets", Hang(seconds=60), times=1)
    page = open_page(hub_app.url)
    field = page.get_by_role("textbox", name="Repository id")
    field.press_sequentially("acm")
    wait_for(page, lambda: hub.log.count("/api/datasets") == 1, "the first search")
    field.press_sequentially("e/")
    expect(page.get_by_role("button", name="acme/plain")).to_be_visible()
    expect(main(page)).to_contain_text("1,234 downloads")
    assert not hub.log.find("/api/datasets")[0].finished
    page.get_by_role("button", name="acme/two-configs").click()
    expect(main(page)).to_contain_text("The first 10 rows of english/train-00000-of-00003.parquet")
    expect(page.get_by_role("textbox", name="Repository id")).to_have_value("acme/two-configs")
    expect(page.get_by_role("button", name="acme/plain")).to_have_count(0)
    assert len([asked for asked in hub.log.find("/api/datasets") if asked.path == "/api/datasets"]) == 2

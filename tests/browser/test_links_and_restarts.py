"""What may happen to a server: a deep link as its first request, and a restart under an open page."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from mistudio_core.library import Library
from tests.browser.acts import idle, main, progress_texts, wait_for
from tests.browser.app_server import AppServer
from tests.browser.conftest import OpenPage
from tests.support.staged import StagedLibrary, stories

NAVIGATION = ["Datasets", "Jobs", "Settings"]
RESTART_SAMPLES = 15_000  # with the reference engine, longer than a server takes to stop and to start
SETTLED_MS = 1_500


def navigation(page: Page) -> list[str]:
    return [link.inner_text().strip() for link in page.get_by_test_id("stSidebarNavLinkContainer").all()]


@pytest.mark.parametrize(
    ("path", "text"),
    [("dataset?id={id}&tab=Samples&page=2", "Samples 51 to 60 of 60"), ("jobs", "No jobs yet"),
     ("settings", "Storage"), ("", "Your datasets (1)")],
)  # fmt: skip
def test_a_deep_link_may_be_the_first_request_of_a_server(
    tmp_path: Path, server: AppServer, open_page: OpenPage, path: str, text: str
) -> None:
    library = StagedLibrary(server.home)
    dataset_id = library.ready("stories", {"train": stories(60)})
    library.open()
    page = open_page(f"{server.url}/{path.format(id=dataset_id)}")
    expect(main(page)).to_contain_text(text)
    names = " ".join(navigation(page))
    for name in NAVIGATION:
        assert name in names
    assert "app" not in names
    assert page.title()
    page.get_by_test_id("stSidebarNav").get_by_role("link", name="Settings").click()
    expect(main(page)).to_contain_text("Limits")


def test_tabs_and_pages_stand_in_the_address_and_the_browser_goes_back(server: AppServer, open_page: OpenPage) -> None:
    library = StagedLibrary(server.home)
    dataset_id = library.ready("stories", {"train": stories(120), "test": stories(5)})
    library.open()
    page = open_page(f"{server.url}/dataset?id={dataset_id}")
    page.get_by_role("tab", name="Samples").click()
    expect(main(page)).to_contain_text("Samples 1 to 50 of 125")
    page.get_by_role("button", name="Page 3").first.click()
    expect(main(page)).to_contain_text("Samples 101 to 125 of 125")
    assert "tab=Samples" in page.url
    assert "page=3" in page.url
    page.reload()
    expect(main(page)).to_contain_text("Samples 101 to 125 of 125")
    page.get_by_role("tab", name="Statistics").click()
    expect(main(page)).to_contain_text("No statistics yet.")
    # Sooner than this, what the browser asks for is taken to be older than the press, and nobody is as fast.
    page.wait_for_timeout(SETTLED_MS)
    page.go_back()
    expect(main(page)).to_contain_text("Samples 101 to 125 of 125")
    expect(page.get_by_role("tab", name="Samples")).to_have_attribute("aria-selected", "true")


def test_progress_goes_on_in_an_open_page_when_the_server_comes_back(server: AppServer, open_page: OpenPage) -> None:
    library = Library.open(server.home)
    dataset = library.make_example(RESTART_SAMPLES)
    library.wait(dataset.id)
    tokenization = library.tokenize(dataset.id, {"tokenizer": "sample", "context_length": 64, "engine": "reference"})
    page = open_page(f"{server.url}/dataset?id={dataset.id}&tab=Tokenizations")
    wait_for(page, lambda: any("Tokenizing" in text for text in progress_texts(page)), "the progress")
    server.stop()
    (job,) = library.jobs(tokenization.id)
    assert job.active, "the worker outlives the server"
    server.start()
    before = job.done

    def moved_on() -> bool:
        return "Ready" in main(page).inner_text().split("New tokenization")[-1]

    wait_for(page, moved_on, "the end in the page that stayed open", 300)
    assert library.job(job.id).status == "succeeded"
    assert library.tokenization(tokenization.id).num_documents > before
    idle(page)


def test_the_name_of_the_first_page_leads_to_it(server: AppServer, open_page: OpenPage) -> None:
    page = open_page(f"{server.url}/datasets?search=tale")
    expect(main(page)).to_contain_text("Your library is empty")
    expect(page.get_by_text("Page not found")).to_have_count(0)
    expect(page).to_have_url(f"{server.url}/?search=tale")

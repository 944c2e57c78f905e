"""Polling: news is on screen soon, and a page on which nothing runs asks for nothing."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from mistudio_core.jobs import protocol
from mistudio_core.jobs.protocol import Progress
from tests.browser.acts import idle, main, progress_texts, wait_for
from tests.browser.app_server import AppServer
from tests.browser.conftest import OpenPage
from tests.support.staged import StagedLibrary, a_dataset, a_tokenization, staged, stories

IDLE_MS = 4_000


@pytest.fixture
def library(server: AppServer) -> Iterator[StagedLibrary]:
    with staged(server.home) as made:
        yield made


def counted_frames(page: Page) -> list[float]:
    """Return a list that grows with each message the page sends to the server from now on."""
    sent: list[float] = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda _: sent.append(time.monotonic())))
    page.reload()
    idle(page)
    return sent


def test_news_is_drawn_without_a_press(server: AppServer, library: StagedLibrary, open_page: OpenPage) -> None:
    job_id = library.running("download", a_dataset("big"), Progress(1, "downloading", 0, 1000, "files"))
    library.open()
    page = open_page(server.url)
    wait_for(page, lambda: bool(progress_texts(page)), "the progress")
    folder = library.home.job(job_id)
    for seq in range(2, 8):
        protocol.write_progress(folder, Progress(seq, "downloading", 100 * seq, 1000, "files"))
        wait_for(page, lambda: f"{100 * seq} of 1,000" in " ".join(progress_texts(page)), f"step {seq}")  # noqa: B023


def test_a_page_polls_while_something_runs_and_not_after(
    server: AppServer, library: StagedLibrary, open_page: OpenPage
) -> None:
    library.ready("finished", {"train": stories(3)})
    job_id = library.running("download", a_dataset("big"), Progress(1, "downloading", 1, 10, "files"))
    library.open()
    page = open_page(server.url)
    sent = counted_frames(page)
    before = len(sent)
    wait_for(page, lambda: len(sent) - before >= 2, "two questions after the running job")

    error = {"code": "disk_full", "message": "The disk is full.", "hint": "Make room."}
    protocol.write_result(library.home.job(job_id), protocol.Result("failed", "2026-01-01T00:00:00.000Z", error=error))
    library.release()
    expect(main(page)).to_contain_text("The disk is full.")
    idle(page)
    before = len(sent)
    page.wait_for_timeout(IDLE_MS)
    assert len(sent) == before, "nothing runs, and still the page asks"


def test_a_question_stays_open_while_a_job_ends(server: AppServer, library: StagedLibrary, open_page: OpenPage) -> None:
    dataset_id = library.ready("keeper", {"train": stories(3)})
    job_id = library.running("tokenize", a_tokenization(dataset_id), Progress(1, "tokenizing", 1, 10, "samples"))
    opened = library.open()
    page = open_page(f"{server.url}/dataset?id={dataset_id}")
    page.get_by_role("button", name="More").first.click()
    page.get_by_role("button", name="Delete…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("keeper")
    error = {"code": "tokenizer_not_found", "message": "Not there.", "hint": ""}
    protocol.write_result(library.home.job(job_id), protocol.Result("failed", "2026-01-01T00:00:00.000Z", error=error))
    library.release()
    wait_for(page, lambda: not progress_texts(page), "the end of the job")
    expect(dialog).to_contain_text("keeper")
    dialog.get_by_role("button", name="Delete").click()
    expect(main(page)).to_contain_text("Your library is empty")
    assert opened.datasets() == []


def test_a_question_can_be_answered_with_the_keyboard(
    server: AppServer, library: StagedLibrary, open_page: OpenPage
) -> None:
    dataset_id = library.ready("keeper", {"train": stories(3)})
    opened = library.open()
    page = open_page(server.url)
    page.get_by_role("button", name="More").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Delete…")).to_be_visible()
    idle(page)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_contain_text("keeper")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    idle(page)
    page.reload()
    idle(page)
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert [dataset.id for dataset in opened.datasets()] == [dataset_id]

"""The newcomer's tour: an empty library, one press, token rows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from playwright.sync_api import Page, expect

from mistudio_core.charts.figure import SO_FAR
from mistudio_core.library import Library
from tests.browser.acts import idle, main, picture, progress_texts, wait_for
from tests.browser.app_server import AppServer
from tests.browser.conftest import OpenPage, served
from tests.browser.halting import halted_worker


def test_from_an_empty_library_to_token_rows(server: AppServer, open_page: OpenPage) -> None:
    page = open_page(server.url)
    expect(main(page)).to_contain_text("Your library is empty")
    picture(page, "empty")
    page.get_by_role("button", name="Create the example dataset").click()
    expect(main(page)).to_contain_text("5,000 samples", timeout=120_000)

    page.get_by_role("link", name="Example stories").click()
    page.get_by_role("tab", name="Samples").click()
    expect(main(page)).to_contain_text("Samples 1 to 50 of 5,000")
    page.get_by_role("tab", name="Tokenizations").click()
    page.get_by_role("button", name="Tokenize", exact=True).click()
    expect(main(page)).to_contain_text("Documents", timeout=120_000)
    expect(page.get_by_test_id("stVegaLiteChart")).to_have_count(1, timeout=120_000)
    picture(page, "tokenized")

    library = Library.open(server.home)
    (tokenization,) = library.tokenizations()
    assert tokenization.status == "ready"
    shard = next(tokenization.path.glob("data-*.arrow"))  # type: ignore[union-attr]
    with pa.memory_map(str(shard)) as file:
        assert len(pa.ipc.open_stream(file).read_next_batch().column("input_ids")[0]) == 128


@pytest.fixture
def slow_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppServer]:
    """Serve an app whose workers have one thread, as those that the test starts."""
    monkeypatch.setenv("MISTUDIO_THREADS", "1")
    yield from served(AppServer(tmp_path / "home", {"MISTUDIO_THREADS": "1"}))


def test_the_chart_moves_while_the_rows_are_made(slow_server: AppServer, open_page: OpenPage) -> None:
    server = slow_server
    library = Library.open(server.home)
    dataset = library.make_example(15_000)
    library.wait(dataset.id)
    made = library.tokenize(dataset.id, {"tokenizer": "sample", "context_length": 128, "engine": "reference"})
    bars: list[str] = []
    with halted_worker(library, made.id) as counted_past:
        counted = counted_past(0)
        page = open_page(f"{server.url}/dataset?id={dataset.id}&tab=Tokenizations")
        for again in (True, False):
            words = f"{counted:,} documents"
            wait_for(page, lambda words=words: words in _live_chart(page), f"a chart of {words}")
            bars.append(" ".join(progress_texts(page)))
            counted = counted_past(counted) if again else counted
    wait_for(page, lambda: not page.get_by_test_id("stProgress").count(), "the end of the tokenization", 400)
    assert len(set(bars)) == 2, bars
    idle(page)
    (tokenization,) = library.tokenizations()
    assert tokenization.status == "ready"
    final = page.get_by_test_id("stVegaLiteChart").first.get_attribute("aria-label")
    assert f"{tokenization.num_documents:,} documents" in str(final)


def _live_chart(page: Page) -> str:
    charts = page.get_by_test_id("stVegaLiteChart")
    if not charts.count() or not page.get_by_test_id("stProgress").count():
        return ""
    return str(charts.first.get_attribute("aria-label")).partition(f"{SO_FAR}: ")[2]

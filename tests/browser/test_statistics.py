"""Statistics in a browser: a bar leads to its samples, charts are saved, and charts move while rows are made."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from mistudio_core.library import Library
from tests.browser.acts import idle, main, picture, wait_for
from tests.browser.app_server import AppServer
from tests.browser.conftest import OpenPage, served
from tests.browser.halting import halted_worker

LIVE_SAMPLES = 20_000  # enough for several seconds with one thread


@pytest.fixture
def slow_server(tmp_path: Path) -> Iterator[AppServer]:
    """Serve an app whose workers have one thread."""
    yield from served(AppServer(tmp_path / "home", {"MISTUDIO_THREADS": "1"}))


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppServer]:
    """Serve a library with the example dataset and a tokenization of it."""
    app = AppServer(tmp_path_factory.mktemp("statistics") / "home")
    library = Library.open(app.home)
    dataset = library.make_example(300)
    library.wait(dataset.id)
    library.wait(library.tokenize(dataset.id, {"tokenizer": "sample", "context_length": 128}).id)
    yield from served(app)


def chart(page: Page, title: str) -> Locator:
    """Return the chart whose words begin with its kind and title."""
    return page.locator(f"[data-testid=stVegaLiteChart][aria-label*='{title}']")


def test_a_bar_opens_the_samples_that_it_counts(app: AppServer, open_page: OpenPage) -> None:
    library = Library.open(app.home)
    (dataset,), (tokenization,) = library.datasets(), library.tokenizations()
    result = library.statistics(tokenization.id)
    assert result is not None
    page = open_page(f"{app.url}/dataset?id={dataset.id}&tab=Statistics&stats_of={tokenization.id}")
    lengths = chart(page, "Document lengths")
    lengths.wait_for()
    idle(page)
    picture(page, "statistics-of-tokens-clickable")
    contents = page.get_by_role("navigation", name="Contents")
    contents.get_by_role("button", name="Positions").click()
    expect(chart(page, "Share of each position")).to_be_in_viewport()
    expect(contents.get_by_role("button", name="Positions")).to_have_attribute("aria-current", "true")
    contents.get_by_role("button", name="Charts").click()
    expect(lengths).to_be_in_viewport()
    idle(page)
    bars = lengths.locator("path[aria-roledescription=bar]")
    fullest = max(range(bars.count()), key=lambda place: bars.nth(place).bounding_box()["height"])  # type: ignore[index]
    bars.nth(fullest).click()
    page.get_by_role("tab", name="Samples", selected=True).wait_for()
    largest = max(result["document_tokens"]["log"], key=lambda row: row["count"])
    expect(main(page)).to_contain_text(f"of {largest['count']:,}")
    assert f"min_tokens={largest['first']}" in page.url
    assert f"max_tokens={largest['last']}" in page.url
    assert f"tok={tokenization.id}" in page.url
    picture(page, "samples-of-a-bar")
    page.get_by_role("tab", name="Statistics").click()
    chart(page, "Document lengths").wait_for()


def click_widest(page: Page, figure: Locator) -> None:
    """Click the widest bar of a figure whose bars lie."""
    bars = figure.locator("path[aria-roledescription=bar]")
    boxes = [bars.nth(place).bounding_box() for place in range(bars.count())]
    bars.nth(max(range(len(boxes)), key=lambda place: (boxes[place] or {"width": 0})["width"])).click()


def test_bars_of_words_scripts_and_tokens_open_what_they_count(app: AppServer, open_page: OpenPage) -> None:
    library = Library.open(app.home)
    (dataset,), (tokenization,) = library.datasets(), library.tokenizations()
    text = next(item for item in (library.statistics(dataset.id) or {})["columns"] if item["name"] == "text")
    address = f"{app.url}/dataset?id={dataset.id}&tab=Statistics"
    page = open_page(address)
    page.get_by_test_id("stRadio").get_by_text("Words", exact=True).click()
    words = chart(page, "length (words)").or_(chart(page, " words, median")).first
    words.wait_for()
    idle(page)
    bars = words.locator("path[aria-roledescription=bar]")
    fullest = max(range(bars.count()), key=lambda place: bars.nth(place).bounding_box()["height"])  # type: ignore[index]
    bars.nth(fullest).click()
    page.get_by_role("tab", name="Samples", selected=True).wait_for()
    largest = max(text["words"]["log"], key=lambda row: row["count"])
    assert f"min_words={largest['first']}" in page.url
    assert f"max_words={largest['last']}" in page.url
    expect(main(page)).to_contain_text(f"of {largest['count']:,}")
    page.goto(address)
    scripts = chart(page, "Letters of text by script")
    scripts.wait_for()
    idle(page)
    click_widest(page, scripts)
    page.get_by_role("tab", name="Samples", selected=True).wait_for()
    assert "where=letters%28text%29%3DLatin" in page.url
    page.goto(f"{address}&stats_of={tokenization.id}")
    top = chart(page, "Most frequent tokens")
    top.wait_for()
    idle(page)
    click_widest(page, top)
    page.get_by_role("heading", name="Sequences").wait_for()
    (first, *_) = (library.statistics(tokenization.id) or {})["top_tokens"]
    expect(main(page)).to_contain_text(f"of {first['count']:,}")
    assert f"ids={first['id']}" in page.url


def test_a_chart_is_saved_in_every_format(app: AppServer, open_page: OpenPage) -> None:
    (dataset,) = Library.open(app.home).datasets()
    page = open_page(f"{app.url}/dataset?id={dataset.id}&tab=Statistics")
    chart(page, "Lengths of text").wait_for()
    idle(page)
    page.get_by_role("button", name="Save").first.click()
    for label, start in {"PNG": b"\x89PNG", "SVG": b"<svg", "CSV": b'"', "JSON": b"["}.items():
        with page.expect_download() as waiting:
            page.get_by_test_id("stPopoverBody").get_by_role("button", name=label).click()
        assert Path(waiting.value.path()).read_bytes().startswith(start)
        assert waiting.value.suggested_filename == f"characters-histogram.{label.lower()}"


def test_the_charts_move_while_rows_are_made_and_stay_in_their_place(
    slow_server: AppServer, open_page: OpenPage
) -> None:
    library = Library.open(slow_server.home)
    dataset = library.make_example(LIVE_SAMPLES)
    library.wait(dataset.id)
    tokenization = library.tokenize(dataset.id, {"tokenizer": "sample", "context_length": 128, "engine": "reference"})
    seen: list[str] = []
    places: list[tuple[float, float]] = []
    with halted_worker(library, tokenization.id) as counted_past:
        counted = counted_past(0)
        page = open_page(f"{slow_server.url}/dataset?id={dataset.id}&tab=Statistics&stats_of={tokenization.id}")
        for again in (True, False):
            lengths = chart(page, f"counted so far: {counted:,} documents")
            lengths.wait_for()
            idle(page)
            box = lengths.bounding_box()
            assert box is not None
            places.append((box["y"], box["height"]))
            seen.append(str(lengths.get_attribute("aria-label")))
            counted = counted_past(counted) if again else counted
    wait_for(
        page, lambda: "so far" not in str(chart(page, "Document lengths").first.get_attribute("aria-label")), "the end"
    )
    assert len(set(seen)) == 2
    idle(page)
    final = chart(page, "Document lengths").first
    done = library.tokenization(tokenization.id)
    assert f"{done.num_documents:,} documents" in str(final.get_attribute("aria-label"))
    box = final.bounding_box()
    assert box is not None
    assert len(set(places)) == 1, f"the chart stood in these places while it moved: {set(places)}"
    assert (box["y"], box["height"]) == places[-1], "the chart stands in another place at the end"

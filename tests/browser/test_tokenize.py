"""The tokenization form in a browser: load a tokenizer, preview, estimate, start, take the rows."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pytest
from playwright.sync_api import Page, expect

from mistudio_core.library import Library
from tests.browser.acts import idle, main, picture
from tests.browser.app_server import AppServer
from tests.browser.conftest import OpenPage

SOON_MS = 120_000  # a worker starts, or a tokenizer is read for the first time
HOSTILE = "<i>Once</i> [upon](x) a $time$ 🙂"


@pytest.fixture
def form_url(server: AppServer, tmp_path: Path) -> str:
    """Return the address of the form of a dataset in a library that holds no tokenizer yet."""
    lines = [json.dumps({"text": f"Once there were {number} robots. They met in a garden."}) for number in range(4000)]
    (tmp_path / "robots.jsonl").write_text("\n".join(lines))
    library = Library.open(server.home)
    dataset = library.import_files([tmp_path / "robots.jsonl"])
    library.wait(dataset.id)
    return f"{server.url}/dataset?id={dataset.id}&tab=Tokenizations"


def press(page: Page, name: str) -> None:
    main(page).get_by_role("button", name=name, exact=True).click()


def switch(page: Page, name: str) -> None:
    """Press a toggle, whose box is hidden behind its drawing, when the page is at rest."""
    idle(page)
    main(page).get_by_test_id("stCheckbox").filter(has_text=name).locator("label").first.click()
    expect(main(page).get_by_role("switch", name=name)).to_be_checked()


def test_load_preview_estimate_start_and_use(server: AppServer, form_url: str, open_page: OpenPage) -> None:
    page = open_page(form_url, height=1800)
    chooser = page.get_by_role("combobox", name="Tokenizer")
    chooser.click()
    chooser.fill("sample")
    page.get_by_role("option", name="sample", exact=True).click()
    expect(chooser).to_have_value("sample")
    idle(page)
    expect(main(page)).to_contain_text("Press Load")
    press(page, "Load")
    expect(main(page)).to_contain_text("4,096 ids including added tokens", timeout=SOON_MS)

    page.get_by_role("tab", name="Overview").click()
    page.get_by_role("tab", name="Tokenizations").click()
    expect(page.get_by_role("spinbutton", name="Context length")).to_have_value("1024")
    expect(chooser).to_have_value("sample")
    idle(page)

    switch(page, "Preview")
    main(page).get_by_text("My own text").click()
    expect(main(page)).to_contain_text("parts of characters", timeout=SOON_MS)
    text = page.get_by_role("textbox", name="Text", exact=True)
    text.fill(HOSTILE)
    text.blur()
    expect(main(page)).to_contain_text(f"of {len(HOSTILE)} characters", timeout=SOON_MS)
    assert "\ufffd" not in main(page).inner_text()
    assert page.locator("[data-testid=stMain] i, [data-testid=stMain] .katex").count() == 0, "text became markup"
    switch(page, "Positions")
    expect(main(page).get_by_test_id("stDataFrame")).to_have_count(1)

    press(page, "Estimate")
    expect(main(page)).to_contain_text("Estimated from part", timeout=SOON_MS)
    expect(main(page).get_by_test_id("stDataFrame")).to_have_count(2)
    idle(page)
    picture(page, "tokenize-form")

    press(page, "Tokenize")
    expect(main(page)).to_contain_text("gave the same ids", timeout=120_000)
    library = Library.open(server.home)
    (tokenization,) = library.tokenizations()
    assert tokenization.status == "ready"
    with pa.memory_map(str(_shard(tokenization.path))) as file:
        assert len(pa.ipc.open_stream(file).read_next_batch().column("input_ids")[0]) == 1024
    press(page, "Training code")
    expect(main(page)).to_contain_text("LanguageModelSAERunnerConfig")
    press(page, "Export")
    expect(main(page)).to_contain_text("Sequences as Parquet")
    idle(page)
    picture(page, "tokenization-card")


@pytest.mark.parametrize(("scheme", "width"), [("dark", 1280), ("light", 1280), ("dark", 390)])
def test_the_form_fits_its_page(form_url: str, open_page: OpenPage, scheme: str, width: int) -> None:
    page = open_page(form_url, scheme=scheme, width=width, height=1500)
    press(page, "Advanced options")
    expect(main(page)).to_contain_text("Token budget")
    idle(page)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    picture(page, f"tokenize-options-{scheme}-{width}")


def _shard(folder: Path | None) -> Path:
    assert folder is not None
    return next(folder.glob("data-*.arrow"))

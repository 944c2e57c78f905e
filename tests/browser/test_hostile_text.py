"""Text of others is shown as the text it is: in samples, names, columns and messages."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from playwright.sync_api import expect

from mistudio_core.library import Library
from tests.browser.acts import idle, main, picture
from tests.browser.app_server import AppServer
from tests.browser.conftest import OpenPage
from tests.support.staged import StagedLibrary

TEXTS = [
    "<script>window.stolen = 1</script><img src=x onerror='window.stolen=1'>",
    "# not a heading\n**not bold** _not italic_ [no link](http://example.org) ![no](http://example.org/x.png)",
    ":red[not red] :material/home: :+1: $x^2$ $$y$$ -> <- ~~no~~ `code`",
    "line one\n\n    indented four\n\ttab\r\nlast",
    "שלום עולם مرحبا بالعالم",
    "你好，世界 日本語 ไทย 한국어 हिन्दी 👩‍👩‍👧 🇫🇷",
    "nul \x00 bell \x07 escape \x1b[31m no colour",
    "zero\u200bwidth, combining e\u0301, override \u202eabc\u202c",
]
NAME = "**n** <b>x</b> :material/home: [l](http://example.org) :red[c] $a$ -> `k`"


def test_hostile_text_is_shown_as_it_is(server: AppServer, open_page: OpenPage) -> None:
    library = StagedLibrary(server.home)
    table = pa.table({"text": TEXTS, NAME: [f"<i>{number}</i>" for number in range(len(TEXTS))]})
    dataset_id = library.ready(NAME, {"train": table}, source="huggingface", repo_id="a/_b_", config="*c*")
    library.open()
    page = open_page(f"{server.url}/dataset?id={dataset_id}&tab=Samples")
    expect(main(page)).to_contain_text("nul")
    shown = [item.text_content() or "" for item in main(page).locator("article .text").all()]
    for text in TEXTS:
        assert _normal(text) in [_normal(one) for one in shown], text
    assert page.evaluate("window.stolen") is None
    picture(page, "hostile", full_page=True)

    title = page.get_by_role("heading", level=1)
    assert _normal(title.inner_text().replace("\u2060", "")) == NAME
    assert main(page).locator("img").count() == 0
    page.goto(server.url)
    link = page.get_by_test_id("stPageLink-NavLink").filter(has_text="material")
    assert NAME[:50] in link.inner_text().replace("\u2060", "")


def test_hostile_names_and_values_are_inert_in_charts(server: AppServer, open_page: OpenPage, tmp_path: Path) -> None:
    library = Library.open(server.home)
    pq.write_table(pa.table({NAME: [TEXTS[0]] * 30 + ["<i>rare</i>"] * 10}), tmp_path / "a.parquet")
    dataset = library.import_files([tmp_path / "a.parquet"], name=NAME)
    library.wait(dataset.id)
    page = open_page(f"{server.url}/dataset?id={dataset.id}&tab=Statistics")
    values = page.locator("[data-testid=stVegaLiteChart][aria-label*='<i>rare</i>'], [aria-label*='onerror']").first
    values.wait_for()
    idle(page)
    values.locator("path[aria-roledescription=bar]").first.hover(force=True)
    tip = page.locator("#vg-tooltip-element.visible")
    expect(tip).to_contain_text("<script>")
    picture(page, "hostile-chart")
    assert tip.locator("img, script").count() == 0
    assert main(page).locator("img").count() == 0
    assert page.evaluate("window.stolen") is None


def _normal(text: str) -> str:
    # A browser has no place for these two: it drops NUL and writes every line end in one way.
    return text.replace("\x00", "").replace("\ufffd", "").replace("\r\n", "\n").strip()

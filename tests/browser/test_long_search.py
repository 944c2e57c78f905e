"""A search that takes long: its first hits are there at once, its count grows, it can be ended or replaced."""

from __future__ import annotations

import random
import re

import pyarrow as pa
from playwright.sync_api import expect

from tests.browser.acts import main, picture
from tests.browser.app_server import AppServer
from tests.browser.conftest import OpenPage
from tests.support.staged import StagedLibrary

QUICK = 12_000  # DuckDB hands over the hits of fifty row groups at a time
SLOW = "(a|b|c|d)[a-h ]{200,400}(e|f)[a-h ]{100,300}x"


def test_a_long_search_tells_how_far_it_is_and_can_be_ended(server: AppServer, open_page: OpenPage) -> None:
    chance = random.Random(0)
    texts = [
        *(f"needle {n}" for n in range(QUICK)),
        *("".join(chance.choices("abcdefgh ", k=1500)) for _ in range(4000)),
    ]
    library = StagedLibrary(server.home)
    dataset_id = library.ready("slow", {"train": pa.table({"text": texts})})
    library.open()
    page = open_page(f"{server.url}/dataset?id={dataset_id}&tab=Samples&mode=regex&q=needle|{SLOW}")
    expect(main(page).locator("article")).to_have_count(50, timeout=120_000)
    expect(main(page)).to_contain_text(re.compile("Searching: [0-9.,]+( K)? hits so far"))
    expect(main(page)).to_contain_text("of at least")
    picture(page, "samples-searching")
    page.get_by_role("button", name="Stop searching").click()
    expect(main(page)).to_contain_text("Search stopped before all samples were read", timeout=120_000)
    expect(main(page).locator("mark").first).to_have_text("needle")

    box = page.get_by_role("searchbox", name="Search", exact=True)
    box.fill(f"{SLOW}|needle")
    box.press("Enter")
    expect(main(page)).to_contain_text("Searching:", timeout=120_000)
    box.fill("need")
    box.press("Enter")
    expect(main(page)).to_contain_text(f"Samples 1 to 50 of {QUICK:,}", timeout=120_000)
    expect(main(page)).not_to_contain_text("Searching:")
    expect(main(page).locator("mark").first).to_have_text("need")

"""Sequences in the browser: pushed to the user's own repository, refused without the right, exported as Parquet."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from playwright.sync_api import Page, expect

from mistudio_core.library import Library
from tests.browser.acts import idle, main, picture, submit
from tests.browser.app_server import AppServer
from tests.browser.conftest import OpenPage, served
from tests.hub.access import OWNER_TOKEN, READ_TOKEN
from tests.hub.server import HubServer

SOON_MS = 120_000


@pytest.fixture
def hub_app(tmp_path: Path, hub: HubServer) -> Iterator[AppServer]:
    """Serve the app with the test Hub in place of the real one."""
    yield from served(AppServer(tmp_path / "home", hub.variables(tmp_path / "hf")))


@pytest.fixture
def rows_page(hub_app: AppServer, open_page: OpenPage) -> Page:
    """Open the tokenizations of a dataset that has one, with its exports unfolded."""
    library = Library.open(hub_app.home)
    dataset = library.make_example(200)
    library.wait(dataset.id)
    library.wait(library.tokenize(dataset.id, {"tokenizer": "sample", "context_length": 64}).id)
    page = open_page(f"{hub_app.url}/dataset?id={dataset.id}&tab=Tokenizations", height=1800)
    main(page).get_by_role("button", name="Export", exact=True).click()
    expect(main(page)).to_contain_text("Push to the Hugging Face Hub")
    return page


def _push(page: Page, repo: str, token: str) -> None:
    idle(page)
    page.get_by_role("textbox", name="Your repository").fill(repo)
    page.get_by_role("textbox", name="Access token with write permission").fill(token)
    submit(page, "Push")


def test_a_push_arrives_after_one_that_was_refused(rows_page: Page, hub: HubServer, hub_app: AppServer) -> None:
    _push(rows_page, "researcher/rows", READ_TOKEN)
    expect(main(rows_page).get_by_test_id("stAlert")).to_contain_text("token", timeout=SOON_MS)
    expect(rows_page.get_by_role("textbox", name="Your repository")).to_have_value("researcher/rows")
    assert hub.site.find("dataset", "researcher/rows") is None

    _push(rows_page, "researcher/rows", OWNER_TOKEN)
    expect(main(rows_page)).to_contain_text("Pushed", timeout=SOON_MS)
    idle(rows_page)
    expect(main(rows_page).get_by_test_id("stAlert")).to_have_count(0)
    picture(rows_page, "pushed")
    repo = hub.site.find("dataset", "researcher/rows")
    assert repo is not None
    assert repo.private
    assert "load_dataset('researcher/rows'" in repo.files["README.md"].content.decode()
    kept = [path for path in hub_app.home.rglob("*") if path.is_file()]
    assert not [path for path in kept if OWNER_TOKEN.encode() in path.read_bytes()]
    assert OWNER_TOKEN not in hub_app.log.read_text("utf-8") + rows_page.locator("body").inner_text()


def test_an_export_is_made_and_named(rows_page: Page, hub_app: AppServer) -> None:
    main(rows_page).get_by_role("button", name="Sequences as Parquet", exact=True).click()
    expect(main(rows_page).get_by_test_id("stCode").last).to_contain_text("exports", timeout=SOON_MS)
    library = Library.open(hub_app.home)
    (tokenization,) = library.tokenizations()
    (export,) = library.exports(tokenization.id)
    files = sorted(Path(export["path"]).rglob("*.parquet"))
    assert sum(pq.read_metadata(file).num_rows for file in files) == tokenization.num_sequences

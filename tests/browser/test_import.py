"""Files from the visitor's computer."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

from playwright.sync_api import Page, expect

from mistudio_core.library import Library
from tests.browser.acts import main
from tests.browser.app_server import AppServer
from tests.browser.conftest import OpenPage


def choose(page: Page, *files: Path) -> None:
    page.get_by_role("tab", name="Import files").click()
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files([str(file) for file in files])
    expect(page.get_by_role("button", name=f"Remove {files[0].name}")).to_be_visible()


def test_an_uploaded_file_becomes_a_dataset(server: AppServer, open_page: OpenPage, tmp_path: Path) -> None:
    lines = "\n".join(json.dumps({"text": f"line {number} ünïcode", "n": number}) for number in range(321))
    file = tmp_path / "my lines.jsonl.gz"
    file.write_bytes(gzip.compress(lines.encode()))
    page = open_page(server.url)
    choose(page, file)
    page.get_by_role("button", name="Import", exact=True).click()
    expect(main(page)).to_contain_text("321 samples", timeout=120_000)
    expect(main(page)).to_contain_text("Ready", timeout=120_000)
    (dataset,) = Library.open(server.home).datasets()
    assert dataset.source == "local"
    assert dataset.columns == {"text": "string", "n": "int64"}
    expect(page.get_by_role("button", name="Remove")).to_have_count(0)


def test_a_damaged_file_is_told_and_leaves_the_library_in_order(
    server: AppServer, open_page: OpenPage, tmp_path: Path
) -> None:
    file = tmp_path / "broken.parquet"
    file.write_bytes(b"PAR1 this is no table PAR1")
    page = open_page(server.url)
    choose(page, file)
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_test_id("stAlert").first).to_contain_text("broken", timeout=120_000)

"""The indexes behind the samples, as the page meets them: lost, built again, kept open, closed before they go."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from mistudio_core.file_names import SAMPLE_INDEX
from mistudio_core.store.samples import index as sample_index
from mistudio_core.ui.app import search_resources
from mistudio_core.ui.samples import address as sample_address
from tests.support.app_driver import ask_to_delete, assert_no_exception, cards, open_app, press, words
from tests.support.staged import StagedLibrary, staged, stories


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StagedLibrary]:
    monkeypatch.setenv("MISTUDIO_HOME", str(tmp_path / "home"))
    with staged(tmp_path / "home") as made:
        yield made


def open_longest(dataset_id: str) -> AppTest:
    return open_app("dataset", id=dataset_id, tab="Samples", by="chars", descending="1")


def open_files(folder: Path) -> list[str]:
    found = []
    for descriptor in os.listdir("/proc/self/fd"):
        try:
            target = str(Path(f"/proc/self/fd/{descriptor}").readlink())
        except OSError:  # the one of this very listing
            continue
        if target.startswith(str(folder)) and SAMPLE_INDEX in target:
            found.append(target)
    return found


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="open files are listed under /proc")
def test_an_index_stays_open_between_runs_and_is_closed_before_its_dataset_goes(library: StagedLibrary) -> None:
    dataset_id = library.ready("stories", {"train": stories(120)})
    folder = library.open().home.dataset(dataset_id)
    app = open_longest(dataset_id)
    app.run()
    app.run()
    assert len(open_files(folder)) == 1
    ask_to_delete(app, dataset_id)
    press(app, "delete_yes")
    assert not folder.exists()
    library.home.sweep_trash(everything=True)
    assert open_files(library.home.root) == []


def test_a_lost_index_of_a_large_dataset_is_told_and_built_by_a_job(
    library: StagedLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sample_index, "REPAIR_BYTES", 0)
    dataset_id = library.ready("stories", {"train": stories(120)})
    opened = library.open()
    app = open_longest(dataset_id)
    assert "index is missing" in words(app)
    assert app.get_by_key(sample_address.key("sort")).value == "chars", "what was asked for stays"
    press(app, "samples_build_index")
    opened.wait(opened.jobs(dataset_id)[0].id)
    app = open_longest(dataset_id)
    assert cards(app)[0]["name"] == "train:100"


def test_an_index_that_is_built_again_is_opened_again(library: StagedLibrary) -> None:
    dataset_id = library.ready("stories", {"train": stories(120)})
    folder = library.open().home.dataset(dataset_id)
    app = open_longest(dataset_id)
    (folder / SAMPLE_INDEX).unlink()
    app.run()
    assert_no_exception(app)
    assert len(cards(app)) == 50
    assert (folder / SAMPLE_INDEX).exists()
    search_resources.release(dataset_id)
    app.run()
    assert len(cards(app)) == 50

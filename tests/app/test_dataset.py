"""The page of one dataset without a browser: tabs, pages of samples, the tokenization form, hostile text."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from streamlit.testing.v1 import AppTest

from mistudio_core.checksums import write_sealed
from mistudio_core.files import read_json
from mistudio_core.jobs.protocol import Progress
from mistudio_core.ui.app import keys
from tests.support.app_driver import ask_to_delete, assert_no_exception, open_app, press, submit, words
from tests.support.staged import StagedLibrary, a_dataset, a_tokenization, staged, stories


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StagedLibrary]:
    monkeypatch.setenv("MISTUDIO_HOME", str(tmp_path / "home"))
    with staged(tmp_path / "home") as made:
        yield made


def open_dataset(dataset_id: str, **query: str) -> AppTest:
    return open_app("dataset", id=dataset_id, **query)


def test_without_an_id_the_page_says_what_to_do(library: StagedLibrary) -> None:
    assert "Select a dataset" in open_app("dataset").info[0].value


@pytest.mark.parametrize("dataset_id", ["ds_abcdefghijkm", "../../etc", "ds_", "tok_abcdefghijkm"])
def test_an_unknown_id_is_told_and_not_a_crash(library: StagedLibrary, dataset_id: str) -> None:
    library.ready("stories", {"train": stories(3)})
    library.open()
    app = open_dataset(dataset_id)
    assert app.title[0].value == "This dataset is not here"
    assert "See the list of all datasets." in app.info[0].value
    assert "make_sample" not in {button.key for button in app.button}


@pytest.mark.parametrize("shared", ["0", "1"])
def test_a_link_into_a_library_that_was_emptied_offers_the_example(
    library: StagedLibrary, monkeypatch: pytest.MonkeyPatch, shared: str
) -> None:
    monkeypatch.setenv("MISTUDIO_SHARED", shared)
    opened = library.open()
    app = open_dataset("ds_abcdefghijkm")
    assert not app.error
    assert ("disk of this demo was emptied" in words(app)) == (shared == "1")
    press(app, "make_sample")
    (made,) = opened.datasets()
    assert app.query_params[keys.DATASET_ID] == made.id
    assert app.title[0].value == made.name
    opened.cancel(opened.jobs(active=True)[0].id)


def test_only_the_open_tab_is_made(library: StagedLibrary) -> None:
    dataset_id = library.ready("stories", {"train": stories(3)})
    library.open()
    app = open_dataset(dataset_id)
    assert "Browse all 3" in [link.proto.label for link in app.get("page_link")]
    assert not app.text_input(key=keys.of(dataset_id, "name")).disabled
    app = open_dataset(dataset_id, tab="Samples")
    assert "Story number 0." in words(app)
    assert "First samples" not in words(app)
    app = open_dataset(dataset_id, tab="Tokenizations")
    assert app.selectbox(key=keys.of(dataset_id, "tokenizer"))
    app = open_dataset(dataset_id, tab="Statistics")
    assert app.selectbox[0].label == "Statistics of"


def test_a_dataset_without_text_can_be_looked_at_but_not_tokenized(library: StagedLibrary) -> None:
    dataset_id = library.ready("numbers", {"train": pa.table({"n": [1, 2]})})
    library.open()
    assert "no text column to tokenize" in open_dataset(dataset_id, tab="Tokenizations").info[0].value
    assert_no_exception(open_dataset(dataset_id, tab="Samples"))


def test_a_refused_tokenization_keeps_what_was_typed(library: StagedLibrary, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MISTUDIO_MAX_WAITING_JOBS", "0")
    dataset_id = library.ready("stories", {"train": stories(3), "test": stories(2)})
    opened = library.open()
    app = open_dataset(dataset_id, tab="Tokenizations")
    app.selectbox(key=keys.of(dataset_id, "tokenizer")).select("google/gemma-2-2b")
    app.number_input(key=keys.of(dataset_id, "context_length")).set_value(77)
    app.multiselect(key=keys.of(dataset_id, "splits")).set_value(["test"])
    press(app, keys.of(dataset_id, "start"))
    assert "queued" in app.error[0].value
    assert app.selectbox(key=keys.of(dataset_id, "tokenizer")).value == "google/gemma-2-2b"
    assert app.number_input(key=keys.of(dataset_id, "context_length")).value == 77
    assert app.multiselect(key=keys.of(dataset_id, "splits")).value == ["test"]
    assert opened.tokenizations() == []


def test_each_state_of_a_tokenization_has_its_card(library: StagedLibrary) -> None:
    dataset_id = library.ready("stories", {"train": stories(3)})
    waits, runs, broken = (a_tokenization(dataset_id, name) for name in ("waits", "runs", "broken"))
    library.running("tokenize", waits, None)
    library.running("tokenize", runs, Progress(2, "tokenizing", 30, 120, "samples", rate=10.0, eta_s=9.0))
    library.ended("tokenize", broken, {"code": "tokenizer_not_found", "message": "Not there.", "hint": ""})
    library.open()
    shown = words(open_dataset(dataset_id, tab="Tokenizations"))
    for text in ("Queued", "Processing", "Error", "**Tokenizing** 25.0 %", "10 samples/s", "Not there"):
        assert text in shown, text
    assert "**Tokenizing** 25.0 %" in words(open_dataset(dataset_id)), "every tab tells what runs"


def test_an_unfinished_dataset_shows_its_progress_or_its_failure(library: StagedLibrary) -> None:
    on_its_way, broken = a_dataset("on its way"), a_dataset("broken")
    library.running("download", on_its_way, Progress(1, "downloading", 1, 2, "bytes"))
    error = {"code": "hub_unreachable", "message": "The Hub did not answer.", "hint": "Try later."}
    library.ended("download", broken, error, log="line of the log")
    library.open()
    assert "**Downloading** 50.0 %" in words(open_dataset(on_its_way.id))
    app = open_dataset(broken.id)
    assert "The Hub did not answer" in words(app)
    assert "line of the log" in words(app)
    assert app.button(key=keys.of(broken.id, "retry")).label == "Resume"


def test_name_and_notes_are_saved(library: StagedLibrary) -> None:
    dataset_id = library.ready("stories", {"train": stories(3)})
    opened = library.open()
    app = open_dataset(dataset_id)
    app.text_input(key=keys.of(dataset_id, "name")).set_value("better name")
    app.text_area(key=keys.of(dataset_id, "notes")).set_value("two\nlines")
    submit(app, "Save")
    assert opened.dataset(dataset_id).name == "better name"
    assert opened.dataset(dataset_id).notes == "two\nlines"


def test_deleting_an_open_dataset_leads_back_to_the_list(library: StagedLibrary) -> None:
    dataset_id = library.ready("stories", {"train": stories(3)})
    opened = library.open()
    app = open_dataset(dataset_id)
    ask_to_delete(app, dataset_id)
    press(app, "delete_yes")
    assert opened.datasets() == []
    assert "It was deleted" in words(app)


def test_the_overview_tells_of_replaced_text(library: StagedLibrary) -> None:
    dataset_id = library.ready("stories", {"train": stories(3)})
    library.open()
    assert "replaced with U+FFFD" not in words(open_dataset(dataset_id))
    manifest = library.home.dataset(dataset_id) / "dataset.json"
    write_sealed(manifest, (read_json(manifest) or {}) | {"replaced": {"text": 2, "body": 1}})
    shown = words(open_dataset(dataset_id))
    assert "2 samples have invalid UTF-8 in text, replaced with U+FFFD." in shown
    assert "1 sample has invalid UTF-8 in body" in shown

"""The Datasets page without a browser: the invitation, the cards, the forms, the list."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mistudio_core.jobs.protocol import Progress
from mistudio_core.ui.app import keys
from tests.support.app_driver import ask_to_delete, assert_no_exception, open_app, press, words
from tests.support.staged import StagedLibrary, a_dataset, a_tokenization, staged, stories


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StagedLibrary]:
    monkeypatch.setenv("MISTUDIO_HOME", str(tmp_path / "home"))
    with staged(tmp_path / "home") as made:
        yield made


def error(code: str, message: str, hint: str = "") -> dict[str, str]:
    return {"code": code, "message": message, "hint": hint}


def test_an_empty_library_invites(library: StagedLibrary) -> None:
    app = open_app()
    assert "Your library is empty" in words(app)
    assert app.button(key="make_sample").label == "Create the example dataset"
    assert not app.header


def test_each_status_has_its_card(library: StagedLibrary) -> None:
    library.ready("finished", {"train": stories(12), "test": stories(3)})
    library.running(
        "download",
        a_dataset("on_its_way"),
        Progress(seq=3, phase="downloading", done=1 << 20, total=4 << 20, unit="bytes", rate=524_288.0, eta_s=6.0),
    )
    library.running(
        "import", a_dataset("in_work", source="local", repo_id=None), Progress(1, "reading", 5, None, "samples")
    )
    library.running("download", a_dataset("waits"), None)
    library.ended("download", a_dataset("broken"), error("hub_unreachable", "The Hub did not answer.", "Try later."))
    library.ended("download", a_dataset("stopped"), error("cancelled", "The job was cancelled.", "Resume it."))
    library.open()

    app = open_app()
    shown = words(app)
    for name in ("finished", r"on\_its\_way", r"in\_work", "waits", "broken", "stopped"):
        assert name in shown
    for badge in ("Ready", "Downloading", "Processing", "Error", "Cancelled"):
        assert badge in shown, badge
    assert "**Downloading** 25.0 %" in shown
    assert "512 KB/s" in shown
    assert "about 6 s left" in shown
    assert "Queued" in shown
    assert "The Hub did not answer." in shown.replace("\\", "")
    assert "**15 samples**" in shown
    labels = [button.label for button in app.button]
    assert labels.count("Cancel") == 3
    assert labels.count("Resume") == 2
    assert labels.count("More") == 3
    assert len(app.error) == 1, "what was cancelled is no fault"
    assert "The job was cancelled." in app.info[-1].value.replace("\\", "")


def test_hostile_names_are_shown_as_they_are(library: StagedLibrary) -> None:
    library.ready("<img src=x> **bold** [a](http://b) :material/home:", {"train": stories(1)})
    library.open()
    link = open_app().get("page_link")[0].value
    assert "**bold**" not in link
    assert "](http" not in link
    assert ":material/home:" not in link


def test_resuming_what_used_a_token_asks_for_it(library: StagedLibrary) -> None:
    broken = a_dataset("secret", access="gated")
    library.ended("download", broken, error("worker_died", "The worker was ended."), used_token=True)
    library.open()
    app = open_app()
    press(app, keys.of(broken.id, "retry"))
    assert "access token" in app.error[-1].value
    assert app.text_input(key=keys.of(broken.id, "retry_token")).proto.type == 1  # masked


def test_the_list_is_searched_filtered_and_sorted(library: StagedLibrary) -> None:
    library.ready("alpha", {"train": stories(1)})
    library.ready("beta", {"train": stories(30)}, source="sample")
    library.ended("download", a_dataset("gamma"), error("disk_full", "Full."))
    library.open()
    app = open_app()

    def listed() -> list[str]:
        steps = {"Browse", "Tokenize", "Use in training"}
        return [name for link in app.get("page_link") if (name := link.value.strip("*")) not in steps]

    assert len(listed()) == 3
    app.selectbox(key=keys.LIST_SORT).select("samples").run()
    assert listed()[0] == "beta"
    app.selectbox(key=keys.LIST_STATUS).select("error").run()
    assert listed() == ["gamma"]
    app.selectbox(key=keys.LIST_STATUS).set_value(None).run()
    app.selectbox(key=keys.LIST_SOURCE).select("sample").run()
    assert listed() == ["beta"]
    app.text_input(key=keys.LIST_SEARCH).set_value("nothing like it").run()
    assert listed() == []
    assert "No datasets match" in app.info[0].value
    assert_no_exception(app)


def test_a_long_list_is_a_table_with_the_same_filters_and_order(library: StagedLibrary) -> None:
    ids = {library.ready(f"number {number:02}", {"train": stories(number + 1)}) for number in range(22)}
    library.ended("download", a_dataset("broken"), error("disk_full", "Full."))
    library.open()
    app = open_app()
    app.selectbox(key=keys.LIST_SORT).select("samples").run()
    (shown,) = (frame.value for frame in app.dataframe)
    assert shown["Name"].tolist() == [f"number {number:02}" for number in reversed(range(22))] + ["broken"]
    assert shown["Next step"].tolist() == ["Tokenize"] * 22 + ["Open"]
    assert shown["Samples"].tolist()[:2] == [22, 21]
    assert not app.get("page_link")
    table = app.dataframe[0].key
    app.session_state[table] = {"selection": {"rows": [22], "columns": [], "cells": []}}
    app.run()
    assert "Full" in app.error[0].value
    app.session_state[table] = {"selection": {"rows": [0], "columns": [], "cells": []}}
    app.run()
    assert app.get("page_link")[0].value.strip("*") == "number 21"
    assert any(f"{dataset_id}:more" in {button.key for button in app.button} for dataset_id in ids)
    app.text_input(key=keys.LIST_SEARCH).set_value("number 0").run()
    assert not app.dataframe
    assert len(app.get("page_link")) == 20, "each of ten has a link to itself and to its next step"


def test_files_are_imported_by_path_and_never_in_a_shared_library(
    library: StagedLibrary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("one", "two"):
        (tmp_path / f"{name}.txt").write_text(f"A line of {name}.\n")
    app = open_app()
    app.text_area(key=keys.IMPORT_PATHS).set_value(f"{tmp_path}/*.txt").run()
    (look,) = library.open().jobs()
    assert look.kind == "look"
    app.text_input(key=keys.IMPORT_NAME).set_value("both").run()
    press(app, "import")
    (dataset,) = library.open().datasets()
    assert library.open().wait(dataset.id, timeout=120).status == "succeeded"
    assert (dataset.name, library.open().dataset(dataset.id).num_samples) == ("both", 2)
    app.run()
    assert app.text_area(key=keys.IMPORT_PATHS).value == ""
    app.text_area(key=keys.IMPORT_PATHS).set_value(str(tmp_path / "no*such.txt")).run()
    assert "no\\*such" in app.error[0].value
    monkeypatch.setenv("MISTUDIO_SHARED", "1")
    assert keys.IMPORT_PATHS not in {field.key for field in open_app().text_area}


def test_a_refused_download_keeps_what_was_typed(library: StagedLibrary) -> None:
    app = open_app()
    press(app, "inspect")
    assert "No repository id given." in words(app).replace("\\", "")
    app.text_input(key=keys.REPO).set_value("not a repository!")
    app.text_input(key=keys.ACCESS).set_value("hf_secret")
    app.text_input(key=keys.REVISION).set_value("v1.0")
    app.number_input(key=keys.MAX_SAMPLES).set_value(7)
    press(app, "download")
    assert len(app.error) == 1
    assert app.text_input(key=keys.REPO).value == "not a repository!"
    assert app.text_input(key=keys.ACCESS).value == "hf_secret"
    assert app.text_input(key=keys.REVISION).value == "v1.0"
    assert app.number_input(key=keys.MAX_SAMPLES).value == 7
    assert "hf_secret" not in words(app)
    press(app, "inspect")
    assert len(app.error) == 1, "the old error made room for the new one"
    assert not library.open().datasets()


def test_an_import_without_a_file_says_so(library: StagedLibrary) -> None:
    app = open_app()
    app.text_input(key=keys.IMPORT_NAME).set_value("my name")
    press(app, "import")
    assert "No file selected" in app.error[0].value
    assert app.text_input(key=keys.IMPORT_NAME).value == "my name"


def test_an_upload_past_the_limit_is_refused_in_the_core_too(
    library: StagedLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MISTUDIO_MAX_UPLOAD_MB", "1")
    app = open_app()
    app.file_uploader[0].upload("big.txt", b"x" * ((1 << 20) + 1))
    press(app, "import")
    assert "exceeds the upload limit of 1 MB" in app.error[0].value
    assert not list(library.home.uploads.iterdir())


def test_deleting_asks_first(library: StagedLibrary) -> None:
    dataset_id = library.ready("goner", {"train": stories(2)})
    opened = library.open()
    app = open_app()
    ask_to_delete(app, dataset_id)
    assert "will be deleted from this library" in words(app)
    press(app, "delete_no")
    assert [dataset.id for dataset in opened.datasets()] == [dataset_id]
    ask_to_delete(app, dataset_id)
    assert "The files it was imported from are not touched." in words(app)
    press(app, "delete_yes")
    assert opened.datasets() == []
    assert "Your library is empty" in words(app)
    press(app, "undo")
    assert [dataset.id for dataset in opened.datasets()] == [dataset_id]
    assert "undo" not in {button.key for button in app.button}
    ask_to_delete(app, dataset_id)
    press(app, "delete_yes")
    assert "It can be put back for 1 min, then its disk is freed." in words(app)
    app.session_state[keys.UNDO_UNTIL] = 0.0
    app.run()
    assert "It can be put back" not in words(app)


def test_the_question_tells_the_tokenizations_that_go_apart(library: StagedLibrary) -> None:
    dataset_id = library.ready("goner", {"train": stories(2)})
    failed = {"code": "tokenizer_not_found", "message": "Not there.", "hint": ""}
    for length in (512, 1024):
        library.ended("tokenize", a_tokenization(dataset_id, "/models/mine", context_length=length), failed)
    library.open()
    app = open_app()
    ask_to_delete(app, dataset_id)
    (warning,) = (item.value for item in app.warning)
    assert "mine, 512 tokens per sequence" in warning
    assert "mine, 1,024 tokens per sequence" in warning
    assert "/models" not in warning


def test_an_unwritable_home_is_told_and_not_a_crash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("MISTUDIO_HOME", str(tmp_path / "file" / "home"))
    app = open_app()
    assert "cannot be written" in app.error[0].value

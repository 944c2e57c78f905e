"""The Jobs and Settings pages without a browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mistudio_core.files import read_json
from mistudio_core.jobs.protocol import Progress
from mistudio_core.ui.app import keys
from tests.support.app_driver import open_app, press, words
from tests.support.staged import StagedLibrary, a_dataset, a_tokenization, staged, stories

CANCELLED = {"code": "cancelled", "message": "The job was cancelled.", "hint": ""}
FAILED = {"code": "disk_full", "message": "The disk is full.", "hint": "Make room."}


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StagedLibrary]:
    monkeypatch.setenv("MISTUDIO_HOME", str(tmp_path / "home"))
    with staged(tmp_path / "home") as made:
        yield made


def test_no_jobs_lead_to_the_datasets(library: StagedLibrary) -> None:
    app = open_app("jobs")
    assert "No jobs yet" in app.info[0].value


def test_running_waiting_and_past_jobs(library: StagedLibrary) -> None:
    dataset_id = library.ready("stories", {"train": stories(3)})
    library.ended("download", a_dataset("full"), FAILED)
    library.ended("tokenize", a_tokenization(dataset_id), CANCELLED)
    library.running("tokenize", a_tokenization(dataset_id, "mine"), Progress(1, "tokenizing", 1, 4, "samples"))
    library.running("download", a_dataset("waits"), None)
    library.open()
    app = open_app("jobs")
    shown = words(app)
    assert "Running and queued (2)" in shown
    assert "Finished (2)" in shown
    for text in (
        "Running",
        "Queued",
        "Failed",
        "Cancelled",
        "**Tokenizing** 25.0 %",
        "stories with mine",
        "The disk is full",
    ):
        assert text in shown, text
    labels = [button.label for button in app.button]
    assert labels.count("Cancel") == 2
    assert labels.count("Resume") == 2


def test_a_log_is_read_when_it_is_opened(library: StagedLibrary) -> None:
    job_id = library.ended("download", a_dataset("full"), FAILED, log="no room for <b>part 3</b>")
    library.open()
    app = open_app("jobs")
    assert not app.code
    app.session_state[keys.of(job_id, "log")] = True
    app.run()
    assert app.code[0].value == "no room for <b>part 3</b>"


def test_many_jobs_have_pages(library: StagedLibrary) -> None:
    for number in range(23):
        library.ended("download", a_dataset(f"number{number}"), FAILED)
    library.open()
    app = open_app("jobs")
    assert len(app.error) == 20
    app.pagination(key=keys.JOBS_PAGE).set_value(2).run()
    assert len(app.error) == 3


def test_settings_show_storage_limits_and_versions(library: StagedLibrary, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MISTUDIO_MAX_UPLOAD_MB", "17")
    library.ready("stories", {"train": stories(3)})
    library.open()
    app = open_app("settings")
    storage, limits, versions = (frame.value for frame in app.dataframe)
    assert "datasets" in list(storage["Folder"])
    assert dict(zip(limits["Variable"], limits["Value"], strict=True))["MISTUDIO_MAX_UPLOAD_MB"] == "17"
    assert dict(zip(limits["Variable"], limits["Value"], strict=True))["MISTUDIO_QUOTA_GB"] == "no limit"
    assert "streamlit" in list(versions["Package"])
    assert "finished jobs older than 7 days" in words(app)


def test_a_rebuild_is_offered_and_works(library: StagedLibrary) -> None:
    library.ready("stories", {"train": stories(3)})
    app = open_app("settings")
    press(app, "rebuild")
    assert len(library.library.datasets()) == 1


def test_exports_are_deleted_on_the_settings_page(library: StagedLibrary) -> None:
    library.ready("stories", {"train": stories(3)})
    for name in ("samples-x.csv", "tok_aaaaaaaaaaaa/parquet/part.parquet"):
        path = library.home.exports / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x" * 10)
    press(open_app("settings"), "delete_exports")
    assert list(library.home.exports.iterdir()) == list(library.home.trash.iterdir()) == []
    assert open_app("settings").button(key="delete_exports").disabled


def test_a_check_names_what_is_damaged(library: StagedLibrary) -> None:
    dataset_id = library.ready(
        "stories", {"train": stories(3)}, files=[{"path": "raw/train/gone.parquet", "split": "train", "num_rows": 3,
                                                  "size_bytes": 1, "text_bytes": 1, "sha256": "0" * 64}],
    )  # fmt: skip
    library.open()
    app = open_app("settings")
    press(app, "verify")
    assert any("gone" in item.value and dataset_id[3:] in item.value for item in app.warning)


def test_what_can_be_is_repaired_and_the_rest_is_left(library: StagedLibrary) -> None:
    dataset_id = library.ready("stories", {"train": stories(3)})
    library.open().rename(dataset_id, name="Named")
    job_id = library.ended("download", a_dataset("full"), FAILED)
    library.open()
    notes = library.home.dataset(dataset_id) / "user.json"
    part = next((library.home.dataset(dataset_id) / "raw").rglob("*.parquet"))
    for path in (notes, library.home.job(job_id) / "result.json", part):
        path.write_bytes(b"{}")
    app = open_app("settings")
    assert "Repair what can be repaired" not in [button.label for button in app.button]
    press(app, "verify")
    assert len(app.warning) == 3
    press(app, "repair")
    assert [toast.value for toast in app.toast] == ["2 problems repaired."]
    assert [dataset_id[3:] in item.value and "import it again" in item.value for item in app.warning] == [True]
    assert library.library.dataset(dataset_id).name == "Named"
    assert read_json(notes)


def test_strangers_are_not_told_where_things_lie(library: StagedLibrary, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MISTUDIO_SHARED", "1")
    dataset_id = library.ready("stories", {"train": stories(3)})
    library.open()
    for app in (open_app("settings"), open_app("dataset", id=dataset_id)):
        assert str(library.home.root) not in words(app)
        assert not app.error

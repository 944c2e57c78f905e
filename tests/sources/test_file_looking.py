"""The first rows of files, by a worker, with the options of the import that may follow."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from mistudio_core.errors import StudioError
from mistudio_core.files import read_json
from mistudio_core.library import ImportOptions, Library
from mistudio_core.ui.app import keys
from mistudio_core.work.look_at_files import ROWS
from mistudio_core.work.shown_rows import CELL_CHARS, COLUMNS
from tests.hub.rows import parquet, table
from tests.support.app_driver import open_app, press, words
from tests.support.staged import StagedLibrary, staged

WAIT_S = 60.0


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    made = Library.open(tmp_path / "library")
    yield made
    for job in made.jobs(active=True):
        made.cancel(job.id)


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StagedLibrary]:
    monkeypatch.setenv("MISTUDIO_HOME", str(tmp_path / "home"))
    with staged(tmp_path / "home") as made:
        yield made


def test_rows_are_shown_as_an_import_would_read_them(library: Library, tmp_path: Path) -> None:
    path = tmp_path / "a.csv.gz"
    lines = ["n;text", "1;caf\u00e9", "?;" + "x" * 999, *["3;y"] * 100_000]
    path.write_bytes(gzip.compress("\n".join(lines).encode("cp1252")))
    options = ImportOptions(delimiter=";", encoding="cp1252", null_values=("?",))
    job = library.wait(library.look_at_files([path], options=options).id, timeout=WAIT_S)
    assert job.status == "succeeded", library.log(job.id)
    look = library.file_look(job.id)
    assert (look["file"], look["columns"]) == ("a.csv.gz", {"n": "int64", "text": "string"})
    assert look["text_columns"] == ["text"]
    assert len(look["rows"]) == ROWS
    assert look["rows"][:2] == [["1", "caf\u00e9"], [None, "x" * CELL_CHARS + "\u2026"]]
    assert library.datasets() == []
    assert path.exists()


def test_wide_and_packed_tables(library: Library, tmp_path: Path) -> None:
    path = tmp_path / "a.parquet.gz"
    path.write_bytes(gzip.compress(parquet(table({f"c{number}": [[number], None] for number in range(99)}))))
    job = library.wait(library.look_at_files([path]).id, timeout=WAIT_S)
    look = library.file_look(job.id)
    assert (look["num_columns"], len(look["columns"])) == (99, COLUMNS)
    assert look["rows"] == [[f"[{number}]" for number in range(COLUMNS)], [None] * COLUMNS]


def test_what_cannot_be_read_is_reported(library: Library, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"a": ' + "[" * 60_000 + "\n")
    job = library.wait(library.look_at_files([path]).id, timeout=WAIT_S)
    with pytest.raises(StudioError) as caught:
        library.file_look(job.id)
    assert caught.value.code == "corrupt_data"
    with pytest.raises(StudioError) as caught:
        library.look_at_files([path], options=ImportOptions(delimiter=";"))
    assert caught.value.code == "invalid_request"


def test_the_form_shows_the_rows_and_imports_with_the_same_options(stage: StagedLibrary) -> None:
    app = open_app()
    app.file_uploader[0].upload("mine.csv", b"1;<b>x</b>\n2;NA\n").run()
    assert [job.kind for job in stage.open().jobs()] == ["look"], "files are shown without being asked for"
    app.text_input(key=keys.IMPORT_DELIMITER).set_value(";")
    app.selectbox(key=keys.IMPORT_HEADER).select("No header")
    app.selectbox(key=keys.IMPORT_NULLS).select("Empty cells only").run()
    opened = stage.open()
    job = opened.jobs()[0]
    opened.wait(job.id, timeout=WAIT_S)
    app.run()
    assert "The first 2 rows" in words(app)
    (shown,) = [frame.value for frame in app.dataframe if "1 (string)" in frame.value.columns]
    assert shown.to_numpy().tolist() == [["1", "<b>x</b>"], ["2", "NA"]]
    assert not list(stage.home.uploads.iterdir())
    press(app, "import")
    (dataset,) = opened.datasets()
    assert opened.wait(dataset.id, timeout=WAIT_S).status == "succeeded"
    ready = opened.dataset(dataset.id)
    assert ready.path is not None
    assert read_json(ready.path / "dataset.json")["request"]["options"] == {
        "delimiter": ";", "header": "none", "null_values": [""],
    }  # fmt: skip


def _header_fields(typed: str) -> None:
    import streamlit as st

    from mistudio_core.ui.adding import import_fields
    from mistudio_core.ui.app import keys

    st.session_state[keys.IMPORT_HEADER] = typed
    import_fields.draw(on_change=lambda: None)
    st.text(f"{import_fields.chosen().header!r}")


def test_the_line_of_the_header_can_be_typed() -> None:
    app = AppTest.from_function(_header_fields, kwargs={"typed": "1"}).run(timeout=WAIT_S)
    assert [text.value for text in app.text] == ["1"]
    app = AppTest.from_function(_header_fields, kwargs={"typed": "first"}).run(timeout=WAIT_S)
    assert "The header 'first' is not a line number." in app.exception[0].message

"""Many tokenizations as a table: what tells them apart, and which cards are drawn below."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from mistudio_core.records import Job, now
from mistudio_core.ui.tokenize.runs_table import line
from mistudio_core.ui.widgets import titles
from tests.support.app_driver import open_app
from tests.support.staged import StagedLibrary, a_tokenization, staged, stories

FAILED = {"code": "tokenizer_not_found", "message": "Not there.", "hint": ""}


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StagedLibrary]:
    monkeypatch.setenv("MISTUDIO_HOME", str(tmp_path / "home"))
    with staged(tmp_path / "home") as made:
        yield made


def test_more_than_five_are_a_table_and_the_newest_is_a_card(library: StagedLibrary) -> None:
    dataset_id = library.ready("stories", {"train": stories(3)})
    names = [f"/models/number-{number}" for number in range(6)]
    for name in names[:5]:
        library.ended("tokenize", a_tokenization(dataset_id, name), FAILED)
    library.open()
    app = open_app("dataset", id=dataset_id, tab="Tokenizations")
    assert not app.dataframe
    assert len(app.error) == 5
    library.ended("tokenize", a_tokenization(dataset_id, names[5]), FAILED)
    library.open()
    app = open_app("dataset", id=dataset_id, tab="Tokenizations")
    table = app.dataframe[0].value
    assert sorted(table["Tokenizer"]) == [f"number-{number}" for number in range(6)], "no paths"
    assert set(table["State"]) == {"Error"}
    assert len(app.error) == 1


def test_a_line_has_the_rate_of_the_whole_job_and_what_differs() -> None:
    made = a_tokenization("ds_" + "a" * 12, status="ready", num_tokens=1000, num_sequences=10, engine="fast")
    recipe = replace(made.recipe, bos="row", stride=1024, drop_duplicates=True)
    start = now()
    job = Job(
        id="job_" + "a" * 12, kind="tokenize", subject_id=made.id, status="succeeded", phase="", done=1, total=1,
        unit="", rate=None, eta_s=None, error=None, created_at=start, started_at=start,
        ended_at=start + timedelta(seconds=4),
    )  # fmt: skip
    shown = line(replace(made, recipe=recipe), job)
    assert (shown["Tokens/s"], shown["Tokens"], shown["Engine"]) == (250.0, 1000, "fast")
    assert shown["Differs by"] == "BOS: At each sequence · Stride: 1,024 · Drop exact duplicates: yes"
    assert line(made, None)["Tokens/s"] is None
    assert titles.options(made.recipe.values()) == ""

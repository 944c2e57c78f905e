"""Going anywhere by typing, without a browser: names lead to their pages, and a text to searches for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from mistudio_core.ui.finder import places
from tests.support.app_driver import assert_no_exception, open_app, press
from tests.support.staged import StagedLibrary, staged, stories


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StagedLibrary]:
    monkeypatch.setenv("MISTUDIO_HOME", str(tmp_path / "home"))
    with staged(tmp_path / "home") as made:
        yield made


def labels(app: AppTest) -> list[str]:
    return [button.label for button in app.button if str(button.key).startswith("finder_search")]


def test_everything_that_has_a_name_is_offered(library: StagedLibrary) -> None:
    first = library.ready("First stories", {"train": stories(9)})
    library.ready("[Second]", {"train": stories(9)})
    opened = library.open()
    app = press(open_app("jobs"), "finder")
    options = app.get_by_key("finder_chosen").options
    assert {"Dataset: First stories", "Dataset: [Second]", "Page: Settings", "Samples of First stories"} <= set(options)
    known = places.known(opened)
    assert len(set(options)) == len(options) == len(known)
    (samples,) = [place for place in known if place.label == "Samples of First stories"]
    assert samples.query == {"id": first, "tab": "Samples"}


@pytest.mark.parametrize("typed", ["river", "[x](y): **z**", "SECOND: river", "second:"])
def test_a_text_is_searched_for_in_the_open_or_the_named_dataset(library: StagedLibrary, typed: str) -> None:
    first = library.ready("First", {"train": stories(9)})
    second = library.ready("Second", {"train": stories(9)})
    opened = library.open()
    app = press(open_app("dataset", id=first, tab="Samples", open="2"), "finder")  # the reader of samples gives way
    app.get_by_key("finder_text").set_value(typed).run()
    assert_no_exception(app)
    named = typed == "SECOND: river"
    found = places.searches(opened, typed, first)
    assert [place.query.get("id") for place in found] == [second if named else first] * 2 + [None]
    assert found[0].query["q"] == ("river" if named else typed)
    assert found[-1].query == {"search": typed}
    assert found[1].query["view"] == "contexts"
    assert labels(app) == [place.label for place in found]


def test_without_an_open_dataset_several_are_offered(library: StagedLibrary) -> None:
    ids = [library.ready(name, {"train": stories(9)}) for name in ("First", "Second")]
    opened = library.open()
    assert {place.query.get("id") for place in places.searches(opened, "river", None)} == {*ids, None}
    app = press(open_app("datasets"), "finder")
    app.get_by_key("finder_text").set_value("  ").run()
    assert labels(app) == []

"""The page that puts tokenizations side by side, without a browser."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from streamlit.testing.v1 import AppTest

from mistudio_core.library import Library
from mistudio_core.records import Tokenization
from mistudio_core.ui.app import keys
from mistudio_core.ui.widgets import titles
from tests.support.app_driver import assert_no_exception, open_app, words
from tests.support.tokenizer_families import family


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two datasets: one with two tokenizations by different tokenizers, one with one."""
    root = tmp_path_factory.mktemp("compare")
    library = Library.open(root / "home")
    other = str(family(root, "wordpiece").folder)
    for size, recipes in ((200, ({"tokenizer": "sample"}, {"tokenizer": other})), (150, ({"tokenizer": "sample"},))):
        dataset = library.make_example(size)
        library.wait(dataset.id, timeout=300)
        for recipe in recipes:
            job = library.wait(library.tokenize(dataset.id, {**recipe, "context_length": 64}).id, timeout=300)
            assert job.status == "succeeded", job.error
    return root / "home"


@pytest.fixture
def made(home: Path, monkeypatch: pytest.MonkeyPatch) -> list[Tokenization]:
    """The tokenizations: the sample's and the other's of one dataset, then the one of the second dataset."""
    monkeypatch.setenv("MISTUDIO_HOME", str(home))
    found = Library.open(home).tokenizations()
    return sorted(found, key=lambda item: item.created_at)


def compare(*tokenizations: Tokenization) -> AppTest:
    return open_app("compare", **{keys.COMPARED: ",".join(item.id for item in tokenizations)})


def test_an_empty_library_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MISTUDIO_HOME", str(tmp_path / "home"))
    assert "Create at least two tokenizations" in open_app("compare").info[0].value


def test_a_link_puts_them_side_by_side(home: Path, made: list[Tokenization]) -> None:
    app = compare(made[0], made[1])
    facts = app.table[0].value
    assert len(facts.columns) == 3
    _, one, other = facts.columns
    assert one.replace("\\", "") == "A · sample, 64"  # no legend is needed
    assert other.startswith("B · ")
    assert list(facts[one])[4] == f"{made[0].num_tokens:,}"
    assert list(facts[other])[5] == f"{made[1].num_sequences:,}"
    titles = [json.loads(chart.proto.spec)["title"]["text"] for chart in app.get("vega_lite_chart")]
    assert titles == ["Fertility by length", "Document length in tokens", "Fertility by split", "Shared tokens"]
    (parting,) = Library.open(home).compare([made[0].id, made[1].id])["partings"]
    (link,) = [link for link in app.get("page_link") if "after" in link.proto.label]
    assert f"sample {parting['index']}" in link.proto.label
    assert f"sample={parting['index']}" in link.proto.query_string
    app = open_app("compare", **parse_qs(link.proto.query_string))
    text = Library.open(home).samples(made[0].dataset_id, offset=parting["index"], limit=1).rows[0].text
    assert app.text_area[0].value == text
    assert "are cut differently" in words(app)


def drawn(app: AppTest) -> dict[str, Any]:
    """Return what was sent to the browser of one text in several tokenizers."""
    return next(data for item in app.get("bidi_component") if "pieces" in (data := json.loads(item.proto.json)))


def test_a_typed_text_is_cut_by_each_tokenizer(home: Path, made: list[Tokenization]) -> None:
    app = open_app("compare", view="text")
    assert set(app.multiselect[0].options) == {"sample", titles.tokenizer(made[1].tokenizer)}
    app.text_area[0].set_value("An unhappy day").run()
    assert_no_exception(app)
    assert app.query_params["text"] == "An unhappy day"
    found = Library.open(home).compare_text(["sample", made[1].id], "An unhappy day")
    sent = drawn(app)
    assert [piece["differs"] for piece in sent["pieces"]] == [piece.differs for piece in found.pieces]
    ids = [[token[0] for piece in sent["pieces"] for token in piece["cells"][place]] for place in range(2)]
    assert ids == [[token.id for token in own] for own in found.tokens]
    app.multiselect[0].set_value(app.multiselect[0].value[:1]).run()
    assert "Choose two to four tokenizers" in words(app)


@pytest.mark.parametrize(
    "query", [{"sample": "x"}, {"of": "ds_none"}, {"of": "../..", "sample": "-1"}, {"with": "tok_none", "text": "<b>"}]
)
def test_an_address_of_no_text_is_told(made: list[Tokenization], query: dict[str, str]) -> None:
    app = open_app("compare", view="text", **query)
    assert drawn(app) if "of" not in query else app.error


def test_those_of_two_datasets_have_no_text_in_common(made: list[Tokenization]) -> None:
    app = compare(made[0], made[2])
    assert "no text in common" in words(app)
    app.multiselect(key="compare_choice").set_value([item.id for item in made]).run()
    assert_no_exception(app)
    assert len(app.table[0].value.columns) == 4


def test_the_measure_of_fertility_can_be_chosen(made: list[Tokenization]) -> None:
    app = compare(*made)
    app.selectbox(key="compare_measure").select("tokens_per_word").run()
    assert_no_exception(app)
    spec = next(chart.proto.spec for chart in app.get("vega_lite_chart") if "Fertility by split" in chart.proto.spec)
    assert json.loads(spec)["encoding"]["y"]["title"] == "tokens per word"


@pytest.mark.parametrize("asked", ["", "x", "tok_none,../../etc", "{0},{0}", "{0},<b>"])
def test_an_address_that_names_too_few_asks_for_more(made: list[Tokenization], asked: str) -> None:
    app = open_app("compare", **{keys.COMPARED: asked.format(made[0].id)})
    assert "Choose two to four" in app.info[0].value


@pytest.mark.parametrize("tab", ["Statistics", "Tokenizations"])
def test_a_dataset_leads_to_the_comparison(made: list[Tokenization], tab: str) -> None:
    app = open_app("dataset", id=made[0].dataset_id, tab=tab)
    (link,) = [link for link in app.get("page_link") if link.proto.label == "Compare tokenizations"]
    assert made[0].id in link.proto.query_string
    assert made[1].id in link.proto.query_string
    alone = open_app("dataset", id=made[2].dataset_id, tab=tab)
    assert not [link for link in alone.get("page_link") if link.proto.label == "Compare tokenizations"]

"""Sequences without a browser: one after the other, and the hits of a token search."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from mistudio_core.library import Library
from mistudio_core.records import Tokenization
from mistudio_core.store.sequences import search as token_search
from mistudio_core.ui.sequences import address as sequence_address
from tests.support.app_driver import open_app, press, words


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("tokens") / "home"
    library = Library.open(root)
    dataset = library.make_example(200)
    library.wait(dataset.id)
    tokenization = library.tokenize(dataset.id, {"tokenizer": "sample", "context_length": 32})
    library.wait(tokenization.id)
    return root


@pytest.fixture
def library(home: Path, monkeypatch: pytest.MonkeyPatch) -> Library:
    monkeypatch.setenv("MISTUDIO_HOME", str(home))
    return Library.open(home)


@pytest.fixture
def tokenization(library: Library) -> Tokenization:
    return library.tokenizations()[-1]


def open_tokens(tokenization: Tokenization, **query: str) -> AppTest:
    return open_app("sequences", id=tokenization.dataset_id, tok=tokenization.id, **query)


def drawn(app: AppTest, part: str) -> Any:
    """Return what was sent to the browser of the drawing that holds this part."""
    return next(data[part] for item in app.get("bidi_component") if part in (data := json.loads(item.proto.json)))


def address(app: AppTest) -> dict[str, str]:
    return {name: str(value) for name, value in app.query_params.items() if name not in ("id", "tok")}


def test_a_row_is_shown_token_by_token_with_its_samples(library: Library, tokenization: Tokenization) -> None:
    app = open_tokens(tokenization, sequence="3")
    expected = library.sequence(tokenization.id, 3)
    assert drawn(app, "tokens") == [[token.id, token.text, int(token.special)] for token in expected.tokens]
    assert [(part["start"], part["end"]) for part in drawn(app, "parts")] == [
        (part.start, part.end) for part in expected.parts
    ]
    assert f"Sequence 3 of {tokenization.num_sequences:,}" in words(app)


def test_rows_are_turned_and_stand_in_the_address(tokenization: Tokenization) -> None:
    app = press(open_tokens(tokenization), "token_next")
    assert address(app) == {"sequence": "1"}
    press(app, "token_previous")
    assert app.button(key="token_previous").disabled
    app.number_input(key="token_sequence").set_value(5).run()
    assert address(app) == {"sequence": "5"}
    app = open_tokens(tokenization, sequence="999999999")
    assert f"Sequence {tokenization.num_sequences - 1:,} of" in words(app)
    assert app.button(key="token_next").disabled


def test_a_sequence_is_found_by_text_and_by_ids(library: Library, tokenization: Tokenization) -> None:
    app = open_tokens(tokenization)
    app.text_input[0].set_value(" the").run()
    found = library.search_tokens(tokenization.id, text=" the")
    assert address(app) == {"text": " the"}
    assert f"of {found.total:,}" in words(app)
    assert [hit["left"] for hit in drawn(app, "hits")] == [hit.left for hit in found.hits]
    ids = [token.id for token in found.sequence]
    app.text_input[1].set_value(", ".join(map(str, ids))).run()
    assert address(app) == {"ids": ",".join(map(str, ids))}
    assert f"of {found.total:,}" in words(app)
    assert app.dataframe[1].value["Hits"].tolist() == [item.count for item in found.following[:10]]
    app = open_tokens(tokenization, text=" the", page="9999")
    assert f"to {found.total:,} of {found.total:,}" in words(app)


def test_contexts_are_sorted_by_what_stands_beside_them(
    library: Library, tokenization: Tokenization, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = open_tokens(tokenization, text=" the", sort="after")
    found = library.search_tokens(tokenization.id, text=" the", sort="after")
    assert [hit["right"] for hit in drawn(app, "hits")] == [hit.right for hit in found.hits]
    (order,) = app.segmented_control
    order.set_value("before").run()
    assert address(app) == {"text": " the", "sort": "before"}
    monkeypatch.setattr(token_search, "MOST_SORTED", 60)
    app = open_tokens(tokenization, text=" the", sort="after", page="9")
    assert f"Hits 51 to 60 of {found.total:,}" in words(app)
    assert "Sorted are the first 60 hits" in words(app)


@pytest.mark.parametrize(
    "query",
    [{"sequence": "-1"}, {"sequence": "x"}, {"ids": "1,x"}, {"ids": "99999999"}, {"at": "9-1", "sequence": "1"},
     {"at": "0-9"},
     {"page": "0", "text": "a", "sort": "up"},
     {"tok": "tok_none"}, {"text": "\u202e<b>"}, {"ids": ",".join(["1"] * 500)}],
)  # fmt: skip
def test_an_address_that_cannot_be_is_told_or_ignored(tokenization: Tokenization, query: dict[str, str]) -> None:
    app = open_app("sequences", **({"id": tokenization.dataset_id, "tok": tokenization.id} | query))
    assert drawn(app, "tokens") or app.error


def test_what_are_no_ids_is_told(tokenization: Tokenization) -> None:
    app = open_tokens(tokenization)
    app.text_input[1].set_value("12, twelve").run()
    assert "is not a list of token ids" in words(app)
    assert app.text_input[1].value == "12, twelve"


def test_without_a_dataset_or_rows_the_page_says_what_to_do(library: Library) -> None:
    assert "Select a dataset" in open_app("sequences").info[0].value
    assert "no dataset" in open_app("sequences", id="ds_abcdefghijkm").error[0].value
    dataset = library.make_example(10)
    library.wait(dataset.id)
    assert "has sequences yet" in open_app("sequences", id=dataset.id).info[0].value


def test_ids_are_read_from_any_list() -> None:
    assert sequence_address.ids_of(" 1, 2 3,,4 ") == (1, 2, 3, 4)
    assert sequence_address.ids_of("1,-2") == sequence_address.ids_of("") == sequence_address.ids_of("٣") == ()
    parameters = sequence_address.address("ds_x", "tok_y", sequence=0, mark=(3, 5))
    assert parameters == {"id": "ds_x", "tok": "tok_y", "sequence": "0", "at": "3-5"}


def test_a_row_of_a_dataset_is_found_from_the_page_of_the_dataset(tokenization: Tokenization) -> None:
    app = open_app("dataset", id=tokenization.dataset_id, tok=tokenization.id, sequence="2")
    assert "Sequence 2 of" in words(app)


def test_hits_that_may_cross_documents_are_told(
    library: Library, tokenization: Tokenization, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = {"tokenizer": "sample", "context_length": 32, "separator": "none"}
    unmarked = library.tokenize(tokenization.dataset_id, recipe)
    library.wait(unmarked.id)
    unmarked = library.tokenization(unmarked.id)
    first = library.sequence(unmarked.id, 0).tokens
    ids = f"{first[3].id},{first[4].id}"
    assert "may span two documents" not in words(open_tokens(unmarked, ids=ids))
    monkeypatch.setattr(token_search, "_MOST_TRACED", 0)
    assert "may span two documents" in words(open_tokens(unmarked, ids=ids))
    assert "may span two documents" not in words(open_tokens(unmarked, ids=ids, across="1"))
    library.delete(unmarked.id)


@pytest.mark.parametrize("query", [{}, {"id": "ds_nothingthere"}, {"id": "../../etc"}])
def test_an_address_that_leads_nowhere_has_a_title_and_a_way_back(library: Library, query: dict[str, str]) -> None:
    app = open_app("sequences", **query)
    assert [item.value for item in app.title] == ["Sequences"]
    assert [item.proto.label for item in app.get("page_link")] == ["All datasets"]

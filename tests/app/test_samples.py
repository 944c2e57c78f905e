"""The samples of a dataset without a browser: pages, search, filters and order, all of it in the address."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from streamlit.testing.v1 import AppTest

from mistudio_core.store.samples.ranked_index import build_ranked_index
from mistudio_core.ui.app import keys
from mistudio_core.ui.samples import address as sample_address
from mistudio_core.ui.samples import contexts
from tests.support.app_driver import assert_no_exception, cards, open_app, press, words
from tests.support.staged import StagedLibrary, staged, stories


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StagedLibrary]:
    monkeypatch.setenv("MISTUDIO_HOME", str(tmp_path / "home"))
    with staged(tmp_path / "home") as made:
        yield made


def open_samples(dataset_id: str, **query: str) -> AppTest:
    return open_app("dataset", id=dataset_id, tab="Samples", **query)


def choose(app: AppTest, field: str, value: object) -> AppTest:
    app.get_by_key(sample_address.key(field)).set_value(value).run()
    assert_no_exception(app)
    return app


def numbers(app: AppTest) -> list[str]:
    return [card["name"] for card in cards(app)]


def address(app: AppTest) -> dict[str, str]:
    return {name: str(value) for name, value in app.query_params.items() if name not in ("id", "tab")}


def test_samples_come_in_pages_of_fifty_and_by_split(library: StagedLibrary) -> None:
    dataset_id = library.ready("stories", {"train": stories(120), "test": stories(7), "none": stories(0)})
    library.open()
    app = open_samples(dataset_id, page="3")
    assert "Samples 101 to 127 of 127" in words(app)
    app = open_samples(dataset_id, split="train")
    assert "Samples 1 to 50 of 120" in words(app)
    app.pagination(key=keys.SAMPLES_PAGE).set_value(3).run()
    assert "Samples 101 to 120 of 120" in words(app)
    assert numbers(app) == [f"train:{number}" for number in range(100, 120)]
    assert address(app) == {"split": "train", "page": "3"}
    choose(app, "split", "test")
    assert "Samples 1 to 7 of 7" in words(app)
    assert address(app) == {"split": "test"}
    choose(app, "split", "none")
    assert "No matches" in words(app)


def test_the_address_brings_everything_back(library: StagedLibrary) -> None:
    table = stories(90, score=[n % 10 / 10 for n in range(90)])
    dataset_id = library.ready("stories", {"train": table, "test": stories(5, score=[0.5] * 5)})
    library.open()
    app = open_samples(dataset_id)
    choose(app, "search", "story")
    choose(app, "mode", "substring")
    choose(app, "ignore_case", True)
    choose(app, "split", "train")
    choose(app, "sort", "score")
    choose(app, "descending", True)
    choose(app, "page_size", 10)
    app.pagination(key=keys.SAMPLES_PAGE).set_value(2).run()
    asked = address(app)
    assert asked == {"q": "story", "mode": "substring", "ignore_case": "1", "split": "train", "by": "score",
                     "descending": "1", "per_page": "10", "page": "2"}  # fmt: skip
    again = open_samples(dataset_id, **asked)
    assert numbers(again) == numbers(app) == [f"train:{n}" for n in (18, 28, 38, 48, 58, 68, 78, 88, 7, 17)]
    for field, value in (("search", "story"), ("mode", "substring"), ("sort", "score"), ("page_size", 10)):
        assert again.get_by_key(sample_address.key(field)).value == value


@pytest.mark.parametrize(
    "query",
    [{"page": "999"}, {"page": "-1"}, {"page": "x"}, {"split": "../x"}, {"mode": "<b>"}, {"per_page": "7"}, {"by": "?"},
     {"min_chars": "9", "max_chars": "1"}, {"where": "no=1"}, {"where": "n=x"}, {"tok": "tok_x"}, {"open": "77"},
     {"open": "-1"}, {"q": "(", "mode": "regex"}, {"q": "..."}, {"column": "n"}, {"q": "x" * 3000},
     {"min_tokens": "1"}, {"min_chars": "9" * 60}, {"page": "9" * 15}],
)  # fmt: skip
def test_an_address_that_cannot_be_is_told_or_ignored(library: StagedLibrary, query: dict[str, str]) -> None:
    table = stories(60, n=range(60))
    dataset_id = library.ready("stories", {"train": table, "test": table.slice(0, 1)})
    library.open()
    app = open_samples(dataset_id, **query)
    assert len(app.error) == 1 or cards(app) or "No matches" in words(app)
    assert app.get_by_key(sample_address.key("mode")), "the search stays, to be put right"


def test_each_way_to_search_finds_and_marks(library: StagedLibrary) -> None:
    texts = ["The cat sat", "cats and dogs", "a dog", "CAT scan of the cat"]
    dataset_id = library.ready("pets", {"train": pa.table({"text": texts})})
    library.open()
    found = {
        "words": [("train:0", ["cat"]), ("train:3", ["CAT", "cat"])],
        "any": [("train:0", ["cat"]), ("train:3", ["CAT", "cat"])],
        "phrase": [("train:0", ["cat"]), ("train:3", ["CAT", "cat"])],
        "substring": [("train:0", ["cat"]), ("train:1", ["cat"]), ("train:3", ["cat"])],
        "regex": [("train:0", ["cat"]), ("train:1", ["cat"]), ("train:3", ["cat"])],
    }
    for mode, expected in found.items():
        app = open_samples(dataset_id, q="cat", mode=mode)
        assert [(card["name"], card["pieces"][1::2]) for card in cards(app)] == expected, mode


def test_without_an_index_of_words_the_page_says_so_and_offers_it(library: StagedLibrary) -> None:
    dataset_id = library.ready("stories", {"train": stories(30)})
    opened = library.open()
    app = open_samples(dataset_id, q="story")
    assert "No word index" in words(app)
    press(app, "samples_build_index")
    (job,) = opened.jobs(dataset_id)
    assert job.kind == "index"
    opened.wait(job.id)
    app = open_samples(dataset_id, q="story")
    assert "No word index" not in words(app)
    assert len(cards(app)) == 30


def test_filters_show_as_pills_that_can_be_taken_out(library: StagedLibrary) -> None:
    dataset_id = library.ready("stories", {"train": stories(120, n=range(120)), "test": stories(3, n=range(3))})
    library.open()
    app = open_app(
        "dataset", id=dataset_id, tab="Samples", split="train", min_chars="16", max_chars="16", where="n>=50"
    )
    assert len(cards(app)) == 50
    pills = [button.label for button in app.button if str(button.key).startswith("samples_pill_")]
    assert [pill.replace("\\", "").replace("\u2060", "") for pill in pills] == [
        "split train",
        "characters 16",
        "n ≥ 50, excludes null",
    ]
    press(app, "samples_pill_2")
    assert address(app) == {"split": "train", "min_chars": "16", "max_chars": "16"}
    press(app, "samples_pill_0")
    assert app.get_by_key(sample_address.key("split")).value == ""
    assert "Samples 1 to 50 of 90" in words(app)
    app = open_samples(dataset_id, split="train", min_chars="16", copies="1")
    press(app, "samples_clear")
    assert address(app) == {}


def test_an_order_that_goes_without_saying_follows_the_search(library: StagedLibrary) -> None:
    dataset_id = library.ready("stories", {"train": stories(9)})
    library.open()
    app = open_samples(dataset_id, q="story")
    for mode, expected in (("substring", "position"), ("words", "relevance"), ("regex", "position")):
        choose(app, "mode", mode)
        assert app.get_by_key(sample_address.key("sort")).value == expected
        assert "by" not in address(app)
    choose(app, "sort", "chars")
    choose(app, "mode", "words")
    assert address(app) == {"q": "story", "by": "chars"}


def test_options_that_look_the_same_are_told_apart(library: StagedLibrary) -> None:
    long = "the same long beginning of the name of a column, longer than a label " * 2
    table = pa.table({"text": ["a", "b"], f"{long}one": ["x", "y"], f"{long}two": ["y", "x"]})
    dataset_id = library.ready("twins", {"train": table})
    library.open()
    app = choose(open_samples(dataset_id), "sort", f"{long}two")
    assert numbers(app) == ["train:1", "train:0"]
    assert len(set(app.get_by_key(sample_address.key("column")).options)) == 3


def test_copies_stand_together_and_name_the_first(library: StagedLibrary) -> None:
    texts = ["one", "two", "one", "three", "two", "one"]
    dataset_id = library.ready("copies", {"train": pa.table({"text": texts})})
    library.open()
    shown = cards(open_samples(dataset_id, copies="1"))
    assert [card["title"] for card in shown] == ["#0", "#2", "#5", "#1", "#4"]
    assert [card["facts"][1:] for card in shown] == [
        [],
        ["duplicate of #0"],
        ["duplicate of #0"],
        [],
        ["duplicate of #1"],
    ]


def test_random_and_go_to_lead_to_a_page_and_a_sample(library: StagedLibrary) -> None:
    dataset_id = library.ready("stories", {"train": stories(300)})
    library.open()
    app = open_samples(dataset_id)
    app.number_input(key="samples_go_to").set_value(234).run()
    assert address(app) == {"page": "5"}
    assert "train:234" in numbers(app)
    assert app.number_input(key="samples_go_to").value is None  # the same number leads there again
    press(app, "samples_random")
    app.number_input(key="samples_go_to").set_value(234).run()
    assert address(app) == {"page": "5"}
    assert len(cards(app)) == 50


def test_ranked_search_is_paged_by_relevance(library: StagedLibrary) -> None:
    dataset_id = library.ready("stories", {"train": stories(120)})
    opened = library.open()
    build_ranked_index(opened.home.dataset(dataset_id))
    app = open_samples(dataset_id, q="story", page="3")
    assert "Samples 101 to 120 of 120" in words(app)
    assert app.get_by_key(sample_address.key("sort")).value == "relevance"
    choose(app, "search", "number 7")
    assert numbers(app) == ["train:7"]
    assert address(app) == {"q": "number 7"}


@pytest.mark.parametrize("kind", ["parquet", "jsonl", "csv", "spreadsheet"])
def test_the_whole_result_is_exported(library: StagedLibrary, kind: str) -> None:
    dataset_id = library.ready("stories", {"train": stories(120, n=range(120))})
    opened = library.open()
    app = open_samples(dataset_id, where="n>=40", descending="1")
    app.session_state["samples_export"] = True
    app.run()
    app.get_by_key("samples_export_kind").set_value(kind).run()
    press(app, "samples_export_make")
    (made,) = (path for path in opened.home.exports.iterdir() if path.suffix != ".json")
    assert str(made) in words(app)
    if kind == "parquet":
        assert pq.read_table(made).column("n").to_pylist() == list(range(119, 39, -1))
    else:
        assert len(made.read_text().splitlines()) == 80 + (made.suffix == ".csv")
    choose(app, "search", "nothing of the kind")
    assert str(made) not in words(app), "that is a file of another list"


def test_a_shared_library_tells_no_path_of_an_export(library: StagedLibrary, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MISTUDIO_SHARED", "1")
    dataset_id = library.ready("stories", {"train": stories(3)})
    opened = library.open()
    app = open_samples(dataset_id)
    app.session_state["samples_export"] = True
    app.run()
    press(app, "samples_export_make")
    (made,) = (path for path in opened.home.exports.iterdir() if path.suffix != ".json")
    assert str(made) not in words(app)
    assert str(opened.home.root) not in words(app)


def test_contexts_are_sorted_and_lead_to_their_samples(library: StagedLibrary, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [f"A cat {name} sat. A dog {name} and a cat." for name in ("Zoe", "Ada", "Moe")] * 30
    dataset_id = library.ready("cats", {"train": pa.table({"text": texts}), "test": stories(3)})
    opened = library.open()
    app = open_samples(dataset_id, view="contexts")
    assert "Search for a word or a phrase" in words(app)
    choose(app, "search", "cat")
    assert "Hits 1 to 50 of 180 in 90 samples" in words(app)
    app.get_by_key("samples_contexts_sort:position").set_value("after").run()
    assert address(app) == {"view": "contexts", "q": "cat", "beside": "after"}
    found = opened.concordance(dataset_id, {"search": "cat"}, sort="after")
    hits = next(data["hits"] for data in drawn(app) if "hits" in data)
    assert [hit["right"] for hit in hits] == [hit.right for hit in found.hits]
    assert [item.value["Word"].tolist() for item in app.dataframe] == [["a"], ["ada", "moe", "zoe"]]
    app = open_samples(dataset_id, view="contexts", q="cat", page="9", beside="before")
    assert "Hits 151 to 180 of 180" in words(app)
    choose(app, "search", "(")
    assert "there is no word" in words(app)
    monkeypatch.setattr(contexts, "_PATIENCE_S", -1.0)
    app = open_samples(dataset_id, view="contexts", q="cat")
    assert "No hits of at least 0 in 0 samples" in words(app)


def drawn(app: AppTest) -> list[dict[str, Any]]:
    """Return what was sent to the browser for our own elements."""
    return [json.loads(item.proto.json) for item in app.get("bidi_component")]


def test_samples_as_a_table_keep_order_and_filters(library: StagedLibrary) -> None:
    table = stories(120, n=range(120), big=[2**60 + number for number in range(120)])
    dataset_id = library.ready("stories", {"train": table, "test": stories(3, n=range(3), big=[1, 2, 3])})
    library.open()
    app = open_samples(dataset_id, view="table", by="n", descending="1", where="n>=10")
    assert not cards(app)
    (shown,) = [item.value for item in app.dataframe]
    assert shown["#"].tolist() == list(range(119, 69, -1))
    assert shown["n"].tolist() == list(range(119, 69, -1))
    assert shown["big"].tolist()[0] == str(2**60 + 119), "a browser would round it"
    assert shown["text"].tolist()[0].startswith("Story number 119.")
    assert set(shown["Split"]) == {"train"}
    assert "Samples 1 to 50 of 110" in words(app)
    app.get_by_key("samples_view_table").set_value("cards").run()
    assert_no_exception(app)
    assert numbers(app)[0] == "train:119"
    assert "view" not in address(app)

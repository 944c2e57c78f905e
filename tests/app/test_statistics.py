"""The Statistics tab without a browser: figures, tables, charts and their files, clicks on bars, live results."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from streamlit.testing.v1 import AppTest

from mistudio_core.checksums import write_sealed
from mistudio_core.files import file_sha256
from mistudio_core.jobs.protocol import Progress
from mistudio_core.library import Library
from mistudio_core.records import Dataset, Tokenization
from mistudio_core.ui.app import keys
from mistudio_core.ui.widgets import formats
from tests.support.app_driver import assert_no_exception, open_app, words
from tests.support.staged import a_tokenization, staged, stories

SAMPLES = 300


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example dataset with one tokenization into sequences and one into padded sequences."""
    home = tmp_path_factory.mktemp("statistics") / "home"
    library = Library.open(home)
    dataset = library.make_example(SAMPLES)
    library.wait(dataset.id, timeout=300)
    for recipe in (
        {"tokenizer": "sample", "context_length": 64},
        {"tokenizer": "sample", "context_length": 32, "preset": "per_document", "padding": "max_length"},
    ):
        assert library.wait(library.tokenize(dataset.id, recipe).id, timeout=300).status == "succeeded"
    return home


@pytest.fixture
def library(home: Path, monkeypatch: pytest.MonkeyPatch) -> Library:
    monkeypatch.setenv("MISTUDIO_HOME", str(home))
    return Library.open(home)


@pytest.fixture
def dataset(library: Library) -> Dataset:
    return library.datasets()[0]


def rows_of(library: Library, dataset: Dataset) -> Tokenization:
    return next(item for item in library.tokenizations(dataset.id) if item.context_length == 64)


def statistics_of(dataset: Dataset, subject_id: str | None = None) -> AppTest:
    query = {} if subject_id is None else {keys.STATISTICS_OF: subject_id}
    return open_app("dataset", id=dataset.id, tab="Statistics", **query)


def unfold(app: AppTest, *sections: str) -> AppTest:
    for section in sections:
        app.session_state[f"section-{section}:expander"] = True
    app.run()
    assert_no_exception(app)
    return app


def charts(app: AppTest) -> list[dict[str, Any]]:
    return [json.loads(chart.proto.spec) for chart in app.get("vega_lite_chart")]


def titles(app: AppTest) -> list[str]:
    return [str(spec["title"]["text"]) for spec in charts(app)]


def test_the_cards_of_a_tokenization_come_in_the_order_of_the_original(library: Library, dataset: Dataset) -> None:
    tokenization = rows_of(library, dataset)
    app = statistics_of(dataset, tokenization.id)
    assert [metric.label for metric in app.metric][:4] == ["Samples", "Tokens", "Average length", "Unique tokens"]
    assert [metric.value.split("[")[0] for metric in app.metric][:4] == [":green", ":blue", ":violet", ":yellow"]
    result = library.statistics(tokenization.id) or {}
    assert app.metric[3].value == f":yellow[{result['vocabulary']['distinct']:,}]"
    assert titles(app) == ["Document lengths", "Frequency of tokens by rank", "Most frequent tokens"], "no others yet"
    shown = words(unfold(app, "coverage", "fertility", "positions"))
    for text in (
        "Sequences spanning documents",
        "Documents per sequence",
        "Utilisation",
        "Padding",
        "Dropped tokens",
        "**Fertility**",
        "of sequences span documents",
        "of the vocabulary never seen",
    ):
        assert text in shown, text
    assert titles(app) == [
        "Document lengths",
        "Frequency of tokens by rank",
        "Most frequent tokens",
        "Tokens covered by the most frequent ids",
        "Token frequency by position",
    ]


def test_padding_and_what_was_cut_are_told(library: Library, dataset: Dataset) -> None:
    padded = next(item for item in library.tokenizations(dataset.id) if item.context_length == 32)
    result = library.statistics(padded.id) or {}
    app = statistics_of(dataset, padded.id)
    shown = {metric.label: metric.value for metric in app.metric}
    assert shown["Dropped tokens"] == formats.percent(result["lost"]["share"])
    assert shown["Padding"] == formats.percent(result["padding"]["share"])
    tables = [table.value for table in unfold(app, "dropped").table]
    lost = next(table for table in tables if "Why" in table.columns)
    assert lost["Tokens"].iloc[0] == f"{result['lost']['reasons']['truncation']['tokens']:,}"


def test_what_was_not_counted_is_unknown_and_not_nothing(library: Library, dataset: Dataset, home: Path) -> None:
    tokenization = rows_of(library, dataset)
    assert tokenization.path is not None
    files = [tokenization.path / name for name in ("statistics.json", "manifest.json")]
    before = [path.read_text() for path in files]
    result, manifest = map(json.loads, before)
    for totals in result["splits"].values():
        totals |= {"characters": 0, "words": 0, "bytes": totals["bytes"] - 1}  # not all of the texts
        totals["fertility"] |= {"tokens_per_character": None, "tokens_per_word": None, "characters_per_token": 0.0}
    try:
        files[0].write_text(json.dumps(result))
        entry = next(one for one in manifest["sidecars"] if one["file"] == files[0].name)
        entry |= {"size_bytes": files[0].stat().st_size, "sha256": file_sha256(files[0])}
        write_sealed(files[1], manifest)
        app = unfold(statistics_of(dataset, tokenization.id), "fertility")
        fertility = next(one.value for one in app.table if "train" in one.value)
        assert list(fertility["Measure"])[8:10] == ["Characters", "Words"]
        assert list(fertility["train"])[8:10] == ["unknown", "unknown"]
        assert list(fertility["train"])[1:3] == ["unknown", "unknown"]
        assert list(fertility["train"])[4] == "unknown"
    finally:
        for path, content in zip(files, before, strict=True):
            path.write_text(content)


def test_ids_that_are_never_seen_are_listed_by_pages(library: Library, dataset: Dataset) -> None:
    tokenization = rows_of(library, dataset)
    app = statistics_of(dataset, tokenization.id)
    assert not any("rarest first" in item.value for item in app.caption), "it is read when it is opened"
    unfold(app, "rare")
    never = library.rare_ids(tokenization.id)
    assert f"Ids 1 to 100 of {len(never):,}, rarest first" in words(app)
    listed = app.dataframe[-1].value
    assert list(listed["Id"]) == [row["id"] for row in never[:100]]
    assert list(listed["Token"]) == [row["token"] for row in never[:100]]
    app.pagination(key=keys.of(tokenization.id, "stats_rare_page_0")).set_value(2).run()
    assert list(app.dataframe[-1].value["Id"]) == [row["id"] for row in never[100:200]]
    app.selectbox(key=keys.of(tokenization.id, "stats_rare_most")).select(10).run()
    assert_no_exception(app)
    assert set(app.dataframe[-1].value["Count"]) <= set(range(1, 11))


def test_every_chart_can_be_saved_in_four_ways(library: Library, dataset: Dataset) -> None:
    for subject in (None, rows_of(library, dataset).id):
        app = unfold(statistics_of(dataset, subject), *(["coverage", "positions"] if subject else []))
        labels = [str(getattr(button, "label", "")) for button in app.get("download_button")]
        assert labels.count("PNG") == labels.count("SVG") == labels.count("CSV") == len(charts(app)) > 1
        assert "All statistics (JSON)" in labels


def test_a_running_tokenization_is_drawn_as_far_as_it_is(
    library: Library, dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = dict(library.statistics(rows_of(library, dataset).id) or {})
    monkeypatch.setenv("MISTUDIO_HOME", str(tmp_path / "home"))
    with staged(tmp_path / "home") as stage:
        staged_id = stage.ready("stories", {"train": stories(3)})
        runs = a_tokenization(staged_id)
        live = done | {"live": True, "positions": None}
        stage.running("tokenize", runs, Progress(2, "tokenizing", 30, 120, "samples", rate=10.0, eta_s=9.0, live=live))
        stage.open()
        app = open_app("dataset", id=staged_id, tab="Statistics", **{keys.STATISTICS_OF: runs.id})
        assert "(so far)" in app.selectbox[0].options[1]
        assert "25.0 %" in words(app), "the job is told too"
        assert [metric.label for metric in app.metric][:4] == ["Samples", "Tokens", "Average length", "Unique tokens"]
        specs = charts(unfold(app, "coverage"))
        assert len(specs) == 4
        assert {spec["title"]["subtitle"] for spec in specs} == {"counted so far"}
        assert "Click a bar" not in words(app)


@pytest.mark.parametrize("kind", ["list", "float", "moment", "label", "nothing"])
def test_every_kind_of_column_is_drawn(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from mistudio_core.files import write_json
    from mistudio_core.statistics.text import TextStatistics

    columns: dict[str, Any] = {
        "list": [[1, 2], [], None],
        "float": [0.5, float("inf"), None],
        "moment": pa.array([1, 2, None], pa.timestamp("s")),
        "label": ["<b>a</b>", "**b**", "**b**"],
        "nothing": pa.nulls(3),
    }
    table = pa.table({"text": ["a", "b c", ""], kind: columns[kind]})
    monkeypatch.setenv("MISTUDIO_HOME", str(tmp_path / "home"))
    with staged(tmp_path / "home") as stage:
        dataset_id = stage.ready("kinds", {"train": table})
        counted = TextStatistics(table.schema)
        counted.add(table, "train")
        write_json(stage.home.dataset(dataset_id) / "statistics.json", counted.result())
        stage.open()
        app = open_app("dataset", id=dataset_id, tab="Statistics")
        app.selectbox(key=keys.of(dataset_id, "stats_column_shown")).select(1).run()
        assert_no_exception(app)
        assert len(charts(app)) == {"nothing": 0, "label": 3}.get(kind, 1)

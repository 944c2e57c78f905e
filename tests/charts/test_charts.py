"""Charts say what they show: title, units, exact numbers, the rows they were given, and words for the picture."""

import csv
import io
import json
from collections.abc import Callable
from typing import Any

import altair as alt
import numpy as np
import pyarrow as pa
import pytest

from mistudio_core.charts import columns, compare, export, lengths, positions, vocabulary
from mistudio_core.charts.figure import BAR, Figure, visible
from mistudio_core.statistics.compare import Compared
from mistudio_core.statistics.compare import compare as compared
from mistudio_core.statistics.positions import PositionCounts
from mistudio_core.statistics.text import TextStatistics
from mistudio_core.statistics.tokens import TokenStatistics


def text(token_id: int) -> str:
    return {0: " the", 1: "\n", 2: "=cmd"}.get(token_id, f"t{token_id}")


def tokenization(*, empty: bool = False) -> TokenStatistics:
    made = TokenStatistics(50, special_ids=[3], context_length=8)
    if not empty:
        rows = np.minimum(np.random.default_rng(0).zipf(1.4, 800) - 1, 49).reshape(-1, 8)
        made.add_tokens(rows)
        made.add_sequences(np.full(100, 8), np.full(100, 2))
        made.add_documents(np.array([0, 5, 700]), np.array([0, 20, 3000]), characters=3000, words=500)
    return made


def token_result(*, empty: bool = False) -> dict[str, Any]:
    made = tokenization(empty=empty)
    counts = PositionCounts([0, 1, 2, 3], 50, 8)
    counts.add_sequences(np.arange(24).reshape(-1, 8) % 5)
    return made.result(text, counts.result(text))


def dataset_result() -> dict[str, Any]:
    table = pa.table(
        {
            "text": ["some words", "слова", None, "more"],
            "label": ["a", "b", "a", "a"],
            "score": [0.5, 1.5, float("nan"), 2.5],
            "big": [2**53 + 1, 2**53 + 2, 5, None],
            "when": pa.array([0, 86_400, 1, 2], pa.int64()).cast(pa.timestamp("s")),
            "nothing": pa.nulls(4, pa.int64()),
        }
    )
    made = TextStatistics(table.schema)
    made.add(table, "train")
    made.add(table.slice(0, 1), "test")
    return made.result()


def comparison() -> dict[str, Any]:
    made = tokenization()
    strings = [text(token_id) for token_id in range(50)]
    return compared([Compared(name, made.result(), 10, made.frequencies, strings) for name in ("one", "two")])


def column(name: str) -> dict[str, Any]:
    return next(column for column in dataset_result()["columns"] if column["name"] == name)


def lengths_of(scale: Any, **options: Any) -> Figure:
    found = token_result(empty=options.pop("empty", False))["document_tokens"]
    return lengths.length_histogram(found, title="Document length", unit="tokens", scale=scale, **options)


FIGURES: dict[str, Callable[[], Figure]] = {
    "lengths, log": lambda: lengths_of("log"),
    "lengths, linear": lambda: lengths_of("linear", count_scale="log"),
    "rank, log": lambda: vocabulary.rank_frequency(token_result()),
    "rank, linear": lambda: vocabulary.rank_frequency(token_result(), scale="linear"),
    "coverage": lambda: vocabulary.coverage_curve(token_result()),
    "top": lambda: vocabulary.top_tokens(token_result()),
    "position lines": lambda: positions.position_lines(token_result()["positions"]),
    "position map": lambda: positions.position_map(token_result()["positions"]),
    "hits": lambda: positions.hits_by_position([{"first": 0, "last": 0, "count": 3}]),
    "splits": lambda: columns.split_bars(dataset_result()),
    "scripts": lambda: columns.script_bars(column("text")),
    "values": lambda: columns.value_bars(column("label")),
    "floats": lambda: columns.value_histogram(column("score")),
    "integers": lambda: columns.value_histogram(column("big")),
    "moments": lambda: columns.value_histogram(column("when")),
    "fertility by split": lambda: compare.fertility_by_split(comparison()),
    "fertility by length": lambda: compare.fertility_by_length(comparison()),
    "length lines": lambda: compare.length_lines(comparison()),
    "overlap": lambda: compare.overlap_map(comparison()),
}
EMPTY: dict[str, Callable[[], Figure]] = {
    "lengths": lambda: lengths_of("log", empty=True, live=True),
    "rank": lambda: vocabulary.rank_frequency(token_result(empty=True)),
    "coverage": lambda: vocabulary.coverage_curve(token_result(empty=True)),
    "top": lambda: vocabulary.top_tokens(token_result(empty=True)),
    "splits": lambda: columns.split_bars({"splits": {}}),
    "values": lambda: columns.value_histogram(column("nothing")),
}


def tooltips(spec: dict[str, Any]) -> list[Any]:
    """Return the tooltips of a chart, those of its layers where it has some."""
    parts = [spec, *spec.get("layer", ())]
    return [part["encoding"]["tooltip"] for part in parts if "tooltip" in part.get("encoding", {})]


@pytest.mark.parametrize("make", FIGURES.values(), ids=FIGURES)
def test_a_chart_has_title_units_tooltip_data_and_words(make: Callable[[], Figure]) -> None:
    figure = make()
    spec = figure.chart.to_dict()
    assert spec["title"]["text"]
    assert spec["title"]["subtitle"]
    assert all(spec["encoding"][axis]["title"] for axis in ("x", "y"))
    (tooltip,) = tooltips(spec)
    assert all(field["title"] for field in tooltip)
    assert figure.data.num_rows
    assert len(figure.alt) > 30
    (rows,) = spec["datasets"].values()
    assert rows == figure.data.to_pylist()


@pytest.mark.parametrize("make", FIGURES.values(), ids=FIGURES)
def test_no_chart_brings_colours_of_its_own(make: Callable[[], Figure]) -> None:
    spec = make().chart.to_dict()
    del spec["datasets"]
    written = json.dumps(spec)
    assert "#" not in written
    assert '"range"' not in written.replace('"field": "range"', "")


@pytest.mark.parametrize("make", EMPTY.values(), ids=EMPTY)
def test_a_chart_of_nothing_can_be_drawn(make: Callable[[], Figure]) -> None:
    figure = make()
    figure.chart.to_dict()
    assert figure.data.num_rows == 0
    assert "no" in figure.alt


def test_a_live_chart_differs_from_the_final_one_in_nothing_but_its_words_and_data() -> None:
    live, final = (lengths_of("log", live=live).chart.to_dict() for live in (True, False))
    assert live["title"].pop("subtitle") == "counted so far"
    assert final["title"].pop("subtitle") == "all documents"
    assert live == final


def test_a_growing_live_chart_changes_its_data_only() -> None:
    def spec(made: TokenStatistics) -> str:
        figure = lengths.length_histogram(made.live()["document_tokens"], title="L", unit="tokens", live=True)
        drawn = figure.chart.to_dict()
        return json.dumps({key: value for key, value in drawn.items() if key not in ("data", "datasets")})

    small, large = tokenization(), tokenization()
    large.add_documents(np.array([90_000]), np.array([1]))
    assert spec(small) == spec(large)


def test_a_click_on_a_bar_gives_its_range() -> None:
    figure = lengths_of("log")
    (parameter,) = figure.chart.to_dict()["params"]
    assert (parameter["name"], parameter["select"]["fields"]) == (BAR, ["first", "last"])
    assert {"first", "last"} <= set(figure.data.column_names)


def test_bars_hold_exact_counts_and_ranges() -> None:
    rows = lengths_of("linear").data.to_pylist()
    assert sum(row["count"] for row in rows) == 3
    assert rows[0] == {"first": 0, "last": 19, "from": 0.0, "to": 20.0, "range": "0 to 19", "count": 2, "share": 2 / 3}
    assert lengths_of("log").data.to_pylist()[0]["from"] == 0.5


def test_integers_beyond_floats_keep_their_digits() -> None:
    rows = columns.value_histogram(column("big")).data.to_pylist()
    assert rows[-1]["last"] == str(2**53 + 2)


def test_close_floats_have_bins_of_different_names() -> None:
    table = pa.table({"x": np.linspace(1, 1 + 1e-9, 11)})
    made = TextStatistics(table.schema)
    made.add(table, "train")
    names = columns.value_histogram(made.result()["columns"][0]).data["range"].to_pylist()
    assert len(set(names)) == len(names) == 10


@pytest.mark.parametrize("make", FIGURES.values(), ids=FIGURES)
def test_no_line_has_a_tooltip_of_its_own(make: Callable[[], Figure]) -> None:
    # It would show the values of its first point, wherever the pointer is.
    spec = make().chart.to_dict()
    drawn = [part for part in (spec, *spec.get("layer", ())) if part.get("mark", {}).get("type") == "line"]
    assert all("tooltip" not in part.get("encoding", {}) for part in drawn)


def test_a_token_that_begins_every_sequence_has_all_of_the_first_position() -> None:
    counts = PositionCounts([1, 2], 50, 1024)
    rows = np.full((4, 1024), 2)
    rows[:, 0] = 1
    rows[:2, 600] = 1
    counts.add_sequences(rows)
    figure = positions.position_lines(counts.result())
    shares = {(row["id"], row["range"]): row["share"] for row in figure.data.to_pylist()}
    assert (shares[1, "0"], shares[1, "1"], shares[2, "0"], shares[2, "1,023"]) == (1.0, 0.0, 0.0, 1.0)
    assert shares[1, "598 to 603"] == 2 / (4 * 6)
    assert "1, 100.00% at 0, then at most 8.33%, at 598 to 603" in figure.alt
    spec = figure.chart.to_dict()
    assert spec["title"]["subtitle"] == "all sequences, padding excluded · positions 64 to 1,015 as means of 6"
    written = list(csv.DictReader(io.StringIO(export.csv(figure).decode())))
    assert written[0] | {"first": "0", "last": "0", "count": "4", "share": "1"} == written[0]


def test_hits_that_share_a_bar_are_their_mean() -> None:
    figure = positions.hits_by_position(
        [{"first": 0, "last": 0, "count": 6}, {"first": 1, "last": 4, "count": 8}],
    )
    assert [row["mean"] for row in figure.data.to_pylist()] == [6, 2]
    assert "most, 6, at 0" in figure.alt
    assert "as means of 4" in figure.chart.to_dict()["title"]["subtitle"]
    assert positions.hits_by_position([]).alt.endswith("none.")


def test_sampled_positions_say_so() -> None:
    counts = PositionCounts([0], 50, 8, step=2)
    counts.add_sequences(np.zeros((10, 8), int))
    subtitle = positions.position_map(counts.result()).chart.to_dict()["title"]["subtitle"]
    assert subtitle == "5 of 10 sequences, evenly spaced"


def test_estimated_bins_say_so() -> None:
    table = pa.table({"x": np.random.default_rng(0).normal(size=100)})
    made = TextStatistics(table.schema, limit=10)
    made.add(table, "train")
    subtitle = columns.value_histogram(made.result()["columns"][0]).chart.to_dict()["title"]["subtitle"]
    assert "accurate to 0.05% of a value" in subtitle


def test_labels_show_what_cannot_be_seen() -> None:
    assert (visible(" the\n"), visible("\x1b[0m\u202e"), visible("x" * 40)) == (
        "␣the↵",
        "\\u001b[0m\\u202e",
        "x" * 28 + "…",
    )
    assert vocabulary.top_tokens(token_result()).data["label"][0].as_py() == "␣the · 0"


LOOK = export.ChartTheme("#0f1629", "#f1f5f9", "#334155", ["#34d399", "#60a5fa"], ["#0b3b30", "#34d399"])


@pytest.mark.parametrize("make", [FIGURES["top"], FIGURES["overlap"]], ids=["top", "overlap"])
def test_figures_become_pictures(make: Callable[[], Figure]) -> None:
    assert export.png(make()).startswith(b"\x89PNG")
    drawn = export.svg(make(), LOOK).decode()
    assert drawn.startswith("<svg")
    assert LOOK.background in drawn


def test_a_picture_takes_more_rows_than_altair_allows_a_table() -> None:
    data = pa.table({"x": range(6000)})
    figure = Figure("many", alt.Chart(data).mark_point().encode(x="x:Q"), "many points", data)
    assert export.svg(figure).startswith(b"<svg")


def test_figures_become_rows() -> None:
    figure = vocabulary.top_tokens(token_result())
    assert json.loads(export.rows_json(figure)) == figure.data.to_pylist()
    rows = list(csv.DictReader(io.StringIO(export.csv(figure).decode())))
    assert [int(row["count"]) for row in rows] == figure.data["count"].to_pylist()
    assert [row["label"] for row in rows] == figure.data["label"].to_pylist()

"""Every bar of every chart asks for exactly what it counts: samples by each of their measures, places of tokens."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pyarrow as pa
import pytest
from datasets import Dataset as HubDataset
from datasets import DatasetDict

from mistudio_core.library import Library
from mistudio_core.records import Dataset, Tokenization
from mistudio_core.statistics.scripts import script_of
from mistudio_core.ui.columns import bar_fields, strip

SAMPLES = 240
LABELS = ["bad", "so-so", "good", "unused"]
PIECES = [
    "the", "snow", "<|endoftext|>", "γάμμα", "дельта", "日本語", "がか", "naïve", "a\u00a0b", "c\u2003d", "x\u200by",
    "\n\n", "µ", "Ⅷ", "[", "𝔸",
]  # fmt: skip
RECIPES: dict[str, dict[str, Any]] = {
    "rows": {"context_length": 16},
    "filtered": {"context_length": 16, "min_tokens": 9, "drop_duplicates": True},
    "padded on the left": {"context_length": 16, "remainder": "pad", "padding_side": "left"},
    "padded": {"context_length": 16, "preset": "per_document", "padding": "max_length"},
    "budget": {"context_length": 16, "token_budget": 900},
    "shuffled budget": {"context_length": 16, "token_budget": 900, "shuffle_seed": 1, "shuffle": "documents"},
}


def mixed(count: int) -> pa.Table:
    """Return a table with every kind of column that has bars."""
    chance = random.Random(5)

    def text() -> str | None:
        kind = chance.random()
        if kind < 0.1:
            return None if kind < 0.05 else chance.choice(["", "  ", "again"])
        return chance.choice([" ", "\t", ""]).join(chance.choices(PIECES, k=chance.randrange(1, 12)))

    numbers = range(count)
    odd = {0: float("inf"), 1: float("-inf"), 2: float("nan"), 3: None}
    columns: dict[str, Any] = {
        "text": [text() for _ in numbers],
        "other": [text() for _ in numbers],
        "label": pa.array([chance.randrange(-1, 3) for _ in numbers], pa.int64()),
        "big": pa.array([None if n % 9 == 0 else 2**53 + chance.randrange(9**6) for n in numbers], pa.int64()),
        "unsigned": pa.array([2**64 - 1 - n for n in numbers], pa.uint64()),
        "few": pa.array([n % 4 for n in numbers], pa.int16()),
        "score": [odd.get(n % 40, chance.gauss(0, 1)) for n in numbers],
        "flag": [n % 3 == 0 for n in numbers],
        "tags": pa.array([None if n % 7 == 0 else ["a"] * chance.randrange(9) for n in numbers], pa.list_(pa.string())),
        "bytes": pa.array([b"\x00" * chance.randrange(30) for _ in numbers], pa.binary()),
        "when": pa.array([datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=n) for n in numbers]),
        "name": [f"n{n % 5}=>= 1" for n in numbers],
    }
    features = {"label": {"names": LABELS, "_type": "ClassLabel"}}
    return pa.table(columns).replace_schema_metadata({b"huggingface": json.dumps({"info": {"features": features}})})


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    folder = tmp_path_factory.mktemp("bars")
    table = mixed(SAMPLES + 30)
    splits = {"train": HubDataset(table.slice(0, SAMPLES)), "test": HubDataset(table.slice(SAMPLES))}
    DatasetDict(splits).save_to_disk(str(folder / "saved"))
    library = Library.open(folder / "home")
    dataset = library.import_files([str(folder / "saved")])
    assert library.wait(dataset.id, timeout=300).status == "succeeded"
    return library


@pytest.fixture(scope="module")
def dataset(library: Library) -> Dataset:
    return library.datasets()[0]


@pytest.fixture(scope="module")
def columns(library: Library, dataset: Dataset) -> Mapping[str, Mapping[str, Any]]:
    return {column["name"]: column for column in (library.statistics(dataset.id) or {})["columns"]}


@pytest.fixture(scope="module", params=RECIPES)
def tokenization(library: Library, dataset: Dataset, request: pytest.FixtureRequest) -> Tokenization:
    made = library.tokenize(
        dataset.id, {"tokenizer": "sample", "columns": ["text"], "splits": ["train", "test"], **RECIPES[request.param]}
    )
    assert library.wait(made.id, timeout=300).status == "succeeded"
    return library.tokenization(made.id)


def opened(library: Library, dataset: Dataset, fields: Mapping[str, Any]) -> int:
    """Return how many samples the fields of a bar open."""
    return library.samples(dataset.id, **fields).total


def as_texts(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return bins as a click on their bar gives them."""
    return [dict(row) | {"first": str(row["first"]), "last": str(row["last"])} for row in rows]


@pytest.mark.parametrize(("name", "measure"), [*product(("text", "other"), ("characters", "bytes", "words"))])
@pytest.mark.parametrize("scale", ["linear", "log"])
def test_lengths_of_texts(
    library: Library, dataset: Dataset, columns: Mapping[str, Any], name: str, measure: str, scale: str
) -> None:
    fields_of = bar_fields.of_measure(dataset, name, measure)
    rows = columns[name][measure][scale]
    assert len(rows) > 3
    for row in rows:
        assert opened(library, dataset, fields_of(row)) == row["count"], row


@pytest.mark.parametrize(
    ("name", "part", "fields_of"),
    [
        ("label", "values", bar_fields.of_value),
        ("few", "values", bar_fields.of_value),
        ("flag", "values", bar_fields.of_value),
        ("name", "values", bar_fields.of_value),
        ("tags", "lengths", bar_fields.of_length),
        ("bytes", "lengths", bar_fields.of_length),
    ],
)
def test_values_and_lengths(
    library: Library, dataset: Dataset, columns: Mapping[str, Any], name: str, part: str,
    fields_of: Callable[[str], bar_fields.FieldsOf],
) -> None:  # fmt: skip
    found = columns[name][part]
    rows = found if isinstance(found, list) else found["linear"] + found["log"]
    assert len(rows) > 1
    for row in rows:
        assert opened(library, dataset, fields_of(name)(row)) == row["count"], row


@pytest.mark.parametrize("name", ["big", "unsigned", "score", "when"])
def test_bins_of_numbers_and_moments(library: Library, dataset: Dataset, columns: Mapping[str, Any], name: str) -> None:
    fields_of = bar_fields.of_bin(columns[name])
    rows = as_texts(columns[name]["histogram"])
    assert len(rows) == 10
    for row in rows:
        assert opened(library, dataset, fields_of(row)) == row["count"], row


def test_splits(library: Library, dataset: Dataset) -> None:
    for name, split in (library.statistics(dataset.id) or {})["splits"].items():
        assert opened(library, dataset, bar_fields.of_split({"value": name})) == split["samples"]


@pytest.mark.parametrize("name", ["text", "other"])
def test_scripts_open_the_samples_that_hold_a_counted_letter(
    library: Library, dataset: Dataset, columns: Mapping[str, Any], name: str
) -> None:
    texts = [text or "" for part in ("train", "test") for text in texts_of(library, dataset, part, name)]
    scripts = [row["script"] for row in columns[name]["scripts"]["scripts"]]
    assert {"Latin", "Greek", "Cyrillic", "Han", "Hiragana", "Common"} <= set(scripts)
    for script in scripts:
        holding = sum(any(sign.isalpha() and script_of(ord(sign)) == script for sign in text) for text in texts)
        assert opened(library, dataset, bar_fields.of_script(name)({"value": script})) == holding > 0, script


def texts_of(library: Library, dataset: Dataset, split: str, column: str) -> list[str | None]:
    found = library.samples(dataset.id, split=split, column=column, limit=1000).rows
    return [sample.text for sample in found]


def test_documents_by_their_tokens(library: Library, dataset: Dataset, tokenization: Tokenization) -> None:
    lengths = (library.statistics(tokenization.id) or {})["document_tokens"]
    fields_of = bar_fields.of_tokens(tokenization)
    for row in lengths["linear"] + lengths["log"]:
        assert opened(library, dataset, fields_of(row)) == row["count"], row


def test_tokens_open_as_many_places_as_they_have(library: Library, tokenization: Tokenization) -> None:
    top = (library.statistics(tokenization.id) or {})["top_tokens"]
    assert len(top) > 10
    for row in top[:30]:
        found = library.search_tokens(tokenization.id, ids=[row["id"]])
        assert (found.total, found.total_is_exact) == (row["count"], True), row


def test_the_cells_of_the_columns(library: Library, dataset: Dataset) -> None:
    statistics = library.statistics(dataset.id) or {}
    cells = strip.cells_of(statistics)
    assert [cell["name"] for cell in cells] == [*(column["name"] for column in statistics["columns"]), "split"]
    for place, cell in enumerate(cells):
        bars = cell["bars"]
        assert len(bars) > 1, cell["name"]
        for at, bar in enumerate(bars):
            fields = strip.asked(dataset, cells, {"cell": place, "first": at, "last": at})
            assert opened(library, dataset, fields or {}) == bar["count"], (cell["name"], bar)
        if not cell.get("values"):
            fields = strip.asked(dataset, cells, {"cell": place, "first": 1, "last": len(bars) - 2})
            found = opened(library, dataset, fields or {})
            assert found == sum(bar["count"] for bar in bars[1:-1]), cell["name"]


@pytest.mark.parametrize(
    "pick", [{}, {"cell": 99, "first": 0, "last": 0}, {"cell": 0, "first": 1, "last": 0}, {"cell": "0", "first": True},
             {"cell": 0, "first": 0, "last": 10**9}, {"cell": -1, "first": 0, "last": 0}],
)  # fmt: skip
def test_what_no_cell_has_is_not_asked_for(library: Library, dataset: Dataset, pick: dict[str, Any]) -> None:
    assert strip.asked(dataset, strip.cells_of(library.statistics(dataset.id) or {}), pick) is None


def test_a_pick_stands_beside_the_conditions_on_other_columns() -> None:
    asked = {"where": ("a=1", "n>=2", "n<=3"), "search": "x"}
    assert strip.merged(asked, {"where": ("n>=5", "n<=9")}) == {"where": ("a=1", "n>=5", "n<=9")}
    assert strip.merged(asked, {"where": ("n>=2", "n<=3")}) == {"where": ("a=1",)}, "picked again, it is taken back"
    assert strip.merged(asked, {"min_chars": 1, "max_chars": 9}) == {"min_chars": 1, "max_chars": 9}
    again = {"min_chars": 1, "max_chars": 9}
    assert strip.merged(again, again) == {"min_chars": None, "max_chars": None}


def test_a_bin_of_floats_leaves_its_end_to_the_next() -> None:
    column = {
        "name": "x",
        "kind": "float",
        "histogram": [{"first": 0.0, "last": 0.5, "count": 1}, {"first": 0.5, "last": 1.0, "count": 2}],
    }
    fields = bar_fields.of_bin(column)
    assert fields({"first": "0.0", "last": "0.5"})["where"] == ("x>=0.0", "x<=0.49999999999999994")
    assert fields({"first": "0.5", "last": "1.0"})["where"] == ("x>=0.5", "x<=1.0")

"""Files are given to splits by their names as the `datasets` library gives them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

from mistudio_core.sources.card import read_card
from mistudio_core.sources.split_files import files_of_splits, is_data

WORDS = ["train", "test", "dev", "val", "data", "training", "x", "trainset", "eval", "part-1", "0test", "a.valid"]
NAMES = st.builds(
    "{}{}.jsonl".format, st.sampled_from(WORDS), st.sampled_from(["", "-00000-of-00001", "_b", ".c", "s"])
)
PATHS = st.builds("{}{}".format, st.sampled_from(["", "data/", "train/", "my-test/", "eval/x/", ".hidden/"]), NAMES)


def by_the_library(folder: Path) -> dict[str, list[str]]:
    from datasets.data_files import DataFilesDict, EmptyDatasetError, get_data_patterns

    try:
        found = DataFilesDict.from_patterns(get_data_patterns(str(folder)), base_path=str(folder))
    except (EmptyDatasetError, FileNotFoundError):
        return {}
    except ValueError:  # a split that may not be called so
        reject()
    return {str(split): sorted(str(Path(path).relative_to(folder)) for path in paths) for split, paths in found.items()}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(paths=st.sets(PATHS, max_size=5))
def test_the_names_tell_what_they_tell_the_library(tmp_path_factory: pytest.TempPathFactory, paths: set[str]) -> None:
    folder = tmp_path_factory.mktemp("repo")
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).touch()
    assert files_of_splits(sorted(paths), None) == by_the_library(folder)


def test_globs_of_a_card_and_a_folder() -> None:
    paths = ["a/train-1.csv", "a/b/train-2.csv", "a/test.csv", "README.md", "a/notes.pdf", "c.csv"]
    (config,) = read_card(
        {
            "configs": [
                {
                    "config_name": "x",
                    "data_dir": "a",
                    "data_files": [{"split": "train", "path": ["**/train-*"]}, {"split": "rest", "path": "*.csv"}],
                }
            ]
        }
    )
    assert config.patterns is not None
    assert files_of_splits(paths, config.patterns, config.data_dir) == {
        "train": ["a/b/train-2.csv", "a/train-1.csv"],
        "rest": ["a/test.csv", "a/train-1.csv"],
    }
    assert files_of_splits(paths, None, "a")["test"] == ["a/test.csv"]


def test_the_most_frequent_format_is_the_one() -> None:
    assert files_of_splits(["a.csv", "b.json", "c.jsonl"], None) == {"train": ["b.json", "c.jsonl"]}
    assert files_of_splits(["a.csv", "b.parquet"], None) == {"train": ["b.parquet"]}


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("a.parquet", True),
        ("x/y.JSONL.gz", True),
        ("dataset_info.json", False),
        (".a.csv", False),
        ("__x/a.csv", False),
        ("a.py", False),
    ],
)
def test_which_files_hold_data(path: str, data: bool) -> None:
    assert is_data(path) == data


@pytest.mark.parametrize(
    "card",
    [
        None,
        [],
        "x",
        {},
        {"configs": 3},
        {"configs": [3, None]},
        {"dataset_info": "x"},
        {"configs": [{"data_files": 5}]},
    ],
)
def test_malformed_cards_have_one_configuration(card: object) -> None:
    (config,) = read_card(card)
    assert (config.name, config.default, config.patterns, config.columns) == ("default", True, None, None)


def test_types_of_a_card_are_named_as_those_of_a_file() -> None:
    features = [
        {"name": "text", "dtype": "large_string"},
        {"name": "label", "dtype": {"class_label": {"names": {"0": "a"}}}},
        {"name": "pic", "dtype": "image"},
        {"name": "tags", "list": "string"},
        {"name": "old", "sequence": {"dtype": "int64"}},
        {"name": "turns", "list": [{"name": "role", "dtype": "string"}, {"name": "n", "dtype": "int8"}]},
        {"name": "meta", "struct": [{"name": "a", "sequence": "float32"}]},
    ]
    (config,) = read_card({"dataset_info": {"features": features, "splits": [{"name": "train", "num_examples": 5}]}})
    assert config.columns == {
        "text": "string",
        "label": "class_label",
        "pic": "image",
        "tags": "list<string>",
        "old": "list<int64>",
        "turns": "list<struct<role: string, n: int8>>",
        "meta": "struct<a: list<float32>>",
    }
    assert config.num_samples == {"train": 5}

"""The sample dataset and its tokenizer, made for real in a library of their own."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pyarrow as pa
import pytest
from tokenizers import Tokenizer

from mistudio_core.example.dataset import (
    END_OF_TEXT,
    TRAIN,
    VALIDATION,
    VOCAB_SIZE,
    sample_schema,
    sample_tables,
    sample_tokenizer,
)
from mistudio_core.example.telling import THEMES
from mistudio_core.files import Home
from mistudio_core.library import Library
from mistudio_core.raw import class_labels, column_types, open_splits
from mistudio_core.records import Dataset


def _splits(num_samples: int) -> dict[str, pa.Table]:
    found: dict[str, list[pa.Table]] = {TRAIN: [], VALIDATION: []}
    for split, table in sample_tables(num_samples):
        found[split].append(table)
    return {split: pa.concat_tables(tables) for split, tables in found.items()}


@pytest.mark.parametrize(("num_samples", "train", "validation"), [(1, 1, 0), (9, 9, 0), (10, 9, 1), (2345, 2111, 234)])
def test_a_tenth_is_for_validation(num_samples: int, train: int, validation: int) -> None:
    splits = _splits(num_samples)
    assert (splits[TRAIN].num_rows, splits[VALIDATION].num_rows) == (train, validation)


def test_a_larger_sample_begins_like_a_smaller_one() -> None:
    small, large = _splits(1234), _splits(3000)
    for split in (TRAIN, VALIDATION):
        assert large[split].slice(0, small[split].num_rows).equals(small[split])


def test_no_story_is_in_both_splits() -> None:
    splits = _splits(2000)
    assert set(splits[TRAIN]["text"].to_pylist()).isdisjoint(splits[VALIDATION]["text"].to_pylist())


def test_columns_say_what_they_hold() -> None:
    names = [theme.name for theme in THEMES]
    assert column_types(sample_schema()) == {"text": "string", "theme": "class_label", "words": "int32"}
    assert class_labels(sample_schema()) == {"theme": names}
    table = _splits(500)[TRAIN]
    assert {names[number] for number in table["theme"].to_pylist()} == set(names)
    assert table["words"].to_pylist() == [len(text.split()) for text in table["text"].to_pylist()]


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    return Library.open(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def dataset(library: Library) -> Dataset:
    job = library.wait(library.make_example(1200).id, timeout=300)
    assert job.status == "succeeded", job.error
    return library.dataset(job.subject_id)


def test_a_worker_makes_the_dataset(dataset: Dataset) -> None:
    assert (dataset.status, dataset.source, dataset.splits) == ("ready", "sample", {"train": 1080, "validation": 120})
    assert dataset.text_columns == ("text",)
    assert dataset.path is not None
    raw = open_splits(dataset.path)
    assert {split: part.read(0, part.num_samples) for split, part in raw.items()} == _splits(1200)


def test_the_worker_leaves_the_tokenizer_ready(library: Library, dataset: Dataset, tokenizer_folder: Path) -> None:
    assert dataset.status == "ready"
    before = (library.home.tokenizers / "sample.json").stat().st_mtime_ns
    folder = sample_tokenizer(library.home)
    assert (library.home.tokenizers / "sample.json").stat().st_mtime_ns == before
    assert (folder / "tokenizer.json").is_file()
    assert folder.name == tokenizer_folder.name, "not trained on the stories on which it is trained by itself"


@pytest.fixture(scope="module")
def tokenizer_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sample_tokenizer(Home(tmp_path_factory.mktemp("home")))


def test_the_tokenizer_has_4096_ids_and_gives_every_text_back(tokenizer_folder: Path) -> None:
    tokenizer = Tokenizer.from_file(str(tokenizer_folder / "tokenizer.json"))
    assert tokenizer.get_vocab_size() == VOCAB_SIZE
    texts = [*_splits(50)[TRAIN]["text"].to_pylist(), "Zoë 東京 🙂\r\n\t  two  spaces ", "\x00\u200d", ""]
    assert [tokenizer.decode(tokenizer.encode(text).ids) for text in texts] == texts


def test_it_is_good_at_its_own_stories(tokenizer_folder: Path) -> None:
    tokenizer = Tokenizer.from_file(str(tokenizer_folder / "tokenizer.json"))
    text = "\n".join(_splits(200)[TRAIN]["text"].to_pylist())
    assert len(text) / len(tokenizer.encode(text).ids) > 3.5


def test_end_of_text_is_one_id_that_is_not_added_by_itself(tokenizer_folder: Path) -> None:
    tokenizer = Tokenizer.from_file(str(tokenizer_folder / "tokenizer.json"))
    end = tokenizer.token_to_id(END_OF_TEXT)
    assert tokenizer.encode(END_OF_TEXT).ids == [end]
    assert end not in tokenizer.encode("The end.").ids


def test_transformers_loads_it_as_a_fast_tokenizer(tokenizer_folder: Path) -> None:
    from transformers import AutoTokenizer

    loaded = AutoTokenizer.from_pretrained(str(tokenizer_folder))
    assert loaded.is_fast
    assert (loaded.bos_token, loaded.eos_token, len(loaded)) == (END_OF_TEXT, END_OF_TEXT, VOCAB_SIZE)


def test_training_again_gives_the_same_tokenizer(tokenizer_folder: Path, tmp_path: Path) -> None:
    assert sample_tokenizer(Home(tmp_path)).name == tokenizer_folder.name


@pytest.mark.parametrize("pointer", ['{"edition": 0, "sha256": "0"}', '{"edition": 1, "sha256": "gone"}', "[]"])
def test_a_stale_pointer_is_replaced(tokenizer_folder: Path, tmp_path: Path, pointer: str) -> None:
    (tmp_path / "tokenizers").mkdir()
    (tmp_path / "tokenizers" / "sample.json").write_text(pointer)
    assert sample_tokenizer(Home(tmp_path)).name == tokenizer_folder.name
    assert json.loads((tmp_path / "tokenizers" / "sample.json").read_text())["sha256"] == tokenizer_folder.name


def test_two_at_once_leave_one_tokenizer(tmp_path: Path) -> None:
    home = Home(tmp_path)
    folders: list[Path] = []
    threads = [threading.Thread(target=lambda: folders.append(sample_tokenizer(home))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(folders) == 3
    assert set(home.tokenizers.iterdir()) == {folders[0], home.tokenizers / "sample.json"}

"""Parts are those of the manifest: one that is missing, was added or is another one is named before any is read."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from mistudio_core.errors import StudioError
from mistudio_core.files import Home
from mistudio_core.manifest_files import listed_bytes, tokenization_manifest
from mistudio_core.raw import open_splits
from mistudio_core.store.samples.reader import open_reader
from mistudio_core.store.samples.token_lengths import TokenLengths
from mistudio_core.store.sequences.reader import open_token_sequences
from mistudio_core.tokenization.exports.source import Source
from mistudio_core.tokenization.output.stored_sequences import StoredSequences
from tests.support.exported import tokenization


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = Home(tmp_path_factory.mktemp("parts") / "home")
    tables = {"train": [f"text number {number}" for number in range(100)], "test": ["short", "rows"] * 20}
    tokenization(home, {split: pa.table({"text": texts}) for split, texts in tables.items()})
    return home.root


@pytest.fixture
def source(made: Path, tmp_path: Path) -> Source:
    shutil.copytree(made, tmp_path / "home")
    home = Home(tmp_path / "home")
    (dataset,) = home.datasets.iterdir()
    (folder,) = (dataset / "tokenized").iterdir()
    return Source.of(home, dataset.name, folder.name)


def must_name(path: Path, read: Callable[[], object]) -> None:
    with pytest.raises(StudioError) as caught:
        read()
    assert caught.value.code == "corrupt_data"
    assert caught.value.details == {"file": str(path)}


def exchange(one: Path, other: Path) -> None:
    aside = one.with_name("aside")
    one.rename(aside)
    other.rename(one)
    aside.rename(other)


def test_a_part_that_is_missing_added_or_exchanged(source: Source) -> None:
    parts = sorted((source.dataset / "raw" / "train").iterdir())
    assert len(parts) > 3
    readers = (lambda: open_splits(source.dataset), lambda: open_reader(source.dataset))
    for reader in readers:
        reader()
    middle = parts[len(parts) // 2]
    kept = middle.read_bytes()
    for read in readers:
        middle.unlink()
        must_name(middle, read)
        middle.write_bytes(kept)
        added = parts[0].with_name("part-zzz-00000.parquet")
        shutil.copy(parts[0], added)
        must_name(added, read)
        added.unlink()
        exchange(parts[0], parts[-1])
        with pytest.raises(StudioError, match="damaged") as caught:
            read()
        assert caught.value.code == "corrupt_data"
        exchange(parts[0], parts[-1])
        assert read()
    (source.dataset / "dataset.json").unlink()
    for read in readers:
        must_name(source.dataset / "dataset.json", read)


def test_a_file_of_sequences_that_is_missing_added_or_cut(source: Source) -> None:
    folder = source.tokenization
    manifest = tokenization_manifest(folder)
    assert manifest is not None
    readers = (lambda: open_token_sequences(folder), lambda: StoredSequences(folder))
    listed = [*manifest["shards"], *manifest["sidecars"]]
    assert {"lengths", "skipped"} < {entry["file"] for entry in listed}
    for entry in listed:
        path = folder / entry["file"]
        kept = path.read_bytes()
        for damage in (path.unlink, lambda: path.write_bytes(kept[:-1])):  # noqa: B023 - called within the loop
            damage()
            for read in readers:
                must_name(path, read)
        path.write_bytes(kept)
    added = folder / "data-00007-of-00008.arrow"
    added.write_bytes(b"")
    for read in readers:
        must_name(added, read)
    added.unlink()
    assert open_token_sequences(folder).num_sequences == manifest["num_sequences"]


def test_a_small_file_is_compared_by_its_checksum_whenever_it_is_read(source: Source) -> None:
    folder = source.tokenization
    manifest = tokenization_manifest(folder) or {}
    path = folder / "statistics.json"
    assert listed_bytes(folder, manifest, path.name) == path.read_bytes()
    data = path.read_bytes()
    path.write_bytes(data.replace(b"1", b"2", 1))
    must_name(path, lambda: listed_bytes(folder, manifest, path.name))
    path.unlink()
    must_name(path, lambda: listed_bytes(folder, manifest, path.name))


def test_token_counts_of_other_samples(source: Source) -> None:
    reader = open_reader(source.dataset)
    rows = np.arange(3, dtype=np.int64)
    assert all(TokenLengths(reader, source.tokenization.name).of_rows(rows))
    path = source.tokenization / "lengths"
    path.write_bytes(path.read_bytes()[4:])
    with pytest.raises(StudioError) as caught:
        TokenLengths(reader, source.tokenization.name)
    assert caught.value.code == "corrupt_data"

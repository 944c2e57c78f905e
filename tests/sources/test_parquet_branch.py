"""The Hub's own copy in Parquet is read by its layout: config by config, split by split, parts by their name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mistudio_core.errors import StudioError
from mistudio_core.library import Library
from mistudio_core.sources.parquet_branch import configs_of
from tests.hub.repositories import card
from tests.hub.repository import Files, Repository
from tests.hub.rows import jsonl, parquet, rows, table
from tests.hub.server import HubServer
from tests.support.fetching import downloaded

BRANCH = "refs/convert/parquet"
FILES: Files = {
    "english/test/0000.parquet": parquet(rows(7, seed=3)),
    "english/train/0000.parquet": parquet(rows(30, seed=1)),
    "english/train/0001.parquet": parquet(rows(20, seed=2)),
    "english/train/index.duckdb": b"not data",
    "german/partial-train/0000.parquet": parquet(table({"satz": ["eins", "zwei"]})),
    "german/validation/0000.parquet": parquet(table({"satz": ["drei"]})),
}


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    made = Library.open(tmp_path / "library")
    yield made
    for job in made.jobs(active=True):
        made.cancel(job.id)


def converted(hub: HubServer, files: Files, repo_id: str = "acme/scripted") -> Repository:
    """Add a repository with a loading script whose branch holds `files`."""
    copy = Repository("acme/copy-of-it", files)
    repo = Repository(repo_id, {"README.md": card(), "scripted.py": "raise SystemExit"})
    repo.branch(BRANCH)
    removed = dict.fromkeys(repo.files)
    repo.commit({**removed, **{path: blob.content for path, blob in copy.files.items()}}, branch=BRANCH, title="Copy")
    hub.add(repo)
    return repo


def test_each_config_is_read_by_itself(hub: HubServer, library: Library) -> None:
    repo = converted(hub, FILES)
    info = library.inspect("acme/scripted", revision=BRANCH)
    assert {one.name: {split.name: split.num_samples for split in one.splits} for one in info.configs} == {
        "english": {"train": 50, "test": 7},
        "german": {"validation": None, "partial-train": None},
    }
    assert "partial-" in info.origins["configs"]
    assert info.revision != repo.sha
    with pytest.raises(StudioError) as caught:
        library.download("acme/scripted", revision=BRANCH)
    assert caught.value.code == "config_not_found"
    assert "english, german" in caught.value.hint
    dataset, splits = downloaded(library, "acme/scripted", revision=BRANCH, config="english")
    assert splits["train"].to_pylist() == rows(30, seed=1) + rows(20, seed=2)
    assert splits["test"].to_pylist() == rows(7, seed=3)
    assert (dataset.config, dataset.revision) == ("english", info.revision)
    address = "https://huggingface.co/datasets/acme/scripted/tree/refs%2Fconvert%2Fparquet"
    dataset, splits = downloaded(library, address, config="german")
    assert {name: split["satz"].to_pylist() for name, split in splits.items()} == {
        "validation": ["drei"], "partial-train": ["eins", "zwei"],
    }  # fmt: skip
    with pytest.raises(StudioError) as caught:
        library.download("acme/scripted", revision=BRANCH, config="german", splits=["train"])
    assert caught.value.code == "split_not_found"
    assert "partial-train" in caught.value.hint


def test_one_config_is_the_default_and_first_samples_are_taken(hub: HubServer, library: Library) -> None:
    converted(hub, {path: content for path, content in FILES.items() if path.startswith("english")})
    dataset, splits = downloaded(library, "acme/scripted", revision=BRANCH, max_samples=35, splits=["train"])
    assert splits["train"].to_pylist() == (rows(30, seed=1) + rows(20, seed=2))[:35]
    assert dataset.config == "english"


def test_the_hint_to_the_branch_is_kept_by_a_script(hub: HubServer, library: Library) -> None:
    converted(hub, FILES)
    with pytest.raises(StudioError) as caught:
        library.inspect("acme/scripted")
    assert caught.value.code == "script_unsupported"
    assert BRANCH in caught.value.hint
    assert "partial-" in caught.value.hint


def test_a_branch_of_another_layout_is_read_as_any_other(hub: HubServer, library: Library) -> None:
    converted(hub, {"train.jsonl": jsonl(rows(5))})
    _, splits = downloaded(library, "acme/scripted", revision=BRANCH)
    assert splits["train"].to_pylist() == rows(5)


def test_the_layout() -> None:
    assert configs_of(["b/train/0000.parquet", "a/x/0001.parquet", "a/x/0000.parquet", "a/test/0000.parquet"]) == {
        "a": {"test": ["a/test/0000.parquet"], "x": ["a/x/0000.parquet", "a/x/0001.parquet"]},
        "b": {"train": ["b/train/0000.parquet"]},
    }
    assert (
        configs_of(["README.md", "train/0000.parquet", "a/b/c/0000.parquet", "a/b/part.parquet", "a/.x/0000.parquet"])
        == {}
    )

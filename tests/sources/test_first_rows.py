"""The first rows of a repository: by ranged reads of its Parquet or of the Hub's copy, and the reason where not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from mistudio_core.errors import StudioError
from mistudio_core.jobs.look_pool import pool
from mistudio_core.library import Library
from tests.hub import damaged, repositories
from tests.hub.access import READ_TOKEN
from tests.hub.repositories import card
from tests.hub.repository import Repository
from tests.hub.rows import jsonl, parquet, rows, table
from tests.hub.server import HubServer

BRANCH = "refs/convert/parquet"


@pytest.fixture
def library(hub: HubServer, tmp_path: Path) -> Iterator[Library]:
    pool.close()  # a worker of another test knows another Hub
    yield Library.open(tmp_path / "library")
    pool.close()


def refusal(library: Library, repo_id: str, **how: Any) -> StudioError:
    with pytest.raises(StudioError) as caught:
        library.first_rows(repo_id, **how)
    return caught.value


def test_rows_of_the_chosen_split_without_a_download(hub: HubServer, library: Library) -> None:
    hub.add(repositories.two_configs())
    found = library.first_rows("acme/two-configs")
    expected = [row["text"] for row in rows(100, seed=0)[:10]]
    assert found.file == "english/train-00000-of-00003.parquet"
    assert [row[0] for row in found.rows] == expected
    assert dict(found.columns) == {"text": "string", "id": "int64"}
    assert library.first_rows("acme/two-configs", split="test").rows[0][0] == rows(20, seed=9)[0]["text"]
    assert refusal(library, "acme/two-configs", config="klingon").code == "config_not_found"
    assert library.datasets() == []
    hub.add(repositories.big())
    before = hub.bytes_sent()
    assert len(library.first_rows("acme/big").rows) == 10
    assert hub.bytes_sent() - before < 1_500_000, "of 12 MB"


def test_files_of_other_formats_are_seen_in_the_copy_of_the_hub(hub: HubServer, library: Library) -> None:
    repo = hub.add(Repository("acme/lines", {"README.md": card(), "train.jsonl": jsonl(rows(30))}))
    assert refusal(library, "acme/lines").code == "no_data"
    repo.branch(BRANCH)
    copy = {"README.md": None, "train.jsonl": None, "default/partial-train/0000.parquet": parquet(rows(30, seed=4))}
    repo.commit(copy, branch=BRANCH)
    for how in ({}, {"split": "train"}, {"revision": repo.sha}):
        found = library.first_rows("acme/lines", **how)
        assert found.file == "default/partial-train/0000.parquet of the Hub's copy in Parquet"
        assert found.rows[0][0] == rows(30, seed=4)[0]["text"]
    assert library.first_rows("acme/lines", revision=BRANCH).file == "default/partial-train/0000.parquet"


def test_empty_groups_wide_tables_and_long_cells(hub: HubServer, library: Library) -> None:
    empty = table({"text": pa.array([], pa.string())})
    wide = {f"column{number}": ["x" * 1000, None] for number in range(30)}
    hub.add(Repository("acme/wide", {"train-0.parquet": parquet(table(wide))}))
    found = library.first_rows("acme/wide")
    assert (found.num_columns, len(found.columns)) == (30, 20)
    assert found.rows[0][0] == "x" * 300 + "\N{HORIZONTAL ELLIPSIS}"
    assert found.rows[1][19] is None
    hub.add(Repository("acme/empty", {"train-0.parquet": parquet(empty)}))
    assert refusal(library, "acme/empty").code == "corrupt_data"


def test_closed_gates_and_damaged_files_are_told(hub: HubServer, library: Library) -> None:
    gated = hub.add(repositories.gated())
    gated.commit({"train.jsonl": None})
    assert refusal(library, "acme/gated").code == "gated"
    assert len(library.first_rows("acme/gated", hf_token=READ_TOKEN).rows) == 10
    repo = hub.add(damaged.not_parquet())
    error = refusal(library, repo.id)
    assert error.code == "corrupt_data"
    assert "after the download" in error.hint
    assert refusal(library, "acme/nothing-here").code == "repo_not_found"
    assert refusal(library, "acme/gated", revision="no-such").code == "revision_not_found"

"""A tokenization is pushed to a repository of the user's own, by a worker, over the test Hub."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from mistudio_core.files import Home
from mistudio_core.jobs import protocol
from mistudio_core.tokenization.output.stored_sequences import StoredSequences
from tests.hub.access import OWNER_TOKEN, READ_TOKEN, STRANGER_TOKEN, UNKNOWN_TOKEN
from tests.hub.faults import Status
from tests.hub.repository import Repository
from tests.hub.server import HubServer
from tests.support.exported import asked, job, texts, tokenization

LOADED = """
import json, sys
import datasets
datasets.disable_progress_bars()
rows = datasets.load_dataset(sys.argv[1], split="train", token=sys.argv[2])
print(json.dumps([row for row in rows["input_ids"][:]]))
"""


class Pushing:
    """A library with one tokenization, and pushes of it."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.source, self.dataset_id, self.id = tokenization(home, {"train": pa.table({"text": texts(120)})})

    def push(self, repo_id: str, token: str | None = OWNER_TOKEN, **more: bool) -> protocol.Result:
        return job(self.home, "push", self.id, {"dataset_id": self.dataset_id, "repo_id": repo_id} | more, token)

    def refused(self, repo_id: str, token: str | None = OWNER_TOKEN) -> tuple[str, str]:
        result = self.push(repo_id, token)
        assert result.error is not None
        said = f"{result.error['message']} {result.error['hint']}"
        assert token is None or token not in said
        return result.error["code"], said

    def left_over(self) -> list[str]:
        folder = self.home.exports / self.id
        return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


@pytest.fixture
def pushing(tmp_path: Path, hub: HubServer) -> Pushing:
    return Pushing(Home(tmp_path / "library"))


def test_what_was_pushed_loads_from_the_hub(pushing: Pushing, hub: HubServer) -> None:
    result = pushing.push("researcher/rows")
    assert result.error is None
    assert result.answer is not None
    assert (result.answer["repo_id"], result.answer["num_files"]) == ("researcher/rows", 4)
    repo = hub.site.find("dataset", "researcher/rows")
    assert repo is not None
    assert repo.private
    assert repo.sha == result.answer["revision"]
    assert result.answer["url"].startswith(f"{hub.endpoint}/datasets/researcher/rows/commit/")
    rows = json.loads(asked(LOADED, "researcher/rows", OWNER_TOKEN))
    assert np.array_equal(rows, np.concatenate(list(StoredSequences(pushing.source.tokenization).ids("train"))))
    readme = repo.files["README.md"].content.decode()
    assert "load_dataset('researcher/rows', split='train')" in readme
    assert pushing.left_over() == []
    kept = [path for path in pushing.home.root.rglob("*") if path.is_file()]
    assert not [path for path in kept if OWNER_TOKEN.encode() in path.read_bytes()]


def test_a_bare_name_is_the_accounts_own_and_may_be_public(pushing: Pushing, hub: HubServer) -> None:
    result = pushing.push("open-rows", private=False)
    assert result.answer is not None
    assert result.answer["repo_id"] == "researcher/open-rows"
    repo = hub.site.find("dataset", "researcher/open-rows")
    assert repo is not None
    assert not repo.private


def test_a_second_push_replaces_the_first_and_sends_only_what_is_new(pushing: Pushing, hub: HubServer) -> None:
    pushing.push("researcher/rows")
    repo = hub.site.find("dataset", "researcher/rows")
    assert repo is not None
    repo.commit({"data/train-00001-of-00002.parquet": b"of an older push"})
    before = hub.log.count("PUT storage")
    assert pushing.push("researcher/rows").error is None
    assert hub.log.count("PUT storage") == before
    assert sorted(repo.files) == [
        ".gitattributes", "README.md", "data/train-00000-of-00001.parquet", "manifest.json", "sae_lens.json",
    ]  # fmt: skip


def test_nothing_is_written_over_files_that_did_not_come_from_here(pushing: Pushing, hub: HubServer) -> None:
    files: dict[str, bytes | str] = {"README.md": "# mine", "data/train-00000-of-00001.parquet": b"mine"}
    repo = hub.add(Repository("researcher/work", files))
    before = repo.sha
    code, said = pushing.refused("researcher/work")
    assert code == "invalid_request"
    assert "not pushed from this app" in said
    assert repo.sha == before


@pytest.mark.parametrize(
    "token",
    [READ_TOKEN, STRANGER_TOKEN, UNKNOWN_TOKEN, None],
    ids=["reads only", "a stranger's", "unknown", "none"],
)
def test_who_may_not_write_is_told_so(pushing: Pushing, hub: HubServer, token: str | None) -> None:
    assert pushing.refused("researcher/rows", token)[0] == "token_rejected"
    assert hub.site.find("dataset", "researcher/rows") is None


def test_a_bad_name_is_refused_before_anything_is_sent(pushing: Pushing, hub: HubServer) -> None:
    for name in ("../x", "a/b/c/d", "researcher/rows?x=1", ""):
        assert pushing.refused(name)[0] == "invalid_request"
    assert hub.log.count("POST hub /api") == 0


def test_a_push_that_broke_goes_on_where_it_was(pushing: Pushing, hub: HubServer) -> None:
    hub.faults.add("POST hub /api/datasets/researcher/rows/commit", Status(503))
    assert pushing.refused("researcher/rows")[0] == "hub_unreachable"
    assert pushing.left_over() == ["push"]
    hub.faults.clear()
    sent = hub.log.count("PUT storage")
    assert sent > 0
    assert pushing.push("researcher/rows").error is None
    assert hub.log.count("PUT storage") == sent
    assert pushing.left_over() == []

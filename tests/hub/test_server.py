"""The test Hub speaks the Hub's protocol: the real huggingface_hub is the judge."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest
from huggingface_hub import HfApi, hf_hub_download
from huggingface_hub.errors import (
    DisabledRepoError,
    GatedRepoError,
    HfHubHTTPError,
    RemoteEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.utils import get_session  # type: ignore[attr-defined]

from tests.hub import formats, models, repositories
from tests.hub.access import LIMITED_TOKEN, OWNER_TOKEN, STRANGER_TOKEN, UNKNOWN_TOKEN
from tests.hub.faults import Hang
from tests.hub.repository import Repository
from tests.hub.server import HubServer

SHARD = "english/train-00001-of-00003.parquet"


def ask(url: str, **headers: str) -> httpx2.Response:
    return get_session().get(url, headers={name.replace("_", "-"): value for name, value in headers.items()})


def test_info_names_the_files_of_a_revision(hub: HubServer) -> None:
    repo = hub.add(repositories.branched())
    api = HfApi(token=False)
    main = api.dataset_info(repo.id, files_metadata=True)
    assert (main.id, main.sha, main.private, main.gated) == (repo.id, repo.sha, False, False)
    assert main.card_data is not None
    assert main.card_data.license == "cc0-1.0"
    sizes = {file.rfilename: file.size for file in main.siblings or ()}
    assert sizes == {path: len(blob.content) for path, blob in repo.files.items()}
    assert api.dataset_info(repo.id, revision="next").sha == repo.branches["next"]
    assert api.dataset_info(repo.id, revision="v1").sha == repo.sha
    assert api.dataset_info(repo.id, expand=["sha", "likes"]).siblings is None


def test_a_long_listing_comes_in_pages(hub: HubServer) -> None:
    repo = hub.add(repositories.many_files())
    rows = list(HfApi(token=False).list_repo_tree(repo.id, repo_type="dataset", recursive=True))
    assert {row.path for row in rows} == {*repo.files, "notes"}
    assert hub.log.count(f"/api/datasets/{repo.id}/tree/main") == 2
    expanded = HfApi(token=False).list_repo_tree(repo.id, "notes", repo_type="dataset", expand=True)
    assert len(list(expanded)) == 1005


def test_listing_tells_sizes_and_checksums(hub: HubServer) -> None:
    repo = hub.add(repositories.two_configs())
    api = HfApi(token=False)
    [row] = api.get_paths_info(repo.id, [SHARD, "missing.txt"], repo_type="dataset")
    assert row.lfs.sha256 == repo.files[SHARD].sha256
    assert row.size == row.lfs.size == len(repo.files[SHARD].content)
    folders = [row.path for row in api.list_repo_tree(repo.id, repo_type="dataset") if hasattr(row, "tree_id")]
    assert folders == ["english", "numbered"]
    [card] = api.get_paths_info(repo.id, "README.md", repo_type="dataset", expand=True)
    assert card.blob_id == repo.files["README.md"].oid
    assert card.last_commit.oid == repo.sha


def test_refs_commits_search_and_whoami(hub: HubServer) -> None:
    branched, hidden = hub.add(repositories.branched()), hub.add(repositories.private())
    hub.add(models.bpe())
    api = HfApi(token=False)
    refs = api.list_repo_refs(branched.id, repo_type="dataset")
    assert {one.name: one.target_commit for one in refs.branches} == branched.branches
    assert [one.name for one in refs.tags] == ["v1"]
    commits = api.list_repo_commits(branched.id, repo_type="dataset", revision="next")
    assert [one.title for one in commits] == ["More rows", "initial commit"]
    assert [one.id for one in api.list_datasets()] == [branched.id]
    assert {one.id for one in api.list_datasets(token=OWNER_TOKEN)} == {branched.id, hidden.id}
    assert [one.id for one in api.list_models(search="tiny")] == ["acme/tiny-gpt"]
    assert api.whoami(OWNER_TOKEN)["name"] == "researcher"


def test_a_change_makes_a_new_commit_and_keeps_the_old(hub: HubServer, tmp_path: Path) -> None:
    repo = hub.add(repositories.no_readme())
    before, content = repo.sha, repo.files["train.jsonl"].content
    after = repo.commit({"train.jsonl": '{"text": "new"}\n', "more.jsonl": "{}\n"})
    assert HfApi(token=False).dataset_info(repo.id).sha == after != before
    again = repositories.no_readme()
    assert again.sha == before
    old = hf_hub_download(repo.id, "train.jsonl", repo_type="dataset", revision=before, cache_dir=tmp_path)
    assert Path(old).read_bytes() == content


def test_an_old_id_redirects(hub: HubServer, tmp_path: Path) -> None:
    repo = hub.add(repositories.moved())
    api = HfApi(token=False)
    assert [api.dataset_info(old).id for old in repo.aliases] == [repo.id, repo.id]
    assert len(list(api.list_repo_tree("old-name", repo_type="dataset"))) == 2
    path = hf_hub_download("before/moved", "train.jsonl", repo_type="dataset", cache_dir=tmp_path)
    assert Path(path).read_bytes() == repo.files["train.jsonl"].content


@pytest.mark.parametrize(
    ("make", "path", "status"),
    [
        (repositories.plain, "data/train-00000-of-00001.parquet", 302),
        (repositories.plain, "README.md", 307),
        (repositories.gated, "train.jsonl", 200),
        (repositories.gated, "data.parquet", 302),
        (repositories.private, "README.md", 200),
        (lambda: Repository("acme/empty", {"train.jsonl": b""}), "train.jsonl", 200),
    ],
)
def test_resolve_has_three_shapes(hub: HubServer, make: Callable[[], Repository], path: str, status: int) -> None:
    repo = hub.add(make())
    url = f"{hub.endpoint}/datasets/{repo.id}/resolve/main/{path}"
    headers = {"Authorization": f"Bearer {OWNER_TOKEN}", "Accept-Encoding": "identity"}
    first = get_session().head(url, headers=headers, follow_redirects=False)
    blob = repo.files[path]
    assert first.status_code == status
    assert first.headers["X-Repo-Commit"] == repo.sha
    size = first.headers["Content-Length" if status == 200 else "X-Linked-Size"]
    assert int(size) == len(blob.content)
    assert first.headers["ETag" if status == 200 else "X-Linked-ETag"] == blob.etag
    whole = get_session().get(url, headers=headers)
    assert whole.content == blob.content
    assert (whole.url.port == httpx2.URL(hub.storage_endpoint).port) == blob.lfs
    assert hub.log.tokens("storage") == set()


@pytest.mark.parametrize(
    ("asked", "status", "part", "told"),
    [
        ("bytes=0-9", 206, slice(0, 10), "bytes 0-9/{}"),
        ("bytes=100-", 206, slice(100, None), "bytes 100-{last}/{}"),
        ("bytes=-7", 206, slice(-7, None), None),
        ("bytes=5-999999999", 206, slice(5, None), None),
        ("bytes=999999999-", 416, slice(0, 0), "bytes */{}"),
        ("bytes=9-5", 200, slice(None), None),
        ("bytes=0-1,4-5", 200, slice(None), None),
        ("lines=0-1", 200, slice(None), None),
    ],
)
def test_ranges(hub: HubServer, asked: str, status: int, part: slice, told: str | None) -> None:
    repo = hub.add(repositories.two_configs())
    content = repo.files[SHARD].content
    answer = ask(f"{hub.endpoint}/datasets/{repo.id}/resolve/main/{SHARD}", Range=asked)
    assert (answer.status_code, answer.content) == (status, content[part])
    if told is not None:
        assert answer.headers["Content-Range"] == told.format(len(content), last=len(content) - 1)
    [sent] = hub.log.find("GET storage")
    assert (sent.range, sent.status, sent.bytes_sent, sent.finished) == (asked, status, len(content[part]), True)


def test_if_range_gives_the_whole_file_when_it_changed(hub: HubServer) -> None:
    repo = hub.add(repositories.plain())
    url = f"{hub.endpoint}/datasets/{repo.id}/resolve/main/README.md"
    blob = repo.files["README.md"]
    same = ask(url, Range="bytes=4-", If_Range=blob.etag)
    other = ask(url, Range="bytes=4-", If_Range='"another"')
    assert (same.status_code, same.content) == (206, blob.content[4:])
    assert (other.status_code, other.content) == (200, blob.content)


def test_storage_opens_to_its_signature_alone(hub: HubServer) -> None:
    repo = hub.add(repositories.plain())
    path = "data/train-00000-of-00001.parquet"
    url = hub.site.storage_url(repo, path, repo.files[path])
    assert ask(url).status_code == 200
    assert ask(url.replace("Signature=", "Signature=0")).status_code == 403


INFO: Any = lambda api, repo: api.dataset_info(repo)  # noqa: E731
FILE: Any = lambda api, repo: api.hf_hub_download(repo, "train.jsonl", repo_type="dataset")  # noqa: E731
CHECK: Any = lambda api, repo: api.auth_check(repo, repo_type="dataset")  # noqa: E731


@pytest.mark.parametrize(
    ("act", "repo", "token", "error", "status"),
    [
        (INFO, "acme/nothing", False, RepositoryNotFoundError, 401),
        (INFO, "acme/nothing", STRANGER_TOKEN, RepositoryNotFoundError, 404),
        (INFO, "researcher/private", False, RepositoryNotFoundError, 401),
        (INFO, "researcher/private", STRANGER_TOKEN, RepositoryNotFoundError, 404),
        (INFO, "acme/plain", UNKNOWN_TOKEN, HfHubHTTPError, 401),
        (FILE, "acme/gated", False, GatedRepoError, 401),
        (CHECK, "acme/gated", False, GatedRepoError, 401),
        (FILE, "acme/gated", STRANGER_TOKEN, GatedRepoError, 403),
        (CHECK, "acme/gated", LIMITED_TOKEN, GatedRepoError, 403),
        (INFO, "acme/disabled", False, DisabledRepoError, 403),
        (FILE, "acme/plain", False, RemoteEntryNotFoundError, 404),
        (lambda api, repo: api.dataset_info(repo, revision="old"), "acme/plain", False, RevisionNotFoundError, 404),
    ],
)
def test_refusals(
    hub: HubServer, act: Any, repo: str, token: str | bool, error: type[HfHubHTTPError], status: int
) -> None:
    for make in (repositories.plain, repositories.private, repositories.gated, repositories.disabled):
        hub.add(make())
    with pytest.raises(error) as caught:
        act(HfApi(token=token), repo)
    assert type(caught.value) is error
    assert caught.value.response.status_code == status
    if token == UNKNOWN_TOKEN:
        assert caught.value.server_message == "Invalid credentials in Authorization header"


def test_card_and_listing_of_a_gated_repository_are_public(hub: HubServer, tmp_path: Path) -> None:
    repo = hub.add(repositories.gated())
    api = HfApi(token=False)
    assert api.dataset_info(repo.id).gated == "auto"
    assert len(list(api.list_repo_tree(repo.id, repo_type="dataset"))) == 3
    hf_hub_download(repo.id, "README.md", repo_type="dataset", cache_dir=tmp_path, token=False)
    HfApi(token=OWNER_TOKEN).auth_check(repo.id, repo_type="dataset")
    path = hf_hub_download(repo.id, "data.parquet", repo_type="dataset", cache_dir=tmp_path, token=OWNER_TOKEN)
    assert Path(path).read_bytes() == repo.files["data.parquet"].content


def test_names_that_need_quoting(hub: HubServer, tmp_path: Path) -> None:
    repo = hub.add(formats.hostile_unicode())
    name = next(path for path in repo.files if path != "README.md")
    path = hf_hub_download(repo.id, name, repo_type="dataset", cache_dir=tmp_path)
    assert Path(path).read_bytes() == repo.files[name].content
    assert [row.path for row in HfApi().list_repo_tree(repo.id, "données", repo_type="dataset")] == [name]


def test_nothing_is_left_when_the_server_stops() -> None:
    def open_files() -> int:
        return len(os.listdir("/dev/fd"))

    get_session()
    before = open_files()
    with pytest.raises(KeyError), HubServer(repositories.plain()) as hub:  # noqa: PT012 - the block is the test
        hub.faults.add("GET hub", Hang())
        waiting = httpx2.Client(trust_env=False)
        with pytest.raises(httpx2.ReadTimeout):
            waiting.get(f"{hub.endpoint}/api/datasets", timeout=0.2)
        idle = httpx2.Client(trust_env=False)
        idle.get(f"{hub.storage_endpoint}/nothing")
        raise KeyError("the test failed")
    waiting.close()
    idle.close()
    assert open_files() <= before
    assert "test-hub" not in [thread.name for thread in threading.enumerate()]
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(hub.endpoint, trust_env=False)


def test_a_mistake_inside_the_server_fails_the_test() -> None:
    server = HubServer(repositories.plain())
    with pytest.raises(ValueError, match="cursor-that-is-no-number"), server as hub:  # noqa: PT012 - its end raises
        url = f"{hub.endpoint}/api/datasets/acme/plain/tree/main?cursor=cursor-that-is-no-number"
        assert httpx2.get(url, trust_env=False).status_code == 500

"""Looking at a repository of the Hub: everything it knows, at once, or the reason why not."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mistudio_core.errors import StudioError
from mistudio_core.records import RepoInfo
from mistudio_core.sources import client
from mistudio_core.sources import hub as looking
from tests.hub import damaged, formats, repositories
from tests.hub.access import LIMITED_TOKEN, READ_TOKEN, STRANGER_TOKEN, UNKNOWN_TOKEN
from tests.hub.faults import Bandwidth, Cut, Hang, NoRange, Status
from tests.hub.repository import Repository
from tests.hub.server import HubServer


def look(repo_id: str, **how: Any) -> RepoInfo:
    return looking.look(repo_id, home=Path("/"), **how)


def refusal(repo_id: str, **how: Any) -> StudioError:
    with pytest.raises(StudioError) as caught:
        look(repo_id, **how)
    return caught.value


def splits(info: RepoInfo) -> dict[str, dict[str, int | None]]:
    return {one.name: {split.name: split.num_samples for split in one.splits} for one in info.configs}


def test_a_card_is_told_in_full_without_reading_a_file(hub: HubServer) -> None:
    repo = hub.add(repositories.two_configs())
    info = look("acme/two-configs")
    assert (info.repo_id, info.revision, info.licence) == ("acme/two-configs", repo.sha, "cc0-1.0")
    assert (info.private, info.gated, info.downloads, info.likes) == (False, False, 1234, 56)
    assert info.last_modified is not None
    assert splits(info) == {"english": {"train": 300, "test": 20}, "numbered": {"train": None}}
    assert [one.name for one in info.configs if one.default] == ["english"]
    assert info.columns == {"text": "string", "id": "int64"}
    english = [blob for path, blob in repo.files.items() if path.startswith("english")]
    assert info.download_bytes == sum(len(blob.content) for blob in english)
    assert info.free_bytes > 0
    assert info.origins["columns"] == info.origins["num_samples"] == "dataset card"
    assert hub.bytes_sent() == 0
    assert look("acme/two-configs", config="numbered").download_bytes == len(repo.files["numbered/train.jsonl"].content)


def test_without_a_card_footers_tell_columns_and_rows(hub: HubServer) -> None:
    hub.add(repositories.big())
    info = look("acme/big")
    assert splits(info) == {"default": {"train": 6000}}
    assert info.columns == {"text": "string", "id": "int64"}
    assert info.origins["columns"] == "footer of data/train-00000-of-00003.parquet"
    assert hub.bytes_sent() <= 3 * 65536


def test_many_files_are_not_all_asked_for_their_rows(hub: HubServer) -> None:
    hub.add(formats.many_shards())
    assert splits(look("acme/many-shards")) == {"default": {"train": None}}
    assert hub.log.count("GET storage") == 1


def test_types_and_empty_splits_are_told(hub: HubServer) -> None:
    for repo in (formats.nested(), formats.class_label(), formats.class_label_by_card(), formats.empty_split()):
        hub.add(repo)
    columns = look("acme/nested").columns
    assert columns is not None
    assert columns["turns"] == "list<struct<role: string, content: string>>"
    assert look("acme/labelled").columns == look("acme/labelled-by-card").columns
    assert look("acme/labelled").columns == {"text": "string", "label": "class_label"}
    assert splits(look("acme/empty-split")) == {"default": {"train": 20, "test": 0}}


def test_an_address_with_a_revision_and_a_moved_repository(hub: HubServer) -> None:
    branched, moved = hub.add(repositories.branched()), hub.add(repositories.moved())
    other = next(name for name in branched.branches if name != "main")
    info = look(f"{hub.endpoint}/datasets/acme/branched/tree/{other}")
    assert info.revision == branched.branches[other] != branched.sha
    assert look("acme/branched", revision=branched.sha).revision == branched.sha
    branched.branch("refs/convert/parquet", other)
    assert look("acme/branched", revision="refs/convert/parquet").revision == info.revision
    assert look(moved.aliases[0]).repo_id == moved.id


def test_a_listing_of_several_pages_is_read_whole(hub: HubServer) -> None:
    repo = hub.add(repositories.many_files())
    assert look("acme/many-files").download_bytes
    assert hub.log.count("/tree/") == 2
    assert len(client.Hub().tree("acme/many-files", repo.sha)) == len(repo.files)


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (damaged.script_only, "script_unsupported"),
        (damaged.no_data, "no_data"),
        (damaged.no_match, "no_data"),
        (repositories.disabled, "repo_disabled"),
        (repositories.private, "repo_not_found"),
    ],
)
def test_what_cannot_be_downloaded_is_refused_at_once(
    hub: HubServer, make: Callable[[], Repository], code: str
) -> None:
    repo = hub.add(make())
    told = refusal(repo.id)
    assert (told.code, repo.id in told.message, bool(told.hint)) == (code, True, True)


@pytest.mark.parametrize("make", [damaged.corrupt_footer, damaged.truncated, damaged.not_parquet])
def test_a_damaged_file_leaves_columns_and_rows_unknown(hub: HubServer, make: Callable[[], Repository]) -> None:
    info = look(hub.add(make()).id)
    assert info.columns is None
    assert splits(info) == {"default": {"train": None}}


def test_names_that_do_not_exist(hub: HubServer) -> None:
    hub.add(repositories.two_configs())
    assert refusal("acme/none").code == "repo_not_found"
    assert "access token" in refusal("acme/none").hint
    assert refusal("acme/two-configs", revision="nope").code == "revision_not_found"
    told = refusal("acme/two-configs", config="nope")
    assert told.code == "config_not_found"
    assert "english, numbered" in told.hint


def test_access_tokens(hub: HubServer) -> None:
    hub.add(repositories.private())
    hub.add(repositories.plain())
    assert look("researcher/private", hf_token=f" {READ_TOKEN}\n").private
    assert hub.log.tokens("GET hub") == {READ_TOKEN}
    assert hub.log.tokens("storage") == set()
    told = refusal("researcher/private", hf_token=STRANGER_TOKEN)
    assert (told.code, "this access token" in told.hint) == ("repo_not_found", True)
    assert refusal("acme/plain", hf_token=UNKNOWN_TOKEN).code == "token_rejected"
    hub.log.clear()
    assert refusal("acme/plain", hf_token="hf_a b").code == "token_rejected"
    assert hub.log.count() == 0


def test_a_gate_is_described_to_whoever_stands_before_it(hub: HubServer) -> None:
    hub.add(repositories.gated())
    for token, words in (
        (None, "use an access token"),
        (STRANGER_TOKEN, "has not been granted access"),
        (LIMITED_TOKEN, "lacks the permission"),
        (READ_TOKEN, ""),
    ):
        info = look("acme/gated", hf_token=token)
        assert info.gated
        assert (info.refusal is None) == (token == READ_TOKEN)
        assert info.refusal is None or words in f"{info.refusal.message} {info.refusal.hint}"
        assert (info.columns is not None) == (token == READ_TOKEN)


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (Status(500), "hub_unreachable"),
        (Status(429, {"Retry-After": "120"}), "rate_limited"),
        (Status(429, {"RateLimit": '"api";r=0;t=90'}), "rate_limited"),
        (Status(200, {"Content-Type": "text/html"}, b"<html>Sign in</html>"), "hub_unreachable"),
        (Status(200, {"Content-Type": "application/json"}, b'{"ok": true}'), "hub_unreachable"),
        (Status(200, {"Content-Type": "application/json"}, b"[1]"), "hub_unreachable"),
        (Cut(reset=True), "hub_unreachable"),
    ],
)
def test_a_hub_that_fails_is_told_at_once(hub: HubServer, fault: Any, code: str) -> None:
    hub.add(repositories.plain())
    hub.faults.add("/api/", fault)
    began = time.monotonic()
    told = refusal("acme/plain")
    assert told.code == code
    assert time.monotonic() - began < 60
    if code == "rate_limited":
        assert " seconds" in told.hint


def test_one_broken_connection_is_forgiven_and_ranges_may_be_ignored(hub: HubServer) -> None:
    hub.add(repositories.big(1))
    hub.faults.add("/api/", Cut(reset=True), times=1)
    hub.faults.add("GET storage", Cut(after=1000), times=1)
    hub.faults.add("GET storage", NoRange(), times=1, skip=1)
    assert look("acme/big").columns == {"text": "string", "id": "int64"}


@pytest.mark.parametrize("fault", [Hang(), Bandwidth(20)])
def test_a_silent_or_trickling_hub_is_unreachable_within_the_limit(
    hub: HubServer, monkeypatch: pytest.MonkeyPatch, fault: Any
) -> None:
    monkeypatch.setattr(client, "READ_TIMEOUT_S", 0.4)
    monkeypatch.setattr(looking, "INSPECT_SECONDS", 1.0)
    hub.add(repositories.plain())
    hub.faults.add("/api/", fault)
    began = time.monotonic()
    assert refusal("acme/plain").code == "hub_unreachable"
    assert time.monotonic() - began < 60


def test_an_unreachable_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    assert refusal("acme/plain").code == "hub_unreachable"

"""Completing the id of a dataset: what the Hub finds, as its own client would ask, and kindly where it does not."""

from __future__ import annotations

import time
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from huggingface_hub import HfApi

from mistudio_core.errors import StudioError
from mistudio_core.library import Library
from mistudio_core.sources import hub_search
from mistudio_core.sources.client import SEARCH_FIELDS
from mistudio_core.sources.hub_search import search
from tests.hub import repositories
from tests.hub.access import OWNER_TOKEN, UNKNOWN_TOKEN
from tests.hub.faults import Hang, Status
from tests.hub.server import HubServer


def test_the_most_downloaded_come_first_with_what_helps_to_choose(hub: HubServer) -> None:
    plain, gated, private = (
        hub.add(made) for made in (repositories.plain(), repositories.gated(), repositories.private())
    )
    plain.downloads, gated.downloads = 20, 3000
    found = search("acme", limit=8)
    assert [one.repo_id for one in found] == ["acme/gated", "acme/plain"]
    assert [(one.downloads, one.likes, one.gated, one.private) for one in found] == [
        (3000, 56, True, False),
        (20, 56, False, False),
    ]
    assert found[1].size_bytes == sum(len(blob.content) for blob in plain.files.values())
    assert [one.repo_id for one in search("acme", limit=1)] == ["acme/gated"]
    assert [one.repo_id for one in search(f"{hub.endpoint}/datasets/acme/plain", limit=8)] == ["acme/plain"]
    assert search("nothing like it", limit=8) == search("   ", limit=8) == []
    assert [(one.repo_id, one.private) for one in search("private", limit=8, hf_token=OWNER_TOKEN)] == [
        (private.id, True)
    ]


def test_the_question_is_that_of_the_hubs_own_client(hub: HubServer) -> None:
    hub.add(repositories.plain())
    ours = search("acme/plain", limit=5)
    (theirs,) = HfApi(token=False).list_datasets(
        search="acme/plain", sort="downloads", limit=5, expand=list(SEARCH_FIELDS)
    )
    assert (ours[0].repo_id, ours[0].downloads, ours[0].size_bytes) == (theirs.id, theirs.downloads, theirs.main_size)
    one, other = (parse_qs(asked.query) for asked in hub.log.find("/api/datasets"))
    assert one == other


@pytest.mark.parametrize(
    ("fault", "code"), [(Status(503), "hub_unreachable"), (Status(429), "rate_limited"), (Hang(), "hub_unreachable")]
)
def test_what_goes_wrong_is_told_soon_and_asked_once(
    hub: HubServer, monkeypatch: pytest.MonkeyPatch, fault: Hang | Status, code: str
) -> None:
    monkeypatch.setattr("mistudio_core.sources.client.READ_TIMEOUT_S", 0.5)
    monkeypatch.setattr(hub_search, "SEARCH_SECONDS", 1.0)
    hub.faults.add("/api/datasets", fault)
    begun = time.monotonic()
    with pytest.raises(StudioError) as caught:
        search("acme", limit=8)
    assert caught.value.code == code
    assert time.monotonic() - begun < 8
    assert hub.log.count("/api/datasets") == 1


def test_a_token_that_the_hub_does_not_know_is_named(hub: HubServer, tmp_path: Path) -> None:
    library = Library.open(tmp_path / "library")
    with pytest.raises(StudioError) as caught:
        library.search_hub("acme", hf_token=UNKNOWN_TOKEN)
    assert caught.value.code == "token_rejected"
    with pytest.raises(StudioError) as caught:
        library.search_hub("acme", limit=0)
    assert caught.value.code == "invalid_request"

"""The download of a tokenizer is bounded: by size, by free disk, by time, and by what the Hub announced."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from mistudio_core.errors import StudioError
from mistudio_core.sources import tokenizers
from mistudio_core.sources.tokenizers import load_tokenizer
from mistudio_core.tokenization.loading.files import belongs_to_tokenizer
from tests.hub import models
from tests.hub.faults import Bandwidth, Corrupt, Hang, Status, WrongLength
from tests.hub.repository import Repository
from tests.hub.server import HubServer

FILE = "GET hub*tokenizer.json"


@pytest.fixture
def repo(hub: HubServer) -> Repository:
    return hub.add(models.bpe())


def refused(folder: Path, **options: int) -> StudioError:
    root = folder / "kept"
    with pytest.raises(StudioError) as raised:
        load_tokenizer(root, "acme/tiny-gpt", **options)
    assert list(root.iterdir()) == []  # nothing half-done stays behind
    assert raised.value.hint
    return raised.value


def test_too_many_bytes_are_refused_before_they_move(
    hub: HubServer, repo: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokenizers, "MOST_BYTES", 1000)
    error = refused(tmp_path)
    size = sum(len(blob.content) for path, blob in repo.files.items() if belongs_to_tokenizer(path))
    assert error.code == "too_large"
    assert f"{size:,} bytes" in error.message
    assert "1,000 bytes" in error.message
    assert hub.bytes_sent() == 0


def test_too_many_files_are_refused(repo: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(repo.files) > 2
    monkeypatch.setattr(tokenizers, "MOST_FILES", 1)
    assert refused(tmp_path).code == "too_large"


@pytest.mark.usefixtures("repo")
def test_a_disk_without_room_is_told_with_both_numbers(hub: HubServer, tmp_path: Path) -> None:
    error = refused(tmp_path, keep_free=shutil.disk_usage(tmp_path).total)
    assert error.code == "disk_full"
    assert "needed" in error.message
    assert "free" in error.message
    assert hub.bytes_sent() == 0


@pytest.mark.usefixtures("repo")
def test_a_download_that_takes_too_long_ends(hub: HubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokenizers, "MOST_SECONDS", 0.5)
    hub.faults.add(FILE, Bandwidth(2000))
    assert refused(tmp_path).code == "hub_unreachable"


@pytest.mark.usefixtures("repo")
def test_wrong_bytes_are_not_taken(hub: HubServer, tmp_path: Path) -> None:
    hub.faults.add(FILE, Corrupt())
    assert refused(tmp_path).code == "corrupt_data"


@pytest.mark.usefixtures("repo")
@pytest.mark.parametrize("fault", [Status(503), WrongLength(by=100), Hang(after=10, seconds=0.1)])
def test_a_fault_that_passes_is_overcome(hub: HubServer, tmp_path: Path, fault: Status | WrongLength | Hang) -> None:
    hub.faults.add(FILE, fault, times=1)
    assert load_tokenizer(tmp_path, "acme/tiny-gpt").vocab_size == models.VOCABULARY


def test_names_of_files_lead_nowhere_else(hub: HubServer, repo: Repository, tmp_path: Path) -> None:
    """Only what stands at the root, or beside it among the templates, is fetched."""
    load_tokenizer(tmp_path, "acme/tiny-gpt")
    fetched = {item.target.rpartition("/resolve/")[2].partition("/")[2] for item in hub.log.find("/resolve/")}
    assert fetched <= set(repo.files)
    assert all("/" not in path for path in fetched)

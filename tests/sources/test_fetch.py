"""One file arrives whole and right, whatever the network does; or the reason is told and what arrived is kept."""

from __future__ import annotations

import os
import shutil
import time
from dataclasses import replace
from pathlib import Path

import pytest

from mistudio_core.errors import StudioError
from mistudio_core.sources import client, fetch, retry
from mistudio_core.sources.client import Hub
from mistudio_core.sources.failures import hub_failure
from mistudio_core.sources.plan import SourceFile
from mistudio_core.sources.remote_file import RemoteFile
from tests.hub import repositories
from tests.hub.access import READ_TOKEN
from tests.hub.faults import (
    Bandwidth,
    Corrupt,
    Cut,
    Fault,
    Hang,
    Latency,
    NoRange,
    Status,
    Truncate,
    WrongLength,
)
from tests.hub.repository import Repository
from tests.hub.server import HubServer

PATH = "data/train-00000-of-00001.parquet"


class Fetched:
    """A big file of a test Hub, and what came of fetching it."""

    def __init__(self, server: HubServer, folder: Path) -> None:
        self.server = server
        self.repo = server.add(repositories.big(1))
        self.content = self.repo.files[PATH].content
        (file,) = [one for one in Hub().tree(self.repo.id, self.repo.sha) if one.path == PATH]
        self.file = SourceFile("train", 0, PATH, file.size, file.sha256, file.sha1)
        self.target = folder / "train.parquet"
        self.part = folder / "train.parquet.part"
        self.counted = 0
        self.waits: list[float] = []
        server.log.clear()

    def run(self, **how: object) -> None:
        hub = Hub(on_wait=lambda seconds, _: self.waits.append(seconds), **how)  # type: ignore[arg-type]
        fetch.fetch(hub, hub.file_url(self.repo.id, self.repo.sha, PATH), self.file, self.target, self.count)
        assert self.target.read_bytes() == self.content
        assert self.counted == len(self.content)
        assert not self.part.exists()

    def count(self, count: int) -> None:
        self.counted += count

    @property
    def sent(self) -> int:
        return self.server.bytes_sent("GET storage")


@pytest.fixture
def fetched(hub: HubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fetched:
    monkeypatch.setattr(retry, "FIRST_WAIT_S", 0.01)
    monkeypatch.setattr(retry, "LONGEST_WAIT_S", 0.05)
    monkeypatch.setattr(client, "READ_TIMEOUT_S", 0.5)
    return Fetched(hub, tmp_path)


def test_a_file_is_fetched_once_and_then_known(fetched: Fetched) -> None:
    fetched.run()
    assert fetched.sent == len(fetched.content)
    fetched.counted = 0
    fetched.run()
    assert fetched.server.log.count() == 2  # the Hub and its storage, for the first time only


@pytest.mark.parametrize(
    ("fault", "times", "most_sent"),
    [
        (Cut(after=1_000_000, reset=True), 3, 1.3),
        (Cut(after=1_500_000), 10, 1.3),
        (Cut(after=100_000, reset=True), 4, 1.3),
        (Cut(), 3, 1.0),
        (Hang(after=2_000_000), 1, 1.3),
        (Hang(), 1, 1.0),
        (Status(500), 2, 1.0),
        (Status(503, {"Retry-After": "1"}), 1, 1.0),
        (Status(403), 1, 1.0),
        (Status(416), 1, 1.0),
        (Status(200, {"Content-Type": "text/html"}, b"<html>Sign in</html>"), 2, 1.1),
        (Truncate(1_000_000), 2, 1.6),
        (WrongLength(100), 1, 1.3),
        (WrongLength(-100), 1, 1.3),
        (Corrupt(), 1, 2.1),
    ],
)
def test_passing_faults_are_overcome_and_what_arrived_is_not_sent_again(
    fetched: Fetched, fault: Fault, times: int, most_sent: float
) -> None:
    fetched.server.faults.add("GET storage", fault, times=times)
    fetched.run()
    assert fetched.sent <= most_sent * len(fetched.content)


def test_an_expired_signature_is_renewed_at_the_hub(fetched: Fetched) -> None:
    fetched.server.faults.add("GET storage", Cut(after=2_000_000), times=1)
    fetched.server.faults.add("GET storage", Status(403), times=1, skip=1)
    fetched.run()
    assert fetched.server.log.count("GET hub") == 3
    assert fetched.sent < 1.1 * len(fetched.content)


def test_a_killed_fetch_goes_on_by_range(fetched: Fetched) -> None:
    fetched.part.write_bytes(fetched.content[:3_000_000])
    fetched.run()
    (stored,) = fetched.server.log.find("GET storage")
    assert stored.range == "bytes=3000000-"
    assert fetched.sent == len(fetched.content) - 3_000_000


def test_a_server_without_ranges_is_read_from_the_start(fetched: Fetched) -> None:
    fetched.part.write_bytes(b"x" * 1000)
    fetched.server.faults.add("GET storage", NoRange())
    fetched.run()
    assert fetched.sent >= len(fetched.content)


@pytest.mark.parametrize("size", [5_000_000, 4_000_000])
def test_a_beginning_of_something_else_is_found_out(fetched: Fetched, size: int) -> None:
    fetched.part.write_bytes(b"x" * size)
    fetched.run()
    assert fetched.sent >= len(fetched.content), "none of what lay there was kept"


def test_wrong_bytes_twice_are_told(fetched: Fetched) -> None:
    fetched.server.faults.add("GET storage", Corrupt())
    with pytest.raises(StudioError, match="failed its checksum") as caught:
        fetched.run()
    assert caught.value.code == "corrupt_data"
    assert not fetched.target.exists()


def test_small_files_are_checked_by_the_hash_of_git(hub: HubServer, tmp_path: Path) -> None:
    repo = hub.add(Repository("acme/small", {"a.txt": "hello\n", "empty.txt": ""}))
    for file in Hub().tree(repo.id, repo.sha):
        source = SourceFile("train", 0, file.path, file.size, file.sha256, file.sha1)
        assert source.sha1 is not None
        url = Hub().file_url(repo.id, repo.sha, file.path)
        fetch.fetch(Hub(), url, source, tmp_path / file.path, lambda _: None)
        assert (tmp_path / file.path).read_bytes() == repo.files[file.path].content
        (tmp_path / file.path).unlink()
        if file.size:
            with pytest.raises(StudioError):
                fetch.fetch(Hub(), url, replace(source, sha1="0" * 40), tmp_path / file.path, lambda _: None)


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (Status(500), "hub_unreachable"),
        (Status(404), "hub_unreachable"),
        (Status(429, {"Retry-After": "9999"}), "rate_limited"),
        (Cut(after=10_000, reset=True), "hub_unreachable"),
        (Hang(after=10_000), "hub_unreachable"),
    ],
)
def test_lasting_faults_are_told_and_what_arrived_is_kept(fetched: Fetched, fault: Fault, code: str) -> None:
    fetched.server.faults.add("GET storage", fault)
    with pytest.raises(Exception) as caught:  # noqa: PT011 - what kind it is, is what is tested
        fetched.run(attempts=3)
    assert hub_failure(caught.value, "acme/big", hf_token_given=False).code == code
    assert fetched.counted == (fetched.part.stat().st_size if fetched.part.exists() else 0)
    fetched.server.faults.clear()
    fetched.counted = 0
    fetched.run()


def test_the_hub_is_obeyed_when_it_asks_to_wait(fetched: Fetched) -> None:
    fetched.server.faults.add("GET storage", Status(429, {"Retry-After": "1"}), times=1)
    fetched.server.faults.add("GET hub", Status(429, {"RateLimit": '"resolvers";r=0;t=1'}), times=1, skip=1)
    began = time.monotonic()
    fetched.run()
    assert fetched.waits == [1.0, 1.0]
    assert time.monotonic() - began >= 2


def test_a_connection_that_hardly_moves_is_made_anew(fetched: Fetched, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "STALL_SECONDS", 0.3)
    monkeypatch.setattr(fetch, "STALL_BYTES", 1 << 30)
    fetched.server.faults.add("GET storage", Bandwidth(200_000), times=1)
    fetched.run()
    assert fetched.server.log.count("GET storage") == 2


def test_a_full_disk_is_no_fault_of_the_network(fetched: Fetched) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    fetched.part.symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left") as caught:
        fetched.run()
    assert hub_failure(caught.value, "acme/big", hf_token_given=False).code == "disk_full"
    assert fetched.server.log.count("GET storage") == 1


def test_the_token_goes_to_the_hub_and_never_to_storage(fetched: Fetched) -> None:
    fetched.server.faults.add("GET storage", Cut(after=1_000_000), times=1)
    fetched.run(hf_token=READ_TOKEN)
    assert fetched.server.log.tokens("GET hub") == {READ_TOKEN}
    assert fetched.server.log.tokens("GET storage") == set()


def test_pieces_of_a_remote_file_are_right_through_faults(fetched: Fetched) -> None:
    hub = Hub()
    url = hub.file_url(fetched.repo.id, fetched.repo.sha, PATH)
    fetched.server.faults.add("GET storage", Cut(after=30_000, reset=True), times=2)
    fetched.server.faults.add("GET storage", NoRange(), times=1, skip=3)
    fetched.server.faults.add("GET storage", Latency(0.01))
    remote = RemoteFile(hub, url, len(fetched.content))
    for start, length in ((0, 10), (100_000, 300_000), (400_000, 1), (4_000_000, 99_999_999), (5, 0), (200, 70_000)):
        assert remote.seek(start) == start
        assert remote.read(length) == fetched.content[start : start + length]
    assert remote.seek(-8, os.SEEK_END) == len(fetched.content) - 8
    assert remote.read() == fetched.content[-8:]
    buffer = bytearray(100)
    remote.seek(1000)
    assert remote.readinto(buffer) == 100
    assert bytes(buffer) == fetched.content[1000:1100]
    limited = RemoteFile(hub, url, len(fetched.content), longest_read=100)
    with pytest.raises(StudioError, match="at once"):
        limited.read(101)


def test_a_disk_that_is_removed_is_no_fault_of_the_network(fetched: Fetched, tmp_path: Path) -> None:
    fetched.target = tmp_path / "gone" / "train.parquet"
    fetched.target.parent.mkdir()
    shutil.rmtree(fetched.target.parent)
    with pytest.raises(FileNotFoundError):
        fetched.run()

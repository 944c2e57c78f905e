"""The faults of the test Hub do what they say, as often as they were asked to."""

from __future__ import annotations

import time

import httpx2
import pytest
from huggingface_hub import HfApi
from huggingface_hub.errors import HfHubHTTPError
from huggingface_hub.utils import get_session  # type: ignore[attr-defined]

from tests.hub import repositories
from tests.hub.faults import (
    Bandwidth,
    Compress,
    Corrupt,
    Cut,
    DropHeaders,
    Fault,
    Hang,
    Latency,
    NoRange,
    Status,
    Truncate,
    WrongLength,
)
from tests.hub.repository import Blob, Repository
from tests.hub.server import HubServer

PATH = "data/train-00000-of-00001.parquet"
STORAGE = "GET storage*train-00000"


@pytest.fixture
def repo(hub: HubServer) -> Repository:
    return hub.add(repositories.big(num_shards=1, shard_bytes=1_000_000))


@pytest.fixture
def blob(repo: Repository) -> Blob:
    return repo.files[PATH]


def url_of(hub: HubServer, repo: Repository, path: str = PATH) -> str:
    return f"{hub.endpoint}/datasets/{repo.id}/resolve/main/{path}"


def fetch(hub: HubServer, repo: Repository, path: str = PATH, **headers: str) -> httpx2.Response:
    named = {"Accept-Encoding": "identity", **{name.replace("_", "-"): value for name, value in headers.items()}}
    return get_session().get(url_of(hub, repo, path), headers=named, timeout=5)


def fetch_until_it_fails(hub: HubServer, repo: Repository) -> tuple[bytes, Exception]:
    """Return what arrived and the error that ended it."""
    arrived = b""
    try:
        with get_session().stream("GET", url_of(hub, repo), timeout=0.5) as answer:
            for chunk in answer.iter_raw():
                arrived += chunk
    except httpx2.TransportError as error:
        return arrived, error
    raise AssertionError("nothing went wrong")


@pytest.mark.parametrize(
    ("fault", "error", "num_bytes"),
    [
        (Cut(after=100_000), httpx2.RemoteProtocolError, 100_000),
        (Cut(after=100_000, reset=True), httpx2.ReadError, 100_000),
        (Cut(), httpx2.RemoteProtocolError, 0),
        (Cut(reset=True), httpx2.ReadError, 0),
        (Hang(after=100_000), httpx2.ReadTimeout, 100_000),
        (Hang(), httpx2.ReadTimeout, 0),
        (Latency(0.7), httpx2.ReadTimeout, 0),
        (WrongLength(by=10), httpx2.RemoteProtocolError, None),
    ],
)
def test_a_broken_transfer(
    hub: HubServer, repo: Repository, blob: Blob, fault: Fault, error: type[Exception], num_bytes: int | None
) -> None:
    rule = hub.faults.add(STORAGE, fault, times=1)
    arrived, raised = fetch_until_it_fails(hub, repo)
    assert type(raised) is error
    assert arrived == blob.content[:num_bytes]
    [exchange] = hub.log.find("GET storage")
    assert exchange.bytes_sent == len(arrived)
    assert exchange.faults == [type(fault).__name__]
    assert fetch(hub, repo).content == blob.content
    assert rule.hits == 1


def test_a_pause_within_a_body_ends(hub: HubServer, repo: Repository, blob: Blob) -> None:
    hub.faults.add(STORAGE, Hang(after=1000, seconds=0.3))
    started = time.monotonic()
    assert fetch(hub, repo).content == blob.content
    assert time.monotonic() - started >= 0.3


def test_statuses_with_headers(hub: HubServer, repo: Repository, blob: Blob) -> None:
    hub.faults.add(STORAGE, Status(429, {"Retry-After": "7"}), times=1)
    hub.faults.add(STORAGE, Status(200, {"Content-Type": "text/html"}, b"<html>sign in"), times=1, skip=1)
    first, second, third = (fetch(hub, repo) for _ in range(3))
    assert (first.status_code, first.headers["Retry-After"]) == (429, "7")
    assert (second.status_code, second.content) == (200, b"<html>sign in")
    assert third.content == blob.content
    hub.faults.add("/api/datasets/", Status(503))
    with pytest.raises(HfHubHTTPError) as caught:
        HfApi(token=False).dataset_info(repo.id)
    assert caught.value.response.status_code == 503
    hub.faults.clear()
    assert HfApi(token=False).dataset_info(repo.id).sha == repo.sha


def test_wrong_bytes_of_the_right_length(hub: HubServer, repo: Repository, blob: Blob) -> None:
    hub.faults.add(STORAGE, Corrupt(at=500, count=2), times=1)
    answer = fetch(hub, repo, Range="bytes=400-599")
    assert answer.status_code == 206
    expected = bytearray(blob.content[400:600])
    expected[100] ^= 0xFF
    expected[101] ^= 0xFF
    assert answer.content == bytes(expected)
    assert fetch(hub, repo).content == blob.content


def test_a_shorter_body_that_looks_whole(hub: HubServer, repo: Repository, blob: Blob) -> None:
    hub.faults.add(STORAGE, Truncate(after=1234), times=1)
    answer = fetch(hub, repo)
    assert (answer.status_code, answer.content) == (200, blob.content[:1234])


def test_less_announced_than_sent(hub: HubServer, repo: Repository, blob: Blob) -> None:
    hub.faults.add(STORAGE, WrongLength(by=-10), times=1)
    assert fetch(hub, repo).content == blob.content[:-10]
    assert fetch(hub, repo).content == blob.content


def test_a_range_that_is_ignored(hub: HubServer, repo: Repository, blob: Blob) -> None:
    hub.faults.add(STORAGE, NoRange(), times=1)
    whole, part = (fetch(hub, repo, Range="bytes=10-19") for _ in range(2))
    assert (whole.status_code, whole.content) == (200, blob.content)
    assert "Accept-Ranges" not in whole.headers
    assert (part.status_code, part.content) == (206, blob.content[10:20])


def test_headers_that_are_missing(hub: HubServer, repo: Repository) -> None:
    hub.faults.add("HEAD hub", DropHeaders(("x-repo-commit", "ETag")), times=1)
    bare, full = (get_session().head(url_of(hub, repo), follow_redirects=False) for _ in range(2))
    assert {"X-Repo-Commit", "ETag"}.isdisjoint(bare.headers)
    assert full.headers["X-Repo-Commit"] == repo.sha


def test_text_compressed_on_the_way(hub: HubServer, repo: Repository) -> None:
    readme = repo.files["README.md"].content
    hub.faults.add("README.md", Compress())
    packed = fetch(hub, repo, "README.md", Accept_Encoding="gzip", Range="bytes=5-")
    assert (packed.status_code, packed.headers["Content-Encoding"]) == (200, "gzip")
    assert "Content-Length" not in packed.headers
    assert packed.content == readme
    plain = fetch(hub, repo, "README.md", Range="bytes=5-")
    assert (plain.status_code, plain.content) == (206, readme[5:])


@pytest.mark.parametrize(("shared", "seconds"), [(False, 0.14), (True, 0.28)])
def test_bandwidth_of_each_or_of_all(hub: HubServer, repo: Repository, shared: bool, seconds: float) -> None:
    hub.faults.add(STORAGE, Bandwidth(500_000, shared=shared))
    started = time.monotonic()
    with get_session().stream("GET", url_of(hub, repo)) as one, get_session().stream("GET", url_of(hub, repo)) as two:
        for answer in (one, two):
            arrived = 0
            for chunk in answer.iter_raw(10_000):
                arrived += len(chunk)
                if arrived >= 100_000:
                    break
    # 100 kB from each at 500 kB/s, less the first piece of each, which is not waited for.
    assert time.monotonic() - started >= seconds


def test_a_fault_of_a_body_spares_redirects_and_heads(hub: HubServer, repo: Repository, blob: Blob) -> None:
    rule = hub.faults.add("train-00000", Truncate(after=5), times=1)
    get_session().head(url_of(hub, repo))
    assert rule.hits == 0
    assert fetch(hub, repo).content == blob.content[:5]
    assert rule.hits == 1


def test_the_log_tells_who_asked_what(hub: HubServer, repo: Repository, blob: Blob) -> None:
    fetch(hub, repo, Range="bytes=100-199", Authorization="Bearer hf_test_stranger")
    redirect, sent = hub.log.find("train-00000")
    assert (redirect.host, redirect.status, redirect.token) == ("hub", 302, "hf_test_stranger")
    assert (sent.host, sent.status, sent.range, sent.token) == ("storage", 206, "bytes=100-199", None)
    assert hub.log.tokens("hub") == {"hf_test_stranger"}
    assert hub.bytes_sent(STORAGE) == hub.bytes_sent() == 100
    assert f"{PATH} bytes=100-199 -> 206 100 B" in str(hub.log)
    hub.log.clear()
    assert hub.log.find() == []


def test_what_a_client_does_not_read_is_hardly_sent(hub: HubServer) -> None:
    repo = hub.add(repositories.big(num_shards=1, shard_bytes=20_000_000))
    with get_session().stream("GET", url_of(hub, repo)) as answer:
        next(answer.iter_raw(1000))
    assert 1000 <= hub.bytes_sent() < len(repo.files[PATH].content) // 2

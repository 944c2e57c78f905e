"""The Hub's API is waited for as its files are, and each odd answer has a message of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from mistudio_core.errors import StudioError
from mistudio_core.sources import hub as looking
from mistudio_core.sources.client import Hub
from mistudio_core.sources.failures import hub_failure
from mistudio_core.sources.fetch import fetch
from mistudio_core.sources.plan import SourceFile
from tests.hub import repositories
from tests.hub.faults import DropHeaders, Fault, Status
from tests.hub.server import HubServer

ROOT = Path(__file__).resolve().parents[2]
RESOLVE = """
from mistudio_core.errors import StudioError
from mistudio_core.sources.client import Hub, session
from mistudio_core.sources.failures import hub_failure
from mistudio_core.sources.resolve import resolve
session()
try:
    plan = resolve(Hub(), "acme/plain", revision=None, config=None, splits=None)
    print("resolved", len(plan.files))
except Exception as error:
    failure = hub_failure(error, "acme/plain", hf_token_given=False)
    print(failure.code, failure.message)
"""


def resolved(hub: HubServer, cache: Path) -> str:
    """Return what a download's first step comes to in a process of its own: `datasets` remembers what it has seen."""
    environment = hub.environment(cache) | {"HF_HUB_DISABLE_IMPLICIT_TOKEN": "1"}
    command = [sys.executable, "-W", "ignore", "-c", RESOLVE]
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300)
    assert run.returncode == 0, run.stderr
    return run.stdout.strip()


@pytest.mark.parametrize("fault", [Status(429, {"Retry-After": "0"}), Status(503)])
def test_every_question_of_a_download_is_asked_again(hub: HubServer, tmp_path: Path, fault: Status) -> None:
    hub.add(repositories.plain())
    for pattern, skip in (
        ("GET hub /api/datasets/acme/plain/revision", 0),
        ("GET hub /api/datasets/acme/plain/tree", 1),
    ):
        hub.faults.add(pattern, fault, times=2, skip=skip)
    assert resolved(hub, tmp_path).startswith("resolved")


@pytest.mark.parametrize(
    ("fault", "words"),
    [(DropHeaders(("ETag",)), "lacks the header ETag"), (DropHeaders(("X-Repo-Commit",)), "the header X-Repo-Commit")],
)
def test_a_missing_header_is_named(hub: HubServer, tmp_path: Path, fault: Fault, words: str) -> None:
    hub.add(repositories.plain())
    hub.faults.add("hub", fault)
    told = resolved(hub, tmp_path)
    assert told.startswith("hub_unreachable")
    assert words in told


def test_a_look_waits_for_a_hub_that_asks_for_it(hub: HubServer, tmp_path: Path) -> None:
    hub.add(repositories.plain())
    hub.faults.add("/api/datasets/acme/plain", Status(429, {"Retry-After": "0"}), times=4)
    assert looking.look("acme/plain", home=tmp_path).repo_id == "acme/plain"


def test_a_look_gives_up_at_its_limit(hub: HubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looking, "INSPECT_SECONDS", 1.5)
    hub.add(repositories.plain())
    rule = hub.faults.add("/api/datasets/acme/plain", Status(429, {"Retry-After": "0"}))
    with pytest.raises(StudioError) as raised:
        looking.look("acme/plain", home=tmp_path)
    assert raised.value.code == "rate_limited"
    assert 2 <= rule.hits <= 5


@pytest.mark.parametrize("status", [401, 403])
def test_storage_that_refuses_is_asked_again_and_then_told(hub: HubServer, tmp_path: Path, status: int) -> None:
    repo = hub.add(repositories.big(1))
    (path, blob), *_ = [(path, blob) for path, blob in repo.files.items() if blob.lfs]
    source = SourceFile("train", 0, path, len(blob.content), blob.sha256, None)
    url = Hub().file_url(repo.id, repo.sha, path)
    hub.faults.add("GET storage", Status(status), times=1)
    fetch(Hub(), url, source, tmp_path / "once", lambda _: None)
    assert (tmp_path / "once").read_bytes() == blob.content
    hub.faults.clear()
    hub.faults.add("GET storage", Status(status))
    with pytest.raises(Exception) as raised:  # noqa: PT011 - what it is called, is what is tested
        fetch(Hub(attempts=2), url, source, tmp_path / "never", lambda _: None)
    failure = hub_failure(raised.value, repo.id, hf_token_given=False)
    assert failure.code == "hub_unreachable"
    assert f"status {status}" in failure.message
    assert "storage" in failure.message

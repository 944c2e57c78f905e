"""A download survives kills, faults and a moving repository, and its access token is nowhere but at the Hub."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mistudio_core.errors import StudioError
from mistudio_core.files import read_json
from mistudio_core.library import Library
from mistudio_core.records import Job
from tests.hub import repositories
from tests.hub.access import LIMITED_TOKEN, READ_TOKEN, STRANGER_TOKEN
from tests.hub.faults import Bandwidth, Corrupt, Cut, Hang, Status
from tests.hub.repository import Repository
from tests.hub.rows import jsonl, rows
from tests.hub.server import HubServer
from tests.support.fetching import downloaded, failed, finished, kill, texts_below, until, whole

STORAGE = "GET storage"


@pytest.fixture
def library(tmp_path: Path, hub: HubServer) -> Iterator[Library]:
    made = Library.open(tmp_path / "library")
    yield made
    for job in made.jobs(active=True):
        made.cancel(job.id)


def newest(library: Library, dataset_id: str) -> Job:
    return library.jobs(dataset_id)[0]


def data_bytes(repo: Repository) -> int:
    return sum(len(blob.content) for path, blob in repo.files.items() if path != "README.md")


@pytest.mark.parametrize("kill_at", [0.1, 0.45, 0.9])
def test_a_killed_download_goes_on_where_it_was(library: Library, hub: HubServer, kill_at: float) -> None:
    repo = hub.add(repositories.big())
    total = data_bytes(repo)
    pace = hub.faults.add(STORAGE, Bandwidth(4_000_000))
    dataset = library.download("acme/big")
    hub.log.clear()
    until(lambda: hub.bytes_sent(STORAGE) > kill_at * total)
    kill(library, newest(library, dataset.id))
    before = hub.bytes_sent(STORAGE)
    assert library.dataset(dataset.id).status == "error"
    hub.faults.clear()
    assert pace.hits
    library.retry(dataset.id)
    assert finished(library, dataset).status == "succeeded"
    again, splits = whole(library, dataset.id)
    assert splits["train"]["id"].to_pylist() == [n % 2000 for n in range(6000)]
    assert again.revision == repo.sha
    lost = hub.bytes_sent(STORAGE) - total
    assert lost < 3 * 500_000, f"{before} were sent before the kill\n{hub.log}"  # what was on its way, of three files


def test_kills_at_any_moment_leave_nothing_behind_but_time(library: Library, hub: HubServer) -> None:
    hub.add(repositories.two_configs())
    dataset = library.download("acme/two-configs")
    hub.log.clear()  # of what looking asked
    for hits in ("/tree/", "README.md", "train-00000", "train-00002", "test-00000"):
        until(lambda hits=hits: hub.log.count(hits) > 0 or not newest(library, dataset.id).active)  # type: ignore[misc]
        if not newest(library, dataset.id).active:
            break
        kill(library, newest(library, dataset.id))
        library.retry(dataset.id)
        hub.log.clear()
    job = finished(library, dataset)
    assert job.status == "succeeded", (job.error, library.log(job.id))
    _, splits = whole(library, dataset.id)
    assert splits["train"].to_pylist() == rows(100, seed=0) + rows(100, seed=1) + rows(100, seed=2)


def test_a_resumed_download_stays_at_its_commit(library: Library, hub: HubServer) -> None:
    repo = hub.add(Repository("acme/moving", {f"train-{n}.jsonl": jsonl(rows(2000, seed=n)) for n in range(3)}))
    pinned = repo.sha
    hub.faults.add("train-1.jsonl", Hang(), skip=0)
    dataset = library.download("acme/moving")
    until(lambda: hub.log.count("GET hub*train-1.jsonl") > 0)
    kill(library, newest(library, dataset.id))
    repo.commit({"train-2.jsonl": jsonl(rows(5, seed=77)), "train-3.jsonl": jsonl(rows(5, seed=78))})
    hub.faults.clear()
    library.retry(dataset.id)
    finished(library, dataset)
    dataset, splits = whole(library, dataset.id)
    assert (dataset.revision, splits["train"].num_rows) == (pinned, 6000)


def test_files_that_were_finished_are_not_asked_for_again(library: Library, hub: HubServer) -> None:
    hub.add(repositories.big())
    hub.faults.add("GET storage*train-00002", Status(404))
    dataset, job = failed(library, "acme/big")
    assert job.error is not None
    assert job.error.code == "hub_unreachable"
    assert dataset.status == "error"
    hub.faults.clear()
    hub.log.clear()
    library.download("acme/big")  # the same request again resumes
    assert finished(library, dataset).status == "succeeded"
    whole(library, dataset.id)
    looked = 3 * 65536
    assert hub.bytes_sent("storage*train-00000") + hub.bytes_sent("storage*train-00001") <= looked


def test_a_bad_network_delays_and_does_not_fail(library: Library, hub: HubServer) -> None:
    repo = hub.add(repositories.big())
    for fault, times in ((Cut(after=900_000, reset=True), 4), (Status(503), 1), (Status(403), 1), (Corrupt(), 1)):
        hub.faults.add("GET storage*train-0000", fault, times=times, skip=3)
    hub.faults.add("GET hub /api/datasets/acme/big/tree", Status(500), times=2, skip=1)
    hub.faults.add("HEAD hub", Cut(reset=True), times=1)
    _, splits = downloaded(library, "acme/big")
    assert splits["train"].num_rows == 6000
    assert hub.bytes_sent(STORAGE) < 2 * data_bytes(repo)


def test_waiting_for_the_hub_is_told(library: Library, hub: HubServer) -> None:
    hub.add(repositories.plain())
    hub.faults.add("/resolve/*train-00000", Status(429, {"Retry-After": "2"}), times=1, skip=1)
    dataset = library.download("acme/plain")
    until(lambda: "attempt 2 follows in 2 s" in newest(library, dataset.id).message)
    assert finished(library, dataset).status == "succeeded"


def test_progress_tells_bytes_files_and_rows(library: Library, hub: HubServer) -> None:
    repo = hub.add(repositories.big())
    hub.faults.add(STORAGE, Bandwidth(1_000_000))  # three files at once
    dataset = library.download("acme/big")
    seen: dict[int, Job] = {}
    job = library.wait(dataset.id, on_progress=lambda job: seen.update({job.progress_seq: job}), timeout=300)
    assert job.status == "succeeded"
    moving = [one for one in seen.values() if one.phase == "downloading" and one.rate and one.eta_s is not None]
    assert len(moving) >= 3
    assert all((one.unit, one.total) == ("bytes", data_bytes(repo)) for one in moving)
    assert [one.done for one in moving] == sorted(one.done for one in moving)
    assert 1_000_000 < moving[-1].rate < 6_000_000 if moving[-1].rate else False
    assert moving[-1].live["files_total"] == 3
    assert {one.phase for one in seen.values()} >= {"downloading", "processing"}


def test_a_cancelled_download_can_be_resumed(library: Library, hub: HubServer) -> None:
    hub.add(repositories.big())
    hub.faults.add(STORAGE, Bandwidth(1_000_000), skip=3)
    dataset = library.download("acme/big")
    until(lambda: hub.bytes_sent(STORAGE) > 1_500_000)
    library.cancel(newest(library, dataset.id).id)
    until(lambda: not newest(library, dataset.id).active)
    assert library.dataset(dataset.id).error is not None
    hub.faults.clear()
    library.retry(dataset.id)
    assert finished(library, dataset).status == "succeeded"
    whole(library, dataset.id)


def test_gated_and_private_data_and_where_the_token_goes(library: Library, hub: HubServer) -> None:
    hub.add(repositories.gated())
    hub.add(repositories.private())
    gated, _ = downloaded(library, "acme/gated", hf_token=READ_TOKEN)
    private, _ = downloaded(library, "researcher/private", hf_token=f"{READ_TOKEN}\n")
    assert (gated.access, private.access) == ("gated", "private")
    assert hub.log.tokens("hub") == {READ_TOKEN}
    assert hub.log.tokens("storage") == set()
    assert READ_TOKEN not in texts_below(library.home.root)
    assert "Signature=" not in texts_below(library.home.root)


@pytest.mark.parametrize("token", [None, STRANGER_TOKEN, LIMITED_TOKEN])
def test_a_closed_gate_is_told_before_data_moves_and_leaves_nothing(
    library: Library, hub: HubServer, token: str | None
) -> None:
    hub.add(repositories.gated())
    with pytest.raises(StudioError, match="gated") as caught:
        library.download("acme/gated", hf_token=token)
    assert caught.value.code == "gated"
    assert library.datasets() == []
    assert library.jobs() == []
    assert hub.bytes_sent(STORAGE) == 0


def test_a_failure_with_a_token_keeps_it_out_of_files_and_logs(library: Library, hub: HubServer) -> None:
    hub.add(repositories.private())
    hub.faults.add("GET storage", Status(404), skip=1)
    dataset, job = failed(library, "researcher/private", hf_token=READ_TOKEN)
    assert dataset.status == "error"
    assert "Traceback" in library.log(job.id)
    below = texts_below(library.home.root)
    assert READ_TOKEN not in below
    assert "Signature=" not in below
    assert read_json(library.home.job(job.id) / "request.json")["used_token"] is True
    with pytest.raises(StudioError, match="token"):
        library.retry(dataset.id)
    hub.faults.clear()
    library.retry(dataset.id, hf_token=READ_TOKEN)
    assert finished(library, dataset).status == "succeeded"

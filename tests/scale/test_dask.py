"""One plan on a Dask cluster of two processes: killed workers and cancelled tasks change no byte."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from distributed import Client, LocalCluster

from mistudio_core.errors import StudioError
from mistudio_core.raw import open_splits
from mistudio_core.tokenization.scale import run as scale_run
from mistudio_core.tokenization.scale.board import Board
from mistudio_core.tokenization.scale.places import run_on
from mistudio_core.tokenization.scale.run import run
from mistudio_core.tokenization.scale.status import status
from mistudio_core.tokenization.scale.tokenizing import open_task, tokenize
from mistudio_core.tokenization.tokenizer.stored import StoredTokenizer
from tests.scale.killer import Killer, receipts
from tests.support.planned import SHARD_BYTES, SIX, dataset_folder, made_texts, plan_of, recipe_of, same_files
from tests.support.tokenizer_families import family

KILLS = 5


@pytest.fixture(scope="module")
def cluster() -> Iterator[LocalCluster]:
    with LocalCluster(n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None) as running:
        yield running


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> StoredTokenizer:
    return family(tmp_path_factory.mktemp("tokenizers"), "own")


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return dataset_folder(tmp_path_factory.mktemp("dataset"), made_texts())


@pytest.fixture
def expected(dataset: Path, tokenizer: StoredTokenizer, tmp_path: Path, name: str) -> Path:
    recipe = recipe_of(dataset, **SIX[name])
    task = open_task(tmp_path / "laptop", open_splits(dataset), recipe, tokenizer, shard_bytes=SHARD_BYTES)
    tokenize(task, {}, threads=1, report=lambda _phase, _tally: None)
    return task.folder


@pytest.mark.parametrize("name", SIX)
def test_the_bytes_are_those_of_one_machine(
    cluster: LocalCluster, dataset: Path, tokenizer: StoredTokenizer, expected: Path, tmp_path: Path, name: str
) -> None:
    plan = plan_of(tmp_path / "plan", dataset, tokenizer, **SIX[name])
    run_on(plan.folder, cluster.scheduler_address.replace("tcp://", "dask://"))
    assert same_files(expected, plan.task.folder) == []
    assert {word["pid"] for word in Board(plan.folder).workers()} & pids(cluster)


@pytest.mark.parametrize("name", ["shuffled documents"])
def test_killed_workers_change_no_byte(
    cluster: LocalCluster, dataset: Path, tokenizer: StoredTokenizer, expected: Path, tmp_path: Path, name: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(scale_run, "RUN", 4)
    plan = plan_of(tmp_path / "plan", dataset, tokenizer, **SIX[name])

    def is_worker(process: psutil.Process) -> bool:
        return process.pid in pids(cluster)

    with Killer(is_worker, plan.task.work, KILLS, most_steps=6) as killer, Client(cluster) as client:
        run(plan.folder, client.get_executor())
    assert killer.kills > 1
    assert same_files(expected, plan.task.folder) == []
    assert Board(plan.folder).failures() == []


@pytest.mark.parametrize("name", ["continuous"])
def test_cancelled_tasks_end_and_the_next_run_does_what_is_missing(
    cluster: LocalCluster, dataset: Path, tokenizer: StoredTokenizer, expected: Path, tmp_path: Path, name: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(scale_run, "RUN", 1)
    plan = plan_of(tmp_path / "plan", dataset, tokenizer, **SIX[name])
    board, ended = Board(plan.folder), threading.Event()

    def cancel_soon() -> None:
        while not receipts(plan.task.work) and not ended.wait(0.005):
            pass
        board.cancel()

    with Client(cluster) as client:
        cancelling = threading.Thread(target=cancel_soon)
        cancelling.start()
        with pytest.raises(StudioError, match="cancelled"):
            run(plan.folder, client.get_executor())
        ended.set()
        cancelling.join()
        while any(client.processing().values()):
            ended.wait(0.05)
        first = receipts(plan.task.work)
        assert 0 < len(first) < len(plan.task.plan.shards)
        assert status(plan.folder)["cancelled"]
        assert board.failures() == []
        run(plan.folder, client.get_executor())
    assert same_files(expected, plan.task.folder) == []


def pids(cluster: LocalCluster) -> set[int]:
    """Return the processes of the workers that live now."""
    return {nanny.pid for nanny in cluster.workers.values() if nanny.pid is not None}

"""One plan on a real Slurm with killed jobs and a lost node: what is missing is done, and the bytes are equal."""

from __future__ import annotations

import os
import shlex
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from mistudio_core.errors import StudioError
from mistudio_core.raw import open_splits
from mistudio_core.tokenization.scale import places
from mistudio_core.tokenization.scale.board import Board
from mistudio_core.tokenization.scale.places import run_on
from mistudio_core.tokenization.scale.run import merge_plan
from mistudio_core.tokenization.scale.status import status
from mistudio_core.tokenization.scale.tokenizing import open_task, tokenize
from tests.scale.killer import Killer, receipts
from tests.scale.slurm_cluster import PROGRAMS, SlurmCluster, is_installed, slurm_cluster
from tests.support.planned import SHARD_BYTES, SIX, dataset_folder, made_texts, plan_of, recipe_of, same_files
from tests.support.tokenizer_families import family

ROOT = Path(__file__).resolve().parents[2]
TASKS = 4
KILLS = 4


@pytest.fixture(scope="module")
def cluster() -> Iterator[SlurmCluster]:
    if not is_installed():
        reason = f"Slurm ({', '.join(PROGRAMS)}) is not installed, so no plan was run on it."
        if os.environ.get("MISTUDIO_REQUIRE_SLURM") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    with slurm_cluster() as running:
        yield running


def test_a_cancelled_plan_leaves_the_queue(
    cluster: SlurmCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLURM_CONF", str(cluster.configuration))
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(places, "RUN", 1)
    dataset = dataset_folder(tmp_path / "dataset", made_texts())
    plan = plan_of(tmp_path / "plan", dataset, family(tmp_path / "tokenizers", "own"), **SIX["continuous"])
    board, ended = Board(plan.folder), threading.Event()

    def cancel_soon() -> None:
        while not cluster.call("squeue", "--noheader") and not ended.wait(0.05):
            pass
        board.cancel()

    cancelling = threading.Thread(target=cancel_soon)
    cancelling.start()
    with pytest.raises(StudioError, match="cancelled"):
        run_on(plan.folder, "slurm")
    ended.set()
    cancelling.join()
    cluster.wait_for_jobs()
    assert len(receipts(plan.task.work)) < len(plan.task.plan.shards)
    assert board.failures() == []
    assert len(list((plan.folder / "slurm").glob("*.log"))) <= len(plan.task.plan.shards)  # one array, not five


def test_killed_jobs_and_a_lost_node_change_no_byte(
    cluster: SlurmCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLURM_CONF", str(cluster.configuration))
    monkeypatch.chdir(ROOT)
    dataset, fields = dataset_folder(tmp_path / "dataset", made_texts(1200)), SIX["continuous"]
    tokenizer = family(tmp_path / "tokenizers", "own")
    task = open_task(
        tmp_path / "laptop", open_splits(dataset), recipe_of(dataset, **fields), tokenizer, shard_bytes=SHARD_BYTES
    )
    tokenize(task, {}, threads=1, report=lambda _phase, _tally: None)
    plan = plan_of(tmp_path / "plan", dataset, tokenizer, **fields)
    shards = len(plan.task.plan.shards)
    assert shards >= 4 * TASKS

    def is_worker(process: psutil.Process) -> bool:
        command = process.cmdline()
        return "shard" in command and str(plan.folder) in command

    # An array as its user writes it: each process of the first two is killed as it starts, and nobody submits it again.
    command = shlex.join([sys.executable, "-m", "mistudio_core", "shard", str(plan.folder), "--json"])
    with Killer(is_worker, plan.task.work, 2, most_steps=0) as killer:
        cluster.call(
            "sbatch", f"--array=0-{TASKS - 1}", f"--output={tmp_path}/%a.log", script=f"#!/bin/sh\nexec {command}\n"
        )
        cluster.wait_for_jobs()
    assert killer.kills == 2
    first = receipts(plan.task.work)
    assert 0 < len(first) < shards, cluster.logs()
    assert status(plan.folder)["stage"] == "encode"

    # The command run submits arrays until all is done, while jobs are killed at random and a node is lost.
    before_merge: dict[str, int] = {}

    def merging(*arguments: Any, **named: Any) -> Any:
        before_merge.update(receipts(plan.task.work))
        return merge_plan(*arguments, **named)

    monkeypatch.setattr(places, "merge_plan", merging)
    monkeypatch.setattr(places, "RUN", -(-shards // TASKS))
    with Killer(is_worker, plan.task.work, KILLS) as killer:
        cluster.kill_node("node2")
        manifest = run_on(plan.folder, "slurm", ["--partition=cpu"])
    assert killer.kills > 0
    assert same_files(tmp_path / "laptop", plan.task.folder) == []
    assert manifest["num_sequences"] > 0
    assert status(plan.folder)["stage"] == "ready"
    assert Board(plan.folder).failures() == []
    assert {name: before_merge[name] for name in first} == first  # what was done is not done again

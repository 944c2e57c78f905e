"""One plan made by one process, by seven in random order and by an executor: the bytes are those of one machine."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mistudio_core.cli.run import run as command
from mistudio_core.errors import StudioError
from mistudio_core.files import read_json
from mistudio_core.raw import open_splits
from mistudio_core.tokenization.engines.identity import SampledEngine
from mistudio_core.tokenization.scale import run as scale_run
from mistudio_core.tokenization.scale.board import Board
from mistudio_core.tokenization.scale.planfile import open_plan
from mistudio_core.tokenization.scale.run import merge_plan, run
from mistudio_core.tokenization.scale.status import status
from mistudio_core.tokenization.scale.tokenizing import open_task, tokenize
from mistudio_core.tokenization.scale.worker import DIFFER, DONE, FAILED, NOT_SETTLED, rank_and_world, share, work
from mistudio_core.tokenization.tokenizer.stored import StoredTokenizer
from tests.support.planned import (
    SHARD_BYTES,
    SIX,
    dataset_folder,
    made_texts,
    plan_of,
    recipe_of,
    same_files,
    seal_dataset,
)
from tests.support.tokenizer_families import family

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> StoredTokenizer:
    return family(tmp_path_factory.mktemp("tokenizers"), "own")


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return dataset_folder(tmp_path_factory.mktemp("dataset"))


def laptop(folder: Path, dataset: Path, tokenizer: StoredTokenizer, threads: int = 1, **fields: Any) -> Path:
    """Tokenize as the app does, and return the folder."""
    task = open_task(folder, open_splits(dataset), recipe_of(dataset, **fields), tokenizer, shard_bytes=SHARD_BYTES)
    tokenize(task, {}, threads=threads, report=lambda _phase, _tally: None)
    return folder


def ranks(plan: Path, world: int, seed: int) -> None:
    """Let each rank work in random order until all have done their share."""
    random, waiting = Random(seed), list(range(world))
    for _ in range(10):
        random.shuffle(waiting)
        waiting = [rank for rank in waiting if work(plan, rank, world) != DONE]
        if not waiting:
            return
    raise AssertionError(waiting)


@pytest.mark.parametrize("name", SIX)
def test_the_bytes_are_those_of_one_machine(
    dataset: Path, tokenizer: StoredTokenizer, tmp_path: Path, name: str
) -> None:
    fields = SIX[name]
    expected = laptop(tmp_path / "laptop", dataset, tokenizer, **fields)
    eight = laptop(tmp_path / "eight", dataset, tokenizer, 8, **fields)
    assert same_files(expected, eight) == []
    alone = plan_of(tmp_path / "alone", dataset, tokenizer, **fields)
    assert work(alone.folder) == DONE
    merge_plan(alone.folder)
    assert same_files(expected, alone.task.folder) == []
    many = plan_of(tmp_path / "many", dataset, tokenizer, **fields)
    ranks(many.folder, 7, seed=len(name))
    assert status(many.folder)["failed"] == []
    manifest = merge_plan(many.folder)
    assert same_files(expected, many.task.folder) == []
    assert status(many.folder)["stage"] == "ready"
    laptops = read_json(expected / "manifest.json")
    differing = {key for key in laptops if laptops[key] != manifest.get(key)}
    assert differing <= {"ready_at", "sha256", "size_bytes"}
    again = merge_plan(many.folder)
    assert again == manifest


class Unreliable(ThreadPoolExecutor):
    """Loses every third task before it runs, as a cluster does with a worker."""

    submitted = 0

    def submit(self, function: Any, /, *arguments: Any, **named: Any) -> Future[Any]:
        self.submitted += 1
        if self.submitted % 3 == 0:
            lost: Future[Any] = Future()
            lost.set_exception(RuntimeError("the worker is gone"))
            return lost
        return super().submit(function, *arguments, **named)


def test_an_executor_that_loses_tasks_gets_there(
    dataset: Path, tokenizer: StoredTokenizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fields = SIX["shuffled documents"]
    expected = laptop(tmp_path / "laptop", dataset, tokenizer, **fields)
    plan = plan_of(tmp_path / "plan", dataset, tokenizer, **fields)
    monkeypatch.setattr(scale_run, "RUN", 2)
    with Unreliable(1) as executor:
        run(plan.folder, executor)
        assert executor.submitted > 10
    assert same_files(expected, plan.task.folder) == []


def test_ranks_share_all_steps_and_no_step_twice() -> None:
    for parts, world in ((0, 3), (1, 3), (14, 7), (100, 7), (5000, 8), (5, 1)):
        shares = [share(range(parts), rank, world) for rank in range(world)]
        assert sorted(part for mine in shares for part in mine) == list(range(parts))
    assert share(range(5000), 0, 8)[:33] == [*range(32), 256]  # runs of consecutive shards


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, (0, 1)),
        ({"SLURM_ARRAY_TASK_ID": "5", "SLURM_ARRAY_TASK_MIN": "2", "SLURM_ARRAY_TASK_COUNT": "4"}, (3, 4)),
        ({"JOB_COMPLETION_INDEX": "2", "JOB_COMPLETIONS": "6"}, (2, 6)),
        ({"AWS_BATCH_JOB_ARRAY_INDEX": "1", "AWS_BATCH_JOB_ARRAY_SIZE": "2"}, (1, 2)),
        ({"OMPI_COMM_WORLD_RANK": "7", "OMPI_COMM_WORLD_SIZE": "8"}, (7, 8)),
        ({"SLURM_ARRAY_TASK_ID": "odd", "SLURM_ARRAY_TASK_COUNT": "4"}, (0, 1)),
    ],
)
def test_rank_and_world_come_from_the_scheduler(environment: dict[str, str], expected: tuple[int, int]) -> None:
    assert rank_and_world(environment) == expected


@pytest.mark.parametrize(("files", "groups"), [(1, (400,)), (3, (7,)), (50, (3, 11))])
def test_other_files_give_the_same_bytes_with_the_seams_of_a_tokenization(
    dataset: Path, tokenizer: StoredTokenizer, tmp_path: Path, files: int, groups: tuple[int, ...]
) -> None:
    expected = laptop(tmp_path / "laptop", dataset, tokenizer, **SIX["continuous"])
    other = tmp_path / "other"
    for split, texts in (("train", made_texts()), ("test", made_texts()[350:])):
        (other / "raw" / split).mkdir(parents=True)
        size = -(-len(texts) // files)
        for number, first in enumerate(range(0, len(texts), size)):
            table = pa.table({"text": pa.array(texts[first : first + size], pa.string())})
            path = other / "raw" / split / f"part-0-{number:05d}.parquet"
            pq.write_table(table, path, row_group_size=groups[number % len(groups)])
    seal_dataset(other, {"train": 400, "test": 50})
    like = read_json(expected / "manifest.json")
    plan = plan_of(tmp_path / "plan", other, tokenizer, like=like, **SIX["continuous"])
    assert work(plan.folder) == DONE
    merge_plan(plan.folder)
    assert same_files(expected, plan.task.folder) == []


def test_a_plan_like_a_tokenization_of_other_samples_is_refused(
    dataset: Path, tokenizer: StoredTokenizer, tmp_path: Path
) -> None:
    like = read_json(laptop(tmp_path / "laptop", dataset, tokenizer, context_length=32) / "manifest.json")
    other = dataset_folder(tmp_path / "other", made_texts()[:300], test_from=250)
    with pytest.raises(StudioError, match="300 samples, and that of the tokenization 400"):
        plan_of(tmp_path / "plan", other, tokenizer, like=like, context_length=32)
    assert not (tmp_path / "plan").exists()


def test_engines_that_differ_on_one_worker_void_what_the_fast_one_made(
    dataset: Path, tokenizer: StoredTokenizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fields = SIX["continuous"]
    expected = laptop(tmp_path / "laptop", dataset, tokenizer, engine="reference", **fields)
    plan = plan_of(tmp_path / "plan", dataset, tokenizer, **fields)
    assert plan.document["engine"]["fast"]
    assert work(plan.folder, 0, 2) == DONE
    right = SampledEngine.encode

    def wrong(self: SampledEngine, texts: pa.LargeStringArray) -> Any:
        encoded = right(self, texts)
        encoded.ids[:] = encoded.ids[::-1].copy()
        return encoded

    with monkeypatch.context() as patch:
        patch.setattr(SampledEngine, "encode", wrong)
        # One worker whose fast engine gives wrong ids: the watcher or the hard strings see it before it publishes.
        patch.setattr("mistudio_core.tokenization.engines.fast.FastEngine.encode", _reversed())
        assert work(plan.folder, 1, 2) == DIFFER
    assert status(plan.folder)["differs"][0]["difference"]
    with pytest.raises(StudioError, match="gave other ids than the reference") as refused:
        merge_plan(plan.folder)
    assert refused.value.code == "engines_differ"
    ranks(plan.folder, 2, seed=1)
    manifest = merge_plan(plan.folder)
    assert manifest["engine"] == "reference"
    assert same_files(expected, plan.task.folder) == []


def _reversed() -> Any:
    from mistudio_core.tokenization.engines.fast import FastEngine

    right = FastEngine.encode

    def wrong(self: FastEngine, texts: pa.LargeStringArray) -> Any:
        encoded = right(self, texts)
        encoded.ids[:] = encoded.ids[::-1].copy()
        return encoded

    return wrong


def test_a_flipped_byte_is_made_again_by_the_merge(
    dataset: Path, tokenizer: StoredTokenizer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    expected = laptop(tmp_path / "laptop", dataset, tokenizer, **SIX["continuous"])
    plan = plan_of(tmp_path / "plan", dataset, tokenizer, **SIX["continuous"])
    assert work(plan.folder) == DONE
    for suffix in ("arrow", "side", "json"):
        path = plan.task.part({"arrow": 1, "side": 2, "json": 3}[suffix], suffix)
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(data)
    merge_plan(plan.folder)
    assert "encode 1 is made again" in caplog.text
    assert same_files(expected, plan.task.folder) == []


def test_a_merge_of_what_is_not_done_says_what_is_missing(
    dataset: Path, tokenizer: StoredTokenizer, tmp_path: Path
) -> None:
    plan = plan_of(tmp_path / "plan", dataset, tokenizer, **SIX["shuffled documents"])
    assert work(plan.folder, 0, 2) == NOT_SETTLED
    with pytest.raises(StudioError, match="steps of the stage encode are not done") as refused:
        merge_plan(plan.folder)
    assert refused.value.code == "in_use"
    found = status(plan.folder)
    assert (found["stage"], found["failed"]) == ("encode", [])
    assert 0 < found["done"] < found["total"] == len(plan.task.plan.shards)


def test_a_step_that_fails_is_told_and_tried_first_the_next_time(tokenizer: StoredTokenizer, tmp_path: Path) -> None:
    dataset = dataset_folder(tmp_path / "dataset")
    plan = plan_of(tmp_path / "plan", dataset, tokenizer, engine="reference", **SIX["continuous"])
    part = dataset / "raw" / "train" / "part-0-00000.parquet"
    data = part.read_bytes()
    damaged = bytearray(data)
    damaged[len(data) // 2 : len(data) // 2 + 500] = bytes(500)
    part.write_bytes(damaged)
    assert work(plan.folder) == FAILED
    failed = status(plan.folder)["failed"]
    assert failed
    assert {word["code"] for word in failed} == {"corrupt_data"}
    assert all("train/part-0-00000.parquet is damaged" in word["message"] for word in failed)
    with pytest.raises(StudioError, match="failed on"):
        run(plan.folder)
    part.write_bytes(data)
    run(plan.folder)
    assert status(plan.folder)["failed"] == []
    expected = laptop(tmp_path / "laptop", dataset, tokenizer, engine="reference", **SIX["continuous"])
    assert same_files(expected, plan.task.folder) == []


def test_a_cancelled_plan_stops_and_run_goes_on(dataset: Path, tokenizer: StoredTokenizer, tmp_path: Path) -> None:
    plan = plan_of(tmp_path / "plan", dataset, tokenizer, **SIX["continuous"])
    Board(plan.folder).cancel()
    with pytest.raises(StudioError, match="cancelled"):
        work(plan.folder)
    assert status(plan.folder)["cancelled"]
    run(plan.folder)
    assert status(plan.folder)["stage"] == "ready"


def test_a_plan_that_was_changed_or_is_none_is_refused(
    dataset: Path, tokenizer: StoredTokenizer, tmp_path: Path
) -> None:
    with pytest.raises(StudioError, match="There is no plan"):
        open_plan(tmp_path)
    plan = plan_of(tmp_path / "plan", dataset, tokenizer, context_length=32)
    with pytest.raises(StudioError, match="not empty"):
        plan_of(tmp_path / "plan", dataset, tokenizer, context_length=32)
    path = plan.folder / "plan.json"
    path.write_bytes(path.read_bytes().replace(b'"context_length":32', b'"context_length":33'))
    with pytest.raises(StudioError, match="does not match its checksum"):
        open_plan(plan.folder)


def test_the_exit_status_tells_a_scheduler_what_to_do(
    dataset: Path, tokenizer: StoredTokenizer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = plan_of(tmp_path / "plan", dataset, tokenizer, **SIX["shuffled documents"])
    environment = os.environ | {"SLURM_ARRAY_TASK_ID": "0", "SLURM_ARRAY_TASK_COUNT": "2"}
    shard = [sys.executable, "-m", "mistudio_core", "shard", str(plan.folder), "--json"]
    first = subprocess.run(shard, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300)
    assert (first.returncode, json.loads(first.stdout)["stage"]) == (NOT_SETTLED, "encode"), first.stderr
    assert command(["shard", str(plan.folder), "--rank", "1", "--world", "2", "--json"]) == DONE
    assert command(["shard", str(plan.folder), "--rank", "0", "--world", "2", "--json"]) == DONE
    capsys.readouterr()
    assert command(["shard", str(plan.folder), "--rank", "2", "--world", "2", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "invalid_request"
    assert command(["merge", str(plan.folder), "--json"]) == DONE
    assert json.loads(capsys.readouterr().out)["stage"] == "ready"
    shutil.rmtree(plan.folder)
    assert command(["status", str(plan.folder), "--json"]) == 1

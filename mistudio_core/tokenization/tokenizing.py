"""The whole pass: shards handed to threads, progress told, what is whole already kept."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from mistudio_core.files import read_json, write_json
from mistudio_core.raw import RawSplit
from mistudio_core.tokenization.counting import TokenCounts
from mistudio_core.tokenization.engines import Engine, ReferenceEngine
from mistudio_core.tokenization.finish import MANIFEST, finish
from mistudio_core.tokenization.plan import make_plan
from mistudio_core.tokenization.policy import resolve_policy
from mistudio_core.tokenization.recipe import Recipe
from mistudio_core.tokenization.shards import Receipt, Step, Task, receipt_path, run_shard
from mistudio_core.tokenization.tokenizer import StoredTokenizer

_LOOK_S = 0.25


@dataclass(slots=True)
class Tally:
    """How far the pass is; filled by the threads, read by whoever tells the user."""

    total_samples: int
    counts: TokenCounts
    samples: int = 0
    text_bytes: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, step: Step) -> None:
        """Count a batch that is done."""
        with self.lock:
            self.samples += step.num_samples
            self.text_bytes += step.text_bytes
            self.counts.add_documents(step.lengths)
            self.counts.add_tokens(step.rows)

    def live(self) -> Mapping[str, Any]:
        """Return the statistics so far."""
        with self.lock:
            return self.counts.live()


Report = Callable[[str, Tally], None]
"""Told the phase ("tokenizing", "finishing") and how far it is, a few times a second, always from one thread."""


def open_task(
    folder: Path,
    splits: Mapping[str, RawSplit],
    recipe: Recipe,
    tokenizer: StoredTokenizer,
    *,
    shard_bytes: int | None = None,
) -> Task:
    """Plan the pass and prepare its folder; parts of another plan or tokenizer that lie there are removed."""
    plan = make_plan(splits, recipe, shard_bytes=shard_bytes)
    task = Task(plan, recipe, resolve_policy(recipe, tokenizer), tokenizer, splits, folder)
    wanted = {
        "plan": plan.to_json(),
        "fingerprint": recipe.fingerprint(),
        "tokenizer": tokenizer.sha256,
        "policy": task.policy.to_json(),
    }
    if folder.exists() and read_json(task.work / "task.json") != wanted:
        shutil.rmtree(folder)
    task.work.mkdir(parents=True, exist_ok=True)
    write_json(task.work / "task.json", wanted, durable=True)
    return task


def tokenize(task: Task, details: Mapping[str, Any], *, threads: int, report: Report) -> dict[str, Any]:
    """Make every shard that is missing, then everything else; return the manifest."""
    done = read_json(task.folder / MANIFEST)
    if done is not None:
        shutil.rmtree(task.work, ignore_errors=True)
        return dict(done)
    pa.set_cpu_count(1)  # the threads are ours, a shard each: more of Arrow's would only stand in their way
    tally = Tally(sum(task.plan.splits.values()), TokenCounts(task.tokenizer.vocab_size))
    missing = []
    for shard in task.plan.shards:
        receipt = Receipt.read(receipt_path(task, shard.index))
        if receipt is None:
            missing.append(shard.index)
        else:
            tally.samples += receipt.num_samples
            tally.counts.merge(TokenCounts.load(task.work / f"{shard.index:05d}.npz"))
    report("tokenizing", tally)
    _run_all(task, missing, threads, tally, report)
    report("finishing", tally)
    return finish(task, details)


def _run_all(task: Task, missing: list[int], threads: int, tally: Tally, report: Report) -> None:
    local = threading.local()

    def run(index: int) -> None:
        engine: Engine | None = getattr(local, "engine", None)
        if engine is None:
            engine = local.engine = ReferenceEngine(task.tokenizer)
        run_shard(task, index, engine, tally.add)

    with ThreadPoolExecutor(max(1, min(threads, len(missing))), thread_name_prefix="shard") as pool:
        pending: set[Future[None]] = {pool.submit(run, index) for index in missing}
        try:
            while pending:
                finished, pending = wait(pending, _LOOK_S, FIRST_COMPLETED)
                for future in finished:
                    future.result()
                report("tokenizing", tally)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise

"""The whole pass on one machine: steps handed to threads, progress told, what is done already kept."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from mistudio_core.file_names import TOKENIZATION_MANIFEST
from mistudio_core.files import read_if_sound, write_json
from mistudio_core.raw import RawSplit
from mistudio_core.statistics.tokens import TokenStatistics
from mistudio_core.tokenization.engines.identity import EnginesDifferError
from mistudio_core.tokenization.packing.plan import make_plan
from mistudio_core.tokenization.packing.preset import resolve_policy
from mistudio_core.tokenization.pipeline.engine_choice import EngineChoice
from mistudio_core.tokenization.pipeline.shards import Step
from mistudio_core.tokenization.pipeline.task import Task
from mistudio_core.tokenization.pipeline.threads import StoppedError, in_threads
from mistudio_core.tokenization.recipes.recipe import Recipe
from mistudio_core.tokenization.scale.merge import merge
from mistudio_core.tokenization.scale.steps import LAST, Steps
from mistudio_core.tokenization.tokenizer.stored import StoredTokenizer

_NEWS_S: Final = 0.3
"""How often the counts of ids are looked at while a shard is made; each look costs a pass over the vocabulary."""


class Tally:
    """How far the pass is; filled by the threads, read by whoever tells the user."""

    def __init__(self, total_samples: int, statistics: TokenStatistics, text: Callable[[int], str]) -> None:
        """Start with empty statistics; `text` gives the text of an id."""
        self._text = text
        self.total_samples = total_samples
        self.samples = self.text_bytes = self.document_tokens = 0
        self._statistics = statistics
        self._seen: dict[int, tuple[float, npt.NDArray[np.int64]]] = {}
        self._lock = threading.Lock()

    def add(self, step: Step) -> None:
        """Count a batch that is done."""
        with self._lock:
            if step.batch is not None:
                lengths = step.batch.documents.encoded.lengths
                self.samples += len(step.batch.skipped)
                self.text_bytes += int(step.batch.sizes[:, 0].sum())
                self.document_tokens += int(lengths.sum())
                step.batch.count(self._statistics, step.split)
            self._look(step)

    def live(self) -> Mapping[str, Any]:
        """Return the statistics so far: of documents that are encoded, and of ids in sequences that are full."""
        with self._lock:
            return self._statistics.live(self._text)

    def _look(self, step: Step) -> None:
        looked, before = self._seen.get(step.index, (-_NEWS_S, 0))
        moment = time.monotonic()
        if step.batch is None or moment - looked >= _NEWS_S:
            self._statistics.frequencies += step.frequencies - before
            self._seen[step.index] = (moment, step.frequencies.copy())
        if step.batch is None:
            del self._seen[step.index]


Report = Callable[[str, Tally], None]
"""Told the phase ("tokenizing", "finishing") and how far it is, a few times a second, always from one thread."""


def open_task(
    folder: Path, splits: Mapping[str, RawSplit], recipe: Recipe, tokenizer: StoredTokenizer, *,
    shard_bytes: int | None = None, max_piece_bytes: int | None = None,
) -> Task:  # fmt: skip
    """Plan the pass and prepare its folder; parts of another plan or tokenizer that lie there are removed."""
    chosen = {name: splits[name] for name in recipe.splits}
    plan = make_plan(chosen, recipe, shard_bytes=shard_bytes)
    policy = resolve_policy(recipe, tokenizer)
    task = Task(plan, recipe, policy, tokenizer, chosen, folder, max_piece_bytes)
    wanted = task.to_json()
    if (
        folder.exists()
        and not (folder / TOKENIZATION_MANIFEST).exists()
        and read_if_sound(task.work / "task.json", dict) != wanted
    ):
        shutil.rmtree(folder)
    task.work.mkdir(parents=True, exist_ok=True)
    write_json(task.work / "task.json", wanted, durable=True)
    return task


def tokenize(
    task: Task, facts: Mapping[str, Any], *, threads: int, report: Report, data_key: Sequence[Any] = (),
    measured: Mapping[str, tuple[int, int]] = MappingProxyType({}),
) -> dict[str, Any]:  # fmt: skip
    """Run every step that is not done, then the merge; return the manifest.

    `facts` go into the manifest as they are; `data_key` says which data this is, for the check of the fast engine;
    `measured` are characters and words of all texts of a split, where they are known already.
    """
    done = read_if_sound(task.folder / TOKENIZATION_MANIFEST, dict)
    if done is not None:
        shutil.rmtree(task.work, ignore_errors=True)
        return dict(done)
    pa.set_cpu_count(1)  # the threads are ours, a shard each: more of Arrow's would only stand in their way
    run = _Pass(task, threads, report, data_key)
    run.all_stages()
    return merge(run.steps, facts, measured, over=run.over, again=run.all_stages)


class _Pass:
    """One run of a tokenization in this process."""

    def __init__(self, task: Task, threads: int, report: Report, data_key: Sequence[Any]) -> None:
        self.steps = Steps(task, EngineChoice(task, data_key), self._step)
        self.tally = Tally(sum(task.plan.splits.values()), task.statistics(), task.token_texts.shown)
        self._phase = "tokenizing"
        self._threads = threads
        self._report = report
        self._stop = threading.Event()

    def all_stages(self) -> None:
        """Run the steps that are not done, stage by stage."""
        stages = self.steps.stages
        place = 0
        while place < len(stages):
            try:
                self._run(stages[place])
                place += 1
            except EnginesDifferError as difference:
                self.steps.fall_back(str(difference))
                place = stages.index("encode")

    def _run(self, stage: str) -> None:
        self._phase = "finishing" if stage in LAST else "tokenizing"
        missing = self.steps.missing(stage, self.steps.begin(stage))
        if stage == "encode":
            self.tally.samples = sum(receipt.num_samples for receipt in self.steps.receipts.values())
        self._report(self._phase, self.tally)
        self.over(
            missing,
            lambda index: self.steps.run(stage, index),
            self.steps.budget_met if stage == "encode" else lambda: False,
        )

    def _step(self, step: Step) -> None:
        if self._stop.is_set():
            raise StoppedError
        self.tally.add(step)

    def over(self, parts: Sequence[Any], act: Callable[[Any], Any], enough: Callable[[], bool] = lambda: False) -> None:
        """Call `act` for each part, in several threads."""
        self._stop.clear()
        in_threads(
            parts,
            act,
            threads=self._threads,
            look=lambda: self._report(self._phase, self.tally),
            enough=enough,
            stop=self._stop,
        )

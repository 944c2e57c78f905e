"""The whole pass: shards handed to threads, progress told, what is whole already kept."""

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
from mistudio_core.files import read_json, write_json
from mistudio_core.raw import RawSplit
from mistudio_core.statistics.tokens import TokenStatistics
from mistudio_core.tokenization.engines.encoded import Engine
from mistudio_core.tokenization.engines.identity import EnginesDifferError
from mistudio_core.tokenization.packing.plan import make_plan
from mistudio_core.tokenization.packing.preset import resolve_policy
from mistudio_core.tokenization.pipeline.budget import find_cut
from mistudio_core.tokenization.pipeline.duplicates import find_duplicates
from mistudio_core.tokenization.pipeline.engine_choice import EngineChoice
from mistudio_core.tokenization.pipeline.finish import finish
from mistudio_core.tokenization.pipeline.repack import run_repack
from mistudio_core.tokenization.pipeline.sequence_sink import Packed
from mistudio_core.tokenization.pipeline.shards import Receipt, Step, run_shard
from mistudio_core.tokenization.pipeline.task import Task
from mistudio_core.tokenization.pipeline.threads import StoppedError, in_threads
from mistudio_core.tokenization.recipes.recipe import Recipe
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
        and read_json(task.work / "task.json") != wanted
    ):
        shutil.rmtree(folder)
    task.work.mkdir(parents=True, exist_ok=True)
    write_json(task.work / "task.json", wanted, durable=True)
    return task


def tokenize(
    task: Task, facts: Mapping[str, Any], *, threads: int, report: Report, data_key: Sequence[Any] = (),
    measured: Mapping[str, tuple[int, int]] = MappingProxyType({}),
) -> dict[str, Any]:  # fmt: skip
    """Make every shard that is missing, then everything else; return the manifest.

    `facts` go into the manifest as they are; `data_key` says which data this is, for the check of the fast engine;
    `measured` are characters and words of all texts of a split, where they are known already.
    """
    done = read_json(task.folder / TOKENIZATION_MANIFEST)
    if done is not None:
        shutil.rmtree(task.work, ignore_errors=True)
        return dict(done)
    pa.set_cpu_count(1)  # the threads are ours, a shard each: more of Arrow's would only stand in their way
    run = _Pass(task, threads, report, data_key)
    receipts = run.encode()
    packed = run.pack(receipts)
    report("finishing", run.tally)
    counted = [receipts[index] for index in sorted(receipts)]
    engines = run.engines.to_json(counted)
    engine = "+".join(engines["used"]) or "reference"
    return finish(task, counted, packed, {**facts, "engine": engine, "engines": engines}, measured, threads=threads)


class _Pass:
    """One run of a tokenization in this process."""

    def __init__(self, task: Task, threads: int, report: Report, data_key: Sequence[Any]) -> None:
        self.task = task
        self.engines = EngineChoice(task, data_key)
        self.tally = Tally(sum(task.plan.splits.values()), task.statistics(), task.token_texts.shown)
        self._threads = threads
        self._report = report
        self._local = threading.local()
        self._stop = threading.Event()

    def encode(self) -> dict[int, Receipt]:
        """Make the missing shards; return the receipts of all that count, by number."""
        task = self.task
        if task.recipe.drop_duplicates:
            find_duplicates(task, lambda act: self._over([shard.index for shard in task.plan.shards], act))
        receipts = {shard.index: found for shard in task.plan.shards if (found := Receipt.read(task, shard.index))}
        self.tally.samples = sum(receipt.num_samples for receipt in receipts.values())
        self._report("tokenizing", self.tally)
        early = task.recipe.token_budget is not None and not task.shuffles_documents

        def enough() -> bool:
            return early and find_cut(task, _packed(receipts)) is not None

        while True:
            missing = [shard.index for shard in task.plan.shards if shard.index not in receipts]
            if not missing or enough():
                break
            try:
                self._over(missing, lambda index: receipts.__setitem__(index, self._shard(index)), enough)
            except EnginesDifferError as difference:
                self.engines.fall_back(str(difference))
                for index in [index for index, receipt in receipts.items() if receipt.engine == "fast"]:
                    task.part(index, "json").unlink()
                    self.tally.samples -= receipts.pop(index).num_samples
        if not early or (cut := find_cut(task, _packed(receipts))) is None:
            return receipts
        receipts[cut.index] = run_shard(task, cut.index, self._engine(cut.index), limit=cut.limit)
        return {index: receipt for index, receipt in receipts.items() if index <= cut.index}

    def pack(self, receipts: Mapping[int, Receipt]) -> dict[int, Packed]:
        """Return what packing came to for each shard; shuffled documents are packed only now."""
        task = self.task
        if not task.shuffles_documents:
            return _packed(receipts)
        packed: dict[int, Packed] = {}
        self._over(
            [shard.index for shard in task.plan.shards],
            lambda index: packed.__setitem__(index, run_repack(task, index)),
        )
        if (cut := find_cut(task, packed)) is None:
            return packed
        packed[cut.index] = run_repack(task, cut.index, cut.limit)
        return {index: found for index, found in packed.items() if index <= cut.index}

    def _shard(self, index: int) -> Receipt:
        task = self.task
        attempt = task.part(index, "attempt")
        engine = self._engine(index)
        if engine.name == "fast":
            attempt.touch()  # found without a receipt, it tells that the engine took the process along
        return run_shard(task, index, engine, publish=self._publish(engine), on_step=self._step)

    def _engine(self, index: int) -> Engine:
        crashed = self.task.part(index, "attempt").exists()
        wanted = "reference" if crashed or not self.engines.fast else "fast"
        engine: Engine | None = getattr(self._local, wanted, None)
        if engine is None:
            engine = self.engines.engine(reference=wanted == "reference")
            setattr(self._local, wanted, engine)
        return engine

    def _publish(self, engine: Engine) -> Callable[[], None]:
        return self.engines.publish if engine.name == "fast" else lambda: None

    def _step(self, step: Step) -> None:
        if self._stop.is_set():
            raise StoppedError
        self.tally.add(step)

    def _over(
        self, indexes: Sequence[int], act: Callable[[int], Any], enough: Callable[[], bool] = lambda: False
    ) -> None:
        self._stop.clear()
        in_threads(
            indexes,
            act,
            threads=self._threads,
            look=lambda: self._report("tokenizing", self.tally),
            enough=enough,
            stop=self._stop,
        )


def _packed(receipts: Mapping[int, Receipt]) -> dict[int, Packed]:
    return {index: receipt.packed for index, receipt in receipts.items() if receipt.packed is not None}

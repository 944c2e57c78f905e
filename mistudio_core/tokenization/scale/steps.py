"""The steps of a tokenization, in stages. Each step is pure and idempotent; whoever runs it, the files are the same.

A stage needs all steps of the stages before it: it is settled when they are done, and what later steps need to know of
all of them is then written once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from mistudio_core.files import read_json, write_json
from mistudio_core.statistics.positions import PositionCounts
from mistudio_core.tokenization.engines.encoded import Engine
from mistudio_core.tokenization.pipeline.budget import find_cut
from mistudio_core.tokenization.pipeline.document_store import document_exchange
from mistudio_core.tokenization.pipeline.duplicates import find_duplicates, num_buckets, write_hashes
from mistudio_core.tokenization.pipeline.engine_choice import EngineChoice
from mistudio_core.tokenization.pipeline.exchange import Exchange
from mistudio_core.tokenization.pipeline.finish import (
    LastFile,
    count_positions,
    counted_runs,
    counts_positions,
    first_sequences,
    last_files,
    positions_wanted,
)
from mistudio_core.tokenization.pipeline.finished import Finished, cut_of, packed_of
from mistudio_core.tokenization.pipeline.gather import (
    gather_parts,
    longest,
    num_scattered,
    run_gather,
    run_scatter,
    sequence_exchange,
)
from mistudio_core.tokenization.pipeline.receipts import read_receipt, receipt_problem
from mistudio_core.tokenization.pipeline.repack import run_repack
from mistudio_core.tokenization.pipeline.shards import OnStep, Receipt, run_shard
from mistudio_core.tokenization.pipeline.sums import RUN, num_sums, sum_shards
from mistudio_core.tokenization.pipeline.tails import pack_tails
from mistudio_core.tokenization.pipeline.task import Task

SETTLED: Final = "settled"
LAST: Final = ("tails", "scatter", "regroup", "gather", "sums", "positions")
"""Stages that need to know of everything that was packed."""


def stages_of(task: Task) -> tuple[str, ...]:
    """Return the stages that a tokenization has, in their order."""
    budget, positions = task.recipe.token_budget is not None, counts_positions(task)
    wanted = {
        "hashes": task.recipe.drop_duplicates,
        "duplicates": task.recipe.drop_duplicates,
        "encode": True,
        "cut": budget and not task.shuffles_documents,
        "exchange": task.shuffles_documents,
        "repack": task.shuffles_documents,
        "recut": budget and task.shuffles_documents,
        "tails": task.preset.joins_shards,
        "scatter": task.shuffles_sequences,
        "regroup": task.shuffles_sequences,
        "gather": task.gathers_sequences,
        "sums": True,
        "positions": positions,
    }
    return tuple(stage for stage, is_one in wanted.items() if is_one)


def known_steps(task: Task) -> dict[str, int]:
    """Return how many steps the stages have for which the plan alone tells."""
    shards = len(task.plan.shards)
    known = {
        "hashes": shards, "duplicates": num_buckets(task), "encode": shards, "repack": shards,
        "tails": len(task.plan.splits), "gather": sum(gather_parts(task)), "sums": num_sums(task),
    }  # fmt: skip
    return {stage: known[stage] for stage in stages_of(task) if stage in known}


class Steps:
    """What can be run of one tokenization in this process. Any number of threads may run steps of one stage."""

    def __init__(self, task: Task, engines: EngineChoice, on_step: OnStep = lambda _: None) -> None:
        """Take the engines for the stages that encode; `on_step` is told each batch that is encoded."""
        self.task, self.engines = task, engines
        self.stages = stages_of(task)
        self.receipts: dict[int, Receipt] = {}
        """Of the shards that are known here to be encoded."""
        self._on_step = on_step
        self._local = threading.local()
        self._finished: Finished | None = None
        self._width: int | None = None
        self._wanted: PositionCounts | None = None
        self._files: list[LastFile] = []
        self._firsts: list[int] = []

    def begin(self, stage: str) -> list[int]:
        """Prepare a stage, all before which are settled, and return the numbers of its steps."""
        task = self.task
        if stage in LAST:
            known = self.receipts if len(self.receipts) == len(task.plan.shards) else None
            self._finished = Finished.read(task, known) if self._finished is None else self._finished.again()
        if stage == "gather":
            self._width = self._fact(stage, lambda: longest(self.finished))
        if stage == "positions":
            self._wanted, self._files = self.positions(), last_files(self.finished)
            self._firsts = first_sequences(self._files)
        return self._parts(stage)

    @property
    def finished(self) -> Finished:
        """What was finished before the stage that was begun."""
        assert self._finished is not None
        return self._finished

    def _parts(self, stage: str) -> list[int]:
        task, splits = self.task, range(len(self.task.plan.splits))
        if stage in ("hashes", "encode", "repack"):
            return list(range(len(task.plan.shards)))
        if stage in ("cut", "recut"):
            cut = cut_of(task)
            return [] if cut is None else [cut.index]
        if stage == "duplicates":
            return list(range(num_buckets(task)))
        if stage == "tails":
            return list(splits)
        if stage == "scatter":
            return list(range(num_scattered(self.finished)))
        if stage in ("exchange", "regroup"):
            return list(range(sum(exchange.num_cells for exchange in self._exchanges())))
        if stage == "gather":
            return list(range(sum(gather_parts(task))))
        if stage == "sums":
            return list(range(num_sums(task)))
        assert self._wanted is not None
        return counted_runs(self._files, self._wanted)

    def run(self, stage: str, index: int) -> None:
        """Run one step of the stage that was begun; nothing if it is done."""
        task = self.task
        if stage == "hashes":
            write_hashes(task, index)
        elif stage == "duplicates":
            find_duplicates(task, index)
        elif stage == "encode":
            self._encode(index)
        elif stage == "cut":
            cut = cut_of(task)
            run_shard(task, index, self._engine(index), limit=None if cut is None else cut.limit, stage=stage)
        elif stage == "repack":
            run_repack(task, index)
        elif stage == "recut":
            cut = cut_of(task)
            run_repack(task, index, limit=None if cut is None else cut.limit, stage=stage)
        elif stage in ("exchange", "regroup"):
            exchange = next(one for one in reversed(self._exchanges()) if one.first_cell <= index)
            exchange.run_cell(index - exchange.first_cell)
        else:
            self._run_last(stage, index)

    def _run_last(self, stage: str, index: int) -> None:
        """Run one step of the stages that need to know of everything that was packed."""
        if stage == "tails":
            split = list(self.task.plan.splits)[index]
            packed = [
                self.finished.packed[s.index] for s in self.task.plan.of_split(split) if s.index in self.finished.packed
            ]
            pack_tails(self.task, index, [(self.task.work / one.written.file).with_suffix(".side") for one in packed])
        elif stage == "scatter":
            run_scatter(self.finished, index)
        elif stage == "gather":
            run_gather(self.finished, index, self._width)
        elif stage == "sums":
            sum_shards(self.finished, index)
        else:
            assert self._wanted is not None
            count_positions(self.task, self._files, self._firsts, index, self._wanted)

    def _exchanges(self) -> list[Exchange]:
        splits = list(self.task.plan.splits)
        if self.task.shuffles_documents:
            return [document_exchange(self.task, split) for split in splits]
        return [sequence_exchange(self.finished, place) for place in range(len(splits))]

    def positions(self) -> PositionCounts | None:
        """Return empty counts of the ids that are counted by position, None where they are not counted."""
        if "positions" not in self.stages:
            return None
        self._finished = self._finished or Finished.read(self.task)

        def chosen() -> list[Any]:
            wanted = positions_wanted(self.finished)
            return [wanted.ids, wanted.context_length, wanted.step]

        ids, width, step = self._fact("positions", chosen)
        return PositionCounts(ids, self.task.tokenizer.vocab_size, width, step=step)

    def _encode(self, index: int) -> None:
        attempt = self.task.part(index, "attempt")
        engine = self._engine(index)
        if engine.name == "fast":
            attempt.touch()  # found without a receipt, it tells that the engine took the process along
        publish = self.engines.publish if engine.name == "fast" else lambda: None
        self.receipts[index] = run_shard(self.task, index, engine, publish=publish, on_step=self._on_step)

    def _engine(self, index: int) -> Engine:
        crashed = self.task.part(index, "attempt").exists()
        wanted = "reference" if crashed or not self.engines.fast else "fast"
        engine: Engine | None = getattr(self._local, wanted, None)
        if engine is None:
            engine = self.engines.engine(reference=wanted == "reference")
            setattr(self._local, wanted, engine)
        return engine

    def is_done(self, stage: str, index: int) -> bool:
        """Tell whether a step is done; what the fast engine made is not once it was found to be wrong."""
        if stage in ("encode", "cut"):
            found = Receipt.read(self.task, index, stage)
            counts = found is not None and (found.engine != "fast" or not self.engines.fell_back)
            if counts and found is not None and stage == "encode":
                self.receipts[index] = found
            return counts
        return read_receipt(self.task.part(index, "json", file_stage(stage))) is not None

    def missing(self, stage: str, parts: Iterable[int]) -> list[int]:
        """Return which steps of the stage that was begun are not done."""
        return [index for index in parts if not self.is_done(stage, index)]

    def budget_met(self) -> bool:
        """Tell whether the shards that are encoded, from the first on, meet the token budget."""
        if "cut" not in self.stages:
            return False
        for shard in self.task.plan.shards:
            if shard.index not in self.receipts and not self.is_done("encode", shard.index):
                break
        return find_cut(self.task, packed_of(self.receipts)) is not None

    def is_settled(self, stage: str) -> bool:
        """Tell whether nothing of a stage is missing, all before which are settled."""
        mark = self._settled(stage)
        if mark.exists():
            return True
        enough = stage == "encode" and self.budget_met()
        if not enough and not all(self.is_done(stage, index) for index in reversed(self.begin(stage))):
            return False
        mark.parent.mkdir(exist_ok=True)
        write_json(mark, {"stage": stage})
        return True

    def fall_back(self, difference: str) -> None:
        """Use the reference from now on, also for what the fast engine has encoded.

        Raises `engines_differ` where the recipe allows only the fast engine.
        """
        self.engines.fall_back(difference)
        receipts = ((shard.index, Receipt.read(self.task, shard.index)) for shard in self.task.plan.shards)
        wrong = [index for index, receipt in receipts if receipt is not None and receipt.engine == "fast"]
        if wrong:
            self.forget("encode", wrong)

    def forget(self, stage: str, indexes: Iterable[int]) -> None:
        """Let steps count as not done, and with them all stages that come after."""
        for index in indexes:
            self.task.part(index, "json", file_stage(stage)).unlink(missing_ok=True)
            self.receipts.pop(index, None)
        later = self.stages[self.stages.index(stage) + 1 :]
        for receipt in [path for name in later for path in self.task.work.glob(f"{file_stage(name)}-*.json")]:
            receipt.unlink(missing_ok=True)
        for name in (stage, *later):
            self._settled(name).unlink(missing_ok=True)
            (self.task.board / SETTLED / f"{name}-fact.json").unlink(missing_ok=True)
        self._finished = self._wanted = None

    def damage(self, over: Callable[[list[Any], Callable[[Any], None]], None]) -> list[tuple[str, int, str]]:
        """Return stage, number and a sentence for each step whose files are not what its receipt says.

        `over` calls a function for each of many things, in any order and in several threads.
        """
        self.begin("sums")
        moved = {file.path.name: self.task.folder / file.written.file for file in last_files(self.finished)}
        steps = [(stage, index) for stage in self.stages for index in self._counting(stage)]
        found: dict[tuple[str, int], str] = {}

        def check(first: int) -> None:
            for stage, index in steps[first : first + RUN]:
                problem = receipt_problem(self.task.part(index, "json", file_stage(stage)), moved)
                if problem is not None:
                    found[stage, index] = problem

        over(list(range(0, len(steps), RUN)), check)
        return [(*step, found[step]) for step in steps if step in found]

    def _counting(self, stage: str) -> list[int]:
        """Return the steps of a stage whose work counts: beyond a token budget nothing does."""
        if stage == "encode" and "cut" in self.stages and (cut := cut_of(self.task)) is not None:
            return list(range(cut.index + 1))
        return self.begin(stage)

    def _settled(self, stage: str) -> Path:
        return self.task.board / SETTLED / f"{stage}.json"

    def _fact(self, stage: str, find: Callable[[], Any]) -> Any:
        """Return what all steps of a stage need to know, found by whoever needs it first."""
        path = self.task.board / SETTLED / f"{stage}-fact.json"
        stored: Mapping[str, Any] | None = read_json(path)
        if stored is None:
            path.parent.mkdir(exist_ok=True)
            stored = {"fact": find()}
            write_json(path, stored)
        return stored["fact"]


def file_stage(stage: str) -> str:
    """Return how the files of a stage begin: both kinds of exchange are one."""
    return "exchange" if stage == "regroup" else stage

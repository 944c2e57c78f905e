"""A plan carried through by whatever starts work: this process, or what has `submit`, as Dask and MPI pools have."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from functools import partial
from pathlib import Path
from typing import Any, Final, Protocol

from mistudio_core.errors import StudioError, in_use
from mistudio_core.file_names import PLAN, TOKENIZATION_MANIFEST
from mistudio_core.files import read_json
from mistudio_core.tokenization.pipeline.sums import RUN
from mistudio_core.tokenization.scale.board import Board, cancelled
from mistudio_core.tokenization.scale.merge import merge
from mistudio_core.tokenization.scale.planfile import MADE, open_plan
from mistudio_core.tokenization.scale.steps import file_stage
from mistudio_core.tokenization.scale.worker import DIFFER, DONE, FAILED, Worker

_ROUNDS: Final = 5
"""Rounds without a step done after which a stage is given up."""
_LEAST_TASKS: Final = 8
"""Tasks of a stage, where it has so many steps: how many workers there are is not known here."""
_LOOK_S: Final = 1.0
_END_S: Final = 60.0
"""How long a cancelled run waits for tasks that have begun: they heed it at their next batch."""


class Executor(Protocol):
    """Whatever takes a function and arguments and gives a future: of `concurrent.futures`, Dask, submitit, MPI."""

    def submit(self, function: Callable[..., Any], /, *arguments: Any) -> Future[Any]:
        """Start a call and return at once."""
        ...


_opened = threading.local()
"""The plan that this thread has opened last, and its worker: an engine takes a second to start."""


def run_steps(folder: str, stage: str, indexes: Sequence[int], differences: int, _submission: str) -> int:
    """Run some steps of a stage, as a task of an executor, and return an exit status.

    `differences` are those that whoever submits this knows of: after a new one the engines are chosen anew. The last
    argument differs each time, since Dask answers an equal call with the result that it has.
    """
    worker = _worker(Path(folder), differences)
    worker.steps.begin(stage)
    try:
        return worker.run(stage, indexes)
    finally:
        worker.reporter.tell(ended=True)


def _worker(folder: Path, differences: int) -> Worker:
    found = (folder / PLAN).stat()
    plan = folder, found.st_ino, found.st_mtime_ns  # another plan may have come to lie in the same folder
    worker: Worker | None = getattr(_opened, "worker", None)
    if worker is None or _opened.plan != plan or (differences and not worker.steps.engines.fell_back):
        worker = _opened.worker = Worker(folder)
        _opened.plan = plan
    return worker


def run(folder: Path | str, executor: Executor | None = None, *, threads: int = 1) -> dict[str, Any]:
    """Run every step that is missing, then the merge, and return the manifest; call it again after any interruption.

    Without an executor the steps run in this process. A task that is lost with its worker is submitted again. Raises
    the failure of a step where trying again has not helped, and `cancelled` where the plan is, by anybody.
    """
    folder = Path(folder)
    Board(folder).uncancel()
    worker = Worker(folder, threads=threads)
    place = 0
    while place < len(worker.steps.stages):
        stage = worker.steps.stages[place]
        if worker.steps.is_settled(stage):
            place += 1
        elif _run_stage(folder, worker, stage, executor) == DIFFER:
            worker = Worker(folder, threads=threads)  # which knows of the difference, and what is void by it
            place = 0
    return merge_plan(folder, threads=threads)


def _run_stage(folder: Path, worker: Worker, stage: str, executor: Executor | None) -> int:
    steps, left = worker.steps, _ROUNDS
    missing = steps.missing(stage, steps.begin(stage))
    while not steps.is_settled(stage):
        if executor is None:
            status = worker.run(stage, missing)
        else:
            status = _submitted(folder, worker, stage, missing, executor)
        if status == DIFFER:
            return status
        before, missing = len(missing), steps.missing(stage, missing)
        left = _ROUNDS if len(missing) < before else left - 1
        if (left <= 0 or (status == FAILED and executor is None)) and not steps.is_settled(stage):
            raise _failure(worker.board, stage, len(missing))
    return DONE


def _submitted(folder: Path, worker: Worker, stage: str, missing: Sequence[int], executor: Executor) -> int:
    """Submit runs of steps, wait for them all, and return the worst status; a task that is lost counts as done."""
    size = min(RUN, -(-len(missing) // _LEAST_TASKS))
    runs = [missing[first : first + size] for first in range(0, len(missing), size)]
    differences = len(worker.board.differences())
    submit = partial(executor.submit, run_steps, str(folder), stage)
    waiting = {submit(indexes, differences, secrets.token_hex(8)) for indexes in runs}
    worst = DONE
    try:
        while waiting:
            finished, waiting = wait(waiting, _LOOK_S, FIRST_COMPLETED)
            worst = max(worst, *map(_outcome, finished), DONE)
            if worker.board.is_cancelled:
                raise cancelled()
            if worker.steps.budget_met() and stage == "encode":
                waiting = {future for future in waiting if not future.cancel()}
    finally:
        wait([future for future in waiting if not future.cancel()], _END_S)
    return worst


def _outcome(future: Future[Any]) -> int:
    """Return the exit status of a task, that of a failure where the task is lost; raise its own errors."""
    if future.cancelled():
        return FAILED
    error = future.exception()
    if isinstance(error, StudioError):
        raise error
    return FAILED if error is not None else int(future.result())


def _failure(board: Board, stage: str, missing: int) -> StudioError:
    for word in board.failures():
        if word["stage"] == stage:
            message = f"{stage} {word['index']} failed on {word['host']}: {word['message']}"
            return StudioError(word["code"], message, word["hint"], {"missing": missing})
    return StudioError(
        "worker_died", f"{missing:,} steps of the stage {stage} are lost with their workers each time.",
        "Look into the logs of the workers: they may need more memory.",
    )  # fmt: skip


def merge_plan(folder: Path, *, threads: int = 1) -> dict[str, Any]:
    """Check and join what the steps have made and return the manifest; what is damaged is named and made again.

    Raises `in_use` where steps are missing, and `engines_differ` where ids of the fast engine are in doubt.
    """
    done = read_json(folder / MADE / TOKENIZATION_MANIFEST)
    if done is not None:
        return dict(done)
    planned, worker = open_plan(folder), Worker(folder, threads=threads)
    steps = worker.steps
    for stage in steps.stages:
        parts = steps.begin(stage)
        missing = [] if stage == "encode" and steps.budget_met() else steps.missing(stage, parts)
        damaged = [index for index in missing if steps.task.part(index, "json", file_stage(stage)).exists()]
        if missing and worker.board.differences() and stage in ("encode", "cut"):
            raise _differ(worker.board, len(missing))
        if len(missing) > len(damaged) and stage not in worker.optional:
            raise in_use(
                f"{len(missing):,} of {len(parts):,} steps of the stage {stage} are not done.",
                "Run the command shard until it exits with 0, then merge.", str(planned.document["id"]),
            )  # fmt: skip
        if missing:
            worker.run(stage, missing)

    def again() -> None:
        for stage in steps.stages:
            worker.run(stage, steps.missing(stage, steps.begin(stage)))

    manifest = merge(steps, planned.document["facts"], planned.measured, over=worker.over, again=again)
    worker.reporter.tell(ended=True)
    return manifest


def _differ(board: Board, missing: int) -> StudioError:
    word = board.differences()[0]
    return StudioError(
        "engines_differ",
        f"On {word['host']} the fast engine gave other ids than the reference: {word['difference']}. "
        f"{missing:,} shards have to be made by the reference.",
        "Run the command shard again: it makes them anew.",
    )

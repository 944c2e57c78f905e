"""What one process does of a plan: its share of each stage, which follows from its rank alone."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import pyarrow as pa

from mistudio_core.errors import StudioError, unexpected
from mistudio_core.tokenization.engines.identity import EnginesDifferError
from mistudio_core.tokenization.pipeline.shards import Step
from mistudio_core.tokenization.pipeline.sums import RUN
from mistudio_core.tokenization.pipeline.threads import StoppedError, in_threads
from mistudio_core.tokenization.scale.board import Board, Reporter, cancelled
from mistudio_core.tokenization.scale.planfile import open_plan
from mistudio_core.tokenization.scale.steps import LAST, Steps

DONE: Final = 0
FAILED: Final = 1
DIFFER: Final = 3
NOT_SETTLED: Final = 75
"""What a scheduler takes for "try again later": an earlier stage has steps that are not done."""
_RANKS: Final = (
    ("SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_COUNT"),
    ("AWS_BATCH_JOB_ARRAY_INDEX", "AWS_BATCH_JOB_ARRAY_SIZE"),
    ("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"),
    ("JOB_COMPLETION_INDEX", "JOB_COMPLETIONS"),
)
"""Where schedulers say which of how many processes this is; the last is Kubernetes, with a variable of the manifest."""


def rank_and_world(environment: Mapping[str, str]) -> tuple[int, int]:
    """Return which of how many processes this is, as the scheduler says it: (0, 1) where none does."""
    for rank, world in _RANKS:
        if environment.get(rank, "").isdigit() and environment.get(world, "").isdigit():
            first = int(environment.get("SLURM_ARRAY_TASK_MIN", "0")) if rank.startswith("SLURM") else 0
            return int(environment[rank]) - first, int(environment[world])
    return 0, 1


def threads_of(environment: Mapping[str, str]) -> int:
    """Return how many threads a worker has: those the scheduler or `MISTUDIO_THREADS` gives it, else one."""
    for name in ("MISTUDIO_THREADS", "SLURM_CPUS_PER_TASK"):
        if environment.get(name, "").isdigit():
            return max(1, int(environment[name]))
    return 1


def share(parts: Sequence[int], rank: int, world: int) -> list[int]:
    """Return the steps of a rank: runs of consecutive ones, since those read the same files."""
    run = max(1, min(RUN, len(parts) // world))
    return [part for place, part in enumerate(parts) if place // run % world == rank]


def work(folder: Path, rank: int = 0, world: int = 1, *, stage: str | None = None, threads: int = 1) -> int:
    """Do the share of a rank in one stage, or in all that can be begun; return the exit status of the process.

    A step that fails is told on the board, and the others are still done. Raises `cancelled` where the plan is.
    """
    worker = Worker(folder, rank, world, threads)
    stages = worker.steps.stages if stage is None else (stage,)
    if stage is not None and stage not in worker.steps.stages:
        names = ", ".join(worker.steps.stages)
        raise StudioError("invalid_request", f"The plan has no stage {stage!r:.40}.", f"Its stages are: {names}.")
    status = DONE
    for name in stages:
        if not worker.may_begin(name):
            status = DONE if stage is None and name in worker.optional else NOT_SETTLED
            break
        status = worker.run(name, share(worker.steps.begin(name), rank, world))
        if status != DONE:
            break
    worker.reporter.tell(ended=True)
    return status


class Worker:
    """One process at work on a plan."""

    def __init__(self, folder: Path, rank: int = 0, world: int = 1, threads: int = 1) -> None:
        """Open the plan; what others saw of differing engines counts here, too."""
        pa.set_cpu_count(1)
        self.board = Board(folder)
        self.reporter = Reporter(folder, rank, world)
        self._threads = threads
        self._stop = threading.Event()
        self._counting = threading.Lock()
        self.steps: Steps = open_plan(folder).steps(self._step)
        differences = self.board.differences()
        if differences:
            self.steps.fall_back(differences[0]["difference"])
        gathers = self.steps.task.gathers_sequences
        self.optional = ("sums", "positions") if gathers else LAST
        """Stages that cost little, which the merge does where nobody has."""

    def may_begin(self, stage: str) -> bool:
        """Tell whether all stages before this one are settled."""
        before = self.steps.stages[: self.steps.stages.index(stage)]
        return all(self.steps.is_settled(name) for name in before)

    def run(self, stage: str, indexes: Sequence[int]) -> int:
        """Run steps of a stage that was begun, those first that failed before; return an exit status."""
        self.reporter.stage = stage
        self._stop.clear()
        failed = {word["index"] for word in self.board.failures() if word["stage"] == stage}
        missing = sorted(self.steps.missing(stage, indexes), key=lambda index: (index not in failed, index))
        failures: list[int] = []
        differing: list[int] = []

        def act(index: int) -> None:
            try:
                self._check_cancel()
                self.steps.run(stage, index)
                self.board.succeed(stage, index)
            except EnginesDifferError as difference:
                self.board.differ(stage, index, str(difference))
                differing.append(index)
                self._stop.set()
            except StoppedError:
                pass
            except StudioError as error:
                if error.code == "cancelled":
                    raise
                self.board.fail(stage, index, error)
                failures.append(index)
            except Exception as error:  # noqa: BLE001 - one odd step must not take the others along
                self.board.fail(stage, index, _reported(error))
                failures.append(index)
            with self._counting:
                self.reporter.steps += 1

        enough = self.steps.budget_met if stage == "encode" else lambda: False
        in_threads(
            missing, act, threads=self._threads, look=self.reporter.tell,
            enough=lambda: self._stop.is_set() or enough(), stop=self._stop,
        )  # fmt: skip
        return DIFFER if differing else FAILED if failures else DONE

    def over(self, parts: Sequence[object], act: object) -> None:
        """Call `act` for each part, in several threads."""
        self._stop.clear()
        in_threads(parts, act, threads=self._threads, look=self.reporter.tell, enough=lambda: False, stop=self._stop)  # type: ignore[arg-type]

    def _step(self, step: Step) -> None:
        if self._stop.is_set():
            raise StoppedError
        self._check_cancel()
        if step.batch is not None:
            with self._counting:
                self.reporter.samples += len(step.batch.skipped)
                self.reporter.text_bytes += int(step.batch.sizes[:, 0].sum())

    def _check_cancel(self) -> None:
        if self.board.is_cancelled:
            raise cancelled()


def _reported(error: Exception) -> StudioError:
    if isinstance(error, OSError):
        where = f" ({error.filename})" if error.filename else ""
        return StudioError("internal", f"{error.strerror or type(error).__name__}{where}.", "Look at the disk.")
    return unexpected(error, "in a step")

"""Where a plan can be run by name: in this process, on Dask, on Ray, or as arrays of Slurm jobs."""

from __future__ import annotations

import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path
from threading import Thread
from typing import Any, Final

from mistudio_core.errors import StudioError, invalid
from mistudio_core.tokenization.pipeline.sums import RUN
from mistudio_core.tokenization.scale.board import Board, cancelled
from mistudio_core.tokenization.scale.run import merge_plan, run
from mistudio_core.tokenization.scale.worker import Worker

_MOST_TASKS: Final = 256
"""Tasks of one Slurm array: sites allow 1,001 by default."""
_POLL_S: Final = 1.0
_ROUNDS: Final = 5
"""Arrays without a step done after which a stage is given up."""


def run_on(folder: Path, where: str, more: Sequence[str] = (), *, threads: int = 1) -> dict[str, Any]:
    """Run a plan to its end and return the manifest; `more` are options of `sbatch`.

    Raises `invalid_request` for an unknown place or where its package is not installed.
    """
    if where == "local":
        return run(folder, threads=threads)
    if where == "slurm":
        return run_on_slurm(folder, more, threads=threads)
    kind, _, address = where.partition("://")
    if kind == "dask" and address:
        with _dask_client(address) as client:
            return run(folder, client.get_executor(retries=0, pure=False), threads=threads)
    if kind == "ray" and address:
        return run(folder, RayExecutor(where), threads=threads)
    raise invalid(f"There is no place {where!r:.80}.", "Use local, slurm, dask://HOST:PORT or ray://HOST:PORT.")


def _dask_client(address: str) -> Any:
    try:
        from distributed import Client
    except ImportError:
        raise _not_installed("dask", "distributed") from None
    return Client(f"tcp://{address}")


class RayExecutor:
    """Ray core tasks with the `submit` of an executor; a task whose node is lost is started elsewhere by Ray."""

    def __init__(self, address: str) -> None:
        """Connect to a cluster."""
        try:
            import ray
        except ImportError:
            raise _not_installed("ray", "ray") from None
        self._ray = ray
        ray.init(address=address, ignore_reinit_error=True)

    def submit(self, function: Callable[..., Any], /, *arguments: Any) -> Future[Any]:
        """Start a task and return at once."""
        reference = self._ray.remote(max_retries=-1)(function).remote(*arguments)
        future: Future[Any] = Future()
        future.set_running_or_notify_cancel()

        def wait() -> None:
            try:
                future.set_result(self._ray.get(reference))
            except BaseException as error:  # noqa: BLE001 - told to whoever waits
                future.set_exception(error)

        Thread(target=wait, name="ray task", daemon=True).start()
        return future


def _not_installed(extra: str, package: str) -> StudioError:
    return invalid(f"The package {package} is not installed.", f"pip install 'mistudio-datasets[{extra}]'.")


def run_on_slurm(folder: Path, more: Sequence[str] = (), *, threads: int = 1) -> dict[str, Any]:
    """Run each stage as an array of Slurm jobs, submitted again for what is missing, then merge here."""
    Board(folder).uncancel()
    left, place = _ROUNDS, 0
    worker = Worker(folder, threads=threads)
    while place < len(worker.steps.stages):
        stage = worker.steps.stages[place]
        if stage in worker.optional:
            break
        if worker.steps.is_settled(stage):
            place += 1
            continue
        missing = worker.steps.missing(stage, worker.steps.begin(stage))
        _array(worker.board, folder, stage, min(_MOST_TASKS, -(-len(missing) // RUN)), more)
        if worker.board.differences() and not worker.steps.engines.fell_back:
            worker, place = Worker(folder, threads=threads), 0
            continue
        left = _ROUNDS if len(worker.steps.missing(stage, missing)) < len(missing) else left - 1
        if left <= 0:
            failures = worker.board.failures()
            said = failures[0]["message"] if failures else "its jobs end without a word"
            raise StudioError("worker_died", f"The stage {stage} does not get on: {said}", "See the logs in slurm/.")
    return merge_plan(folder, threads=threads)


def _array(board: Board, folder: Path, stage: str, tasks: int, more: Sequence[str]) -> None:
    """Submit an array for one stage and wait until it has left the queue; it is taken from there on the way out.

    Raises `cancelled` where the plan is.
    """
    logs = folder / "slurm"
    logs.mkdir(exist_ok=True)
    command = shlex.join([sys.executable, "-m", "mistudio_core", "shard", str(folder), "--stage", stage, "--json"])
    options = ["--parsable", f"--array=0-{tasks - 1}", f"--output={logs}/{stage}-%A-%a.log", "--job-name=mistudio"]
    submitted = _slurm(["sbatch", *options, *more], f"#!/bin/sh\nexec {command}\n")
    job = submitted.split(";")[0].strip()
    try:
        while _is_queued(job):
            if board.is_cancelled:
                raise cancelled()
            time.sleep(_POLL_S)
    except BaseException:
        _slurm(["scancel", job], allow_failure=True)
        raise


def _is_queued(job: str) -> bool:
    """Tell whether a job waits or runs."""
    return bool(_slurm(["squeue", "--noheader", "--jobs", job, "--format=%i"], allow_failure=True).strip())


def _slurm(command: Sequence[str], script: str = "", *, allow_failure: bool = False) -> str:
    try:
        done = subprocess.run(command, input=script, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise invalid(f"There is no {command[0]} here.", "Run it on a machine that submits to Slurm.") from None
    if done.returncode and not allow_failure:
        raise StudioError("internal", f"{command[0]} failed: {done.stderr.strip()[:500]}", "See its message.")
    return done.stdout

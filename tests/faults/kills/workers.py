"""Workers killed at random moments of an act, until one is let through: its result is that of an undisturbed run."""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random

import psutil

from mistudio_core.jobs.protocol import WORKER_MODULE
from mistudio_core.library import Library
from mistudio_core.records import Dataset, Tokenization
from tests.faults.kills.acts import Act, Digest, acts, base_digest, succeeded

IN_A_ROW = 4
"""Kills of one act before it is let through."""
WAIT_S = 60.0


@dataclass(frozen=True)
class Undisturbed:
    """What an act gives that nobody disturbs, and how long it takes."""

    digest: Digest
    before: Digest
    seconds: float
    texts: Path


def undisturbed(template: Path, scratch: Path, name: str, texts: Path, times: int = 2) -> Undisturbed:
    """Carry out the act of this name several times; it gives the same each time."""
    act, digests, seconds = acts(texts)[name], [], []
    before: Digest = {}
    for number in range(times):
        home = scratch / f"undisturbed-{name}-{number}"
        shutil.copytree(template, home)
        library = Library.open(home)
        began = time.monotonic()
        job_id = act.start(library)
        succeeded(library, job_id)
        seconds.append(time.monotonic() - began)
        digests.append(act.digest(library, job_id))
        before = base_digest(library)
        end_all(library)
        shutil.rmtree(home)
    assert all(digest == digests[0] for digest in digests), digests
    return Undisturbed(digests[0], before, min(seconds), texts)


def kill_in_a_row(home: Path, name: str, wanted: Undisturbed, random: Random, most: int = IN_A_ROW) -> int:
    """Kill the act of this name several times, let it through, and compare; return how often it was killed.

    Each kill comes at a random moment of the seconds that the act takes.
    """
    act = acts(wanted.texts)[name]
    library = Library.open(home)
    job_id = act.start(library)
    kills = 0
    while kills < most and kill_worker(library, job_id, random.uniform(0, wanted.seconds)):
        kills += 1
        library = opened_again(library)
        if library.job(job_id).status == "succeeded":
            break  # it was killed when it had written its result
        job_id = library.retry(job_id).id
    must_be_whole(library, job_id, act, wanted)
    end_all(library)
    return kills


def must_be_whole(library: Library, job_id: str, act: Act, wanted: Undisturbed) -> None:
    """Let an act through, and compare its result, and what was there before, with those of an undisturbed run."""
    succeeded(library, job_id)
    assert act.digest(library, job_id) == wanted.digest, act.name
    assert base_digest(library) == wanted.before
    for job in library.jobs(active=True):
        succeeded(library, job.id)
    problems = library.verify().problems
    assert not problems, problems


def opened_again(library: Library) -> Library:
    """Open the library as another program would, and list all that it holds."""
    again = Library.open(library.home.root)
    assert len(again.datasets()) >= 1
    records: list[Dataset | Tokenization] = [*again.datasets(), *again.tokenizations()]
    for record in records:
        assert record.status in ("ready", "error", "downloading", "processing", "queued"), record
        assert record.error is None or record.error.code == "worker_died", record
    again.jobs()
    return again


def kill_worker(library: Library, job_id: str, after: float) -> bool:
    """Kill the worker of a job after some seconds; return whether it still lived."""
    time.sleep(after)
    found = list(workers_of(library.home.job(job_id)))
    for process in found:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    deadline = time.monotonic() + WAIT_S
    while library.job(job_id).active:
        assert time.monotonic() < deadline, "the worker lives on"
        time.sleep(0.01)
    return bool(found)


def workers_of(folder: Path) -> Iterator[psutil.Process]:
    """Yield the worker of a job's folder, or those of all jobs below it."""
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            command = process.cmdline()
            ours = WORKER_MODULE in command and any(one.startswith(str(folder)) for one in command)
            if ours and process.status() != psutil.STATUS_ZOMBIE:
                yield process


def end_all(library: Library) -> None:
    """Cancel what still runs."""
    for job in library.jobs(active=True):
        library.cancel(job.id)

"""A worker that goes on only as far as the page has seen it: either may be the faster one."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psutil

from mistudio_core.files import read_json
from mistudio_core.jobs.protocol import PROCESS, read_progress
from mistudio_core.library import Library

STARTED_S = 240
LOOK_EVERY_S = 0.02


@contextmanager
def halted_worker(library: Library, tokenization_id: str) -> Iterator[Callable[[int], int]]:
    """Let a worker go on only until it has counted more documents than before: the page may be slower than it."""
    (job,) = library.jobs(tokenization_id)
    folder = library.home.job(job.id)
    deadline = time.monotonic() + STARTED_S
    while not (folder / PROCESS).exists():
        assert time.monotonic() < deadline, "the worker did not start"
        time.sleep(LOOK_EVERY_S)
    worker = psutil.Process(read_json(folder / PROCESS)["pid"])

    def counted_past(before: int) -> int:
        worker.resume()
        while int(read_progress(folder).live.get("documents", 0)) <= before:
            assert worker.status() != psutil.STATUS_ZOMBIE, "the worker has ended"
            time.sleep(LOOK_EVERY_S)
        worker.suspend()
        return int(read_progress(folder).live["documents"])

    try:
        yield counted_past
    finally:
        worker.resume()

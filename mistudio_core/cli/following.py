"""Jobs of the command line: started, followed on standard error, cancelled by Ctrl-C."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any, Final

from mistudio_core.cli.interrupt import started
from mistudio_core.library import Library
from mistudio_core.records import Job

_LINE_PERIOD_S: Final = 2.0
"""How often progress is told where standard error is not a terminal."""


def run_job(library: Library, start: Callable[[], str]) -> Any:
    """Start a job, wait for it and return what it made; `start` returns the id of the job or of what it makes."""
    job = succeeded(library, start)
    return (
        library.tokenization(job.subject_id) if job.subject_id.startswith("tok_") else library.dataset(job.subject_id)
    )


def succeeded(library: Library, start: Callable[[], str]) -> Job:
    """Start a job and wait for it, telling its progress; raise its failure. Ctrl-C cancels it."""
    any_id, pressed = started(start)
    try:
        if pressed:
            raise KeyboardInterrupt
        ended = library.wait(any_id, _teller())
    except KeyboardInterrupt:
        for job in library.jobs(active=True):
            if any_id in (job.id, job.subject_id):
                library.cancel(job.id)
        raise
    if ended.error is not None:
        raise ended.error.exception()
    return ended


def _teller() -> Callable[[Job], None]:
    """Return a function that writes progress to standard error: one line that changes, or a line now and then."""
    on_terminal = sys.stderr.isatty()
    shown = {"at": 0.0, "width": 0.0}

    def tell(job: Job) -> None:
        moment = time.monotonic()
        if on_terminal:
            line = _progress_line(job)
            sys.stderr.write("\r" + line.ljust(int(shown["width"])) + ("" if job.active else "\n"))
            shown["width"] = len(line)
        elif job.active and moment - shown["at"] >= _LINE_PERIOD_S:
            shown["at"] = moment
            sys.stderr.write(_progress_line(job) + "\n")
        sys.stderr.flush()

    return tell


def _progress_line(job: Job) -> str:
    amount = f"{job.done:,}" + (f" of {job.total:,}" if job.total else "") + (f" {job.unit}" if job.unit else "")
    rate = f", {job.rate:,.0f} {job.unit}/s" if job.rate else ""
    left = f", {job.eta_s:,.0f} s left" if job.eta_s else ""
    return f"{job.kind} {job.phase or job.status}: {amount}{rate}{left}"

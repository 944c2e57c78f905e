"""Jobs: listing them, waiting for them, stopping and retrying them."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from mistudio_core.errors import in_use
from mistudio_core.jobs import watch
from mistudio_core.library.context import Context
from mistudio_core.library.job_feed import JobFeed
from mistudio_core.library.records_view import look
from mistudio_core.library.start_once import retry
from mistudio_core.records import Job

_WAIT_POLL_S: Final = 0.2


class Jobs:
    """The jobs of a library."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def __call__(self, subject_id: str | None = None, *, active: bool | None = None) -> list[Job]:
        """Return the jobs, newest first; of one dataset or tokenization, unfinished or finished, if asked."""
        return look(self._context).jobs(subject_id, active=active)

    def get(self, job_id: str) -> Job:
        """Return one job, or raise `not_found`."""
        return look(self._context).job(job_id)

    def log(self, job_id: str) -> str:
        """Return the end of the log that the worker of a job wrote; in a shared library only to who started it."""
        job = look(self._context).job(job_id)
        self._context.actor.must("log", job)
        return watch.read_log(self._context.home.job(job.id))

    def wait(
        self, job_or_subject_id: str, on_progress: Callable[[Job], None] | None = None, timeout: float | None = None
    ) -> Job:
        """Return the job when it has ended, in whatever way; raise `in_use` after `timeout` seconds."""
        deadline = None if timeout is None else time.monotonic() + timeout
        job_id = look(self._context).last_job(job_or_subject_id).id
        while True:
            job = self.get(job_id)
            if on_progress is not None:
                on_progress(job)
            if not job.active:
                return job
            if deadline is not None and time.monotonic() > deadline:
                raise in_use(f"The job {job_id} has not finished.", "Wait longer, or cancel it.", job_id)
            time.sleep(_WAIT_POLL_S)

    def feed(self) -> JobFeed:
        """Return what tells, look by look, which jobs have changed or ended."""
        return JobFeed(self._context)

    def cancel(self, job_id: str) -> Job:
        """Stop a job and return when it has stopped; what a resume can use is kept."""
        job = look(self._context).job(job_id)
        self._context.actor.must("cancel", job)
        if not job.active:
            return job
        watch.stop(self._context.home.job(job.id))
        return self.get(job_id)

    def retry(self, any_id: str, *, hf_token: str | None = None) -> Job:
        """Go on with a dataset, a tokenization or a job that failed or was cancelled."""
        job = look(self._context).last_job(any_id)
        self._context.actor.must("retry", job)
        return retry(self._context, job, hf_token)

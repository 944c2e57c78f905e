"""The jobs of a library as they change, for somebody who keeps looking."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mistudio_core.errors import NotFound
from mistudio_core.library.context import Context
from mistudio_core.library.records_view import View, look
from mistudio_core.records import Job, Record


@dataclass(frozen=True, slots=True)
class JobNews(Record):
    """What a look found: unfinished jobs that have changed since the last one, and jobs that have ended since.

    `unfinished` are the ids of all unfinished jobs, changed or not.
    """

    changed: tuple[Job, ...]
    ended: tuple[Job, ...]
    unfinished: tuple[str, ...]


class JobFeed:
    """Looks at the jobs that its actor sees; a look reads the progress file of each unfinished job."""

    def __init__(self, context: Context) -> None:
        """Count as known what has ended before the first look."""
        self._context = context
        self._ended: frozenset[str] | None = None
        self._told: Mapping[str, tuple[str, int]] = {}

    def look(self) -> JobNews:
        """Return what is new since the last look; at the first, all unfinished jobs are."""
        view = look(self._context)
        active, ended = view.jobs(active=True), view.ended_ids()
        new = ended - (ended if self._ended is None else self._ended)
        stands = {job.id: (job.status, job.progress_seq) for job in active}
        changed = tuple(job for job in active if self._told.get(job.id) != stands[job.id])
        self._ended, self._told = ended, stands
        over = tuple(job for job_id in sorted(new) if (job := _visible(view, job_id)) is not None)
        return JobNews(changed, over, tuple(stands))


def _visible(view: View, job_id: str) -> Job | None:
    try:
        return view.job(job_id)
    except NotFound:  # it is somebody else's
        return None

"""Putting a job into the catalog and on its way, together with the dataset or tokenization it makes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from mistudio_core.errors import StudioError, in_use
from mistudio_core.files import Home, folder_bytes, json_bytes, new_id
from mistudio_core.jobs import protocol
from mistudio_core.jobs.kinds import kind_of
from mistudio_core.jobs.launch import launch
from mistudio_core.library.context import Context
from mistudio_core.library.listing import job_of
from mistudio_core.records import Dataset, Job, Tokenization, as_json, now, parse_time
from mistudio_core.settings import Settings, quota_filled
from mistudio_core.store.catalog.database import Transaction
from mistudio_core.store.catalog.rows import JobRow

Subject = Dataset | Tokenization
Check = Callable[[Transaction], None]
"""Looks for a reason against the job, within the very transaction that would make it; raises to refuse."""


def start(
    context: Context,
    kind: str,
    subject: Subject | None,
    arguments: Mapping[str, Any],
    *,
    secret: str | None = None,
    check: Check = lambda _: None,
    owner: str | None = None,
) -> Job:
    """Start a job and return it as it was asked for; a job that makes its `subject` writes the subject's row, too.

    A job that has no subject is its own. It belongs to the `owner` of what it makes, else to the actor. Raises what
    `check` raises, `in_use` when the subject has an unfinished job of this kind, `too_many_jobs` when too many wait,
    `disk_full` when the library has filled its quota. What raises has left nothing behind.
    """
    json_bytes(as_json({"arguments": arguments, "subject": subject}))  # raises for what no file could hold
    _check_quota(context.home, context.settings)
    if owner is None:
        owner = subject.owner if subject is not None and kind_of(kind).makes else context.actor.name
    entry = _Entry(context, new_id("job"), kind, subject, arguments, secret is not None, owner, check)
    request = launch(context.home, entry.job_id, entry.write, entry.undo, secret)
    return job_of(context.home, row_of(request))


@dataclass(slots=True)
class _Entry:
    """What a new job writes into the catalog, and takes back where its worker cannot be started."""

    context: Context
    job_id: str
    kind: str
    subject: Subject | None
    arguments: Mapping[str, Any]
    used_token: bool
    owner: str
    check: Check
    before: Subject | None = None

    def write(self) -> protocol.Request:
        """Write the job, and what it makes, unless there is something against it."""
        subject_id = self.job_id if self.subject is None else self.subject.id
        with self.context.catalog.transaction() as transaction:
            unfinished = [row for row in transaction.jobs().values() if row.ended is None]
            _check_idle(unfinished, self.kind, subject_id)
            _check_waiting(self.context.home, self.context.settings, unfinished)
            self.check(transaction)
            if self.subject is not None and kind_of(self.kind).makes:
                self.before = transaction.subject(subject_id)
                transaction.put(self.subject)
            request = protocol.Request(
                id=self.job_id,
                order=transaction.next_position(),
                kind=self.kind,
                subject_id=subject_id,
                arguments=self.arguments,
                draft={} if self.subject is None else as_json(self.subject),
                used_token=self.used_token,
                created_at=as_json(now()),
                owner=self.owner,
            )
            transaction.put_job(row_of(request))
        return request

    def undo(self) -> None:
        """Put the catalog back into the state before `write`."""
        with self.context.catalog.transaction() as transaction:
            transaction.remove([self.job_id])
            if self.subject is not None and kind_of(self.kind).makes:
                transaction.remove([self.subject.id])
                if self.before is not None:
                    transaction.put(self.before)


def row_of(request: protocol.Request) -> JobRow:
    """Return the catalog's row of a job as it was asked for."""
    return JobRow(
        id=request.id,
        position=request.order,
        kind=request.kind,
        subject_id=request.subject_id,
        arguments=request.arguments,
        needs_token=request.used_token,
        ended=None,
        phase="",
        done=0,
        total=None,
        unit="",
        error=None,
        created_at=parse_time(request.created_at),
        started_at=None,
        ended_at=None,
        owner=request.owner,
    )


def _check_quota(home: Home, settings: Settings) -> None:
    if settings.quota_gb and folder_bytes(home.root) >= settings.quota_gb * 1024**3:
        raise quota_filled(settings)


def _check_idle(unfinished: list[JobRow], kind: str, subject_id: str) -> None:
    busy = [row.id for row in unfinished if row.subject_id == subject_id and row.kind == kind]
    if busy:
        raise in_use(f"Job {busy[0]} is running on {subject_id}.", "Wait until it has finished, or cancel it.", busy[0])


def _check_waiting(home: Home, settings: Settings, unfinished: list[JobRow]) -> None:
    waiting = sum(protocol.read_started(home.job(row.id)) is None for row in unfinished)
    if waiting >= settings.max_waiting_jobs:
        raise StudioError(
            "too_many_jobs",
            f"{waiting} jobs are queued already.",
            "Wait for some of them to finish, or cancel some.",
        )

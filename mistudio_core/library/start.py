"""Putting a job into the catalog and on its way, together with the dataset or tokenization it makes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mistudio_core.errors import StudioError, in_use
from mistudio_core.files import Home, folder_bytes, json_bytes, new_id
from mistudio_core.jobs import protocol, watch
from mistudio_core.jobs.kinds import kind_of
from mistudio_core.jobs.launch import launch
from mistudio_core.records import Dataset, Tokenization, as_json, now, parse_time
from mistudio_core.settings import Settings, quota_filled
from mistudio_core.store.catalog.database import Catalog, Transaction
from mistudio_core.store.catalog.rows import JobRow

Subject = Dataset | Tokenization
Check = Callable[[Transaction], None]
"""Looks for a reason against the job, within the very transaction that would make it; raises to refuse."""


def start(
    home: Home,
    settings: Settings,
    catalog: Catalog,
    *,
    kind: str,
    subject: Subject | None,
    arguments: Mapping[str, Any],
    secret: str | None,
    check: Check,
) -> str:
    """Start a job and return its id; a job that makes its `subject` writes the subject's row with its own.

    A job that has no subject is its own. Raises what `check` raises, `in_use` when the subject has an
    unfinished job of this kind, `too_many_jobs` when too many wait, `disk_full` when the library has filled
    its quota.
    """
    json_bytes(as_json({"arguments": arguments, "subject": subject}))  # raises for what no file could hold
    _check_quota(home, settings)
    job_id = new_id("job")
    subject_id = job_id if subject is None else subject.id

    def make_request() -> protocol.Request:
        with catalog.transaction() as transaction:
            unfinished = [row for row in transaction.jobs().values() if row.ended is None]
            _check_idle(unfinished, kind, subject_id)
            _check_waiting(home, settings, unfinished)
            check(transaction)
            if subject is not None and kind_of(kind).makes:
                _put(transaction, subject)
            position = transaction.next_position()
            request = protocol.Request(
                id=job_id,
                order=position,
                kind=kind,
                subject_id=subject_id,
                arguments=arguments,
                draft={} if subject is None else as_json(subject),
                used_token=secret is not None,
                created_at=as_json(now()),
            )
            transaction.put_job(row_of(request))
            return request

    launch(home, job_id, make_request, secret)
    return job_id


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
    )


def _put(transaction: Transaction, subject: Subject) -> None:
    if isinstance(subject, Dataset):
        transaction.put_dataset(subject)
    else:
        transaction.put_tokenization(subject)


def _check_quota(home: Home, settings: Settings) -> None:
    if settings.quota_gb and folder_bytes(home.root) >= settings.quota_gb * 1024**3:
        raise quota_filled(settings)


def _check_idle(unfinished: list[JobRow], kind: str, subject_id: str) -> None:
    busy = [row.id for row in unfinished if row.subject_id == subject_id and row.kind == kind]
    if busy:
        raise in_use(f"Job {busy[0]} is running on {subject_id}.", "Wait until it has finished, or cancel it.", busy[0])


def _check_waiting(home: Home, settings: Settings, unfinished: list[JobRow]) -> None:
    waiting = sum(watch.started_at(home.job(row.id)) is None for row in unfinished)
    if waiting >= settings.max_waiting_jobs:
        raise StudioError(
            "too_many_jobs",
            f"{waiting} jobs are queued already.",
            "Wait for some of them to finish, or cancel some.",
        )

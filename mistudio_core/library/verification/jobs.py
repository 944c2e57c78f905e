"""The files of the jobs that have ended: what was asked for, how it ended, and what was told on the way."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from mistudio_core.checksums import seal_problem
from mistudio_core.errors import StudioError
from mistudio_core.files import Home, read_record, write_json
from mistudio_core.jobs import protocol
from mistudio_core.jobs.kinds import KINDS, kind_of
from mistudio_core.library.context import Context
from mistudio_core.library.verification.problem import Found, Repair
from mistudio_core.records import Job, as_json, parse_time
from mistudio_core.store.catalog.rows import JobRow

_KILLED: Final = ("worker_died", "cancelled")
"""A worker that was killed leaves no result."""


def check_job(home: Home, job: Job) -> Found:
    """Check the files of a job that has ended."""
    found = Found()
    if job.active:
        return found
    folder = home.job(job.id)
    killed = job.status != "succeeded" and (job.error is None or job.error.code in _KILLED)
    problems = [
        _sealed(folder / protocol.REQUEST, lambda: protocol.read_request(folder), must_exist=True),
        _sealed(folder / protocol.RESULT, lambda: protocol.read_result(folder), must_exist=not killed),
        _plain(folder / protocol.STARTED, lambda value: parse_time(value["at"]), killed),
        _plain(folder / protocol.PROCESS, lambda value: (int(value["pid"]), float(value["created"])), killed),
        _plain(
            folder / protocol.PROGRESS, lambda value: protocol.Progress(seq=value["seq"], phase=value["phase"]), killed
        ),
        _readable(folder / protocol.LOG),
    ]
    found.checked = len(problems)
    found.add(job.id, filter(None, problems), repair=Repair(write_again, job.id))
    return found


def write_again(context: Context, job_id: str) -> None:
    """Write the damaged files of a job from what the catalog has of it.

    A job of which nothing is known, or whose answer is lost that only its result held, is deleted.
    """
    folder = context.home.job(job_id)
    with context.catalog.transaction() as transaction:
        row = transaction.jobs()[job_id]
        subject = transaction.subject(row.subject_id)
        lost = _sealed(folder / protocol.RESULT, lambda: protocol.read_result(folder), must_exist=True) is not None
        answered = row.ended == "succeeded" and kind_of(row.kind).makes is None
        if row.kind not in KINDS or not folder.is_dir() or (lost and answered):
            context.home.to_trash(folder)
            transaction.remove([job_id])
    if not folder.is_dir():
        context.home.sweep_trash()
        return
    if _sealed(folder / protocol.REQUEST, lambda: protocol.read_request(folder), must_exist=True):
        protocol.write_request(folder, _request(row, {} if subject is None else as_json(subject)))
    if row.ended is not None and row.ended_at is not None and lost:
        error = None if row.error is None else row.error.exception().to_json()
        protocol.write_result(folder, protocol.Result(row.ended, str(as_json(row.ended_at)), answer={}, error=error))
    _write_plain(context, folder, row)


def _request(row: JobRow, draft: dict[str, object]) -> protocol.Request:
    return protocol.Request(
        id=row.id, order=row.position, kind=row.kind, subject_id=row.subject_id, arguments=row.arguments, draft=draft,
        used_token=row.needs_token, created_at=str(as_json(row.created_at)), owner=row.owner,
    )  # fmt: skip


def _write_plain(context: Context, folder: Path, row: JobRow) -> None:
    """Write what was told on the way; a log that cannot be read goes, and so does the number of the process."""
    if row.started_at is not None:
        write_json(folder / protocol.STARTED, {"at": as_json(row.started_at)})
    else:
        context.home.discard(folder / protocol.STARTED)
    progress = protocol.Progress(seq=1, phase=row.phase, done=row.done, total=row.total, unit=row.unit)
    protocol.write_progress(folder, progress)
    context.home.discard(folder / protocol.PROCESS)
    if _readable(folder / protocol.LOG) is not None:
        context.home.discard(folder / protocol.LOG)


def _sealed(path: Path, read: Callable[[], object], *, must_exist: bool) -> str | None:
    try:
        value = read()
    except StudioError as error:
        return error.message
    if value is None:
        return f"{path} is missing." if must_exist else None
    return seal_problem(path)


def _plain(path: Path, make: Callable[[dict[str, Any]], object], killed: bool) -> str | None:
    """Return what is wrong with a file that has no checksum, since it is replaced all the time: its form.

    It is synced when the job ends: a power cut before that leaves it empty, and takes nothing that is needed.
    """
    if killed and path.is_file() and path.stat().st_size == 0:
        return None
    try:
        read_record(path, make)
    except StudioError as error:
        return error.message
    return None


def _readable(path: Path) -> str | None:
    try:
        with open(path, "rb") as file:
            file.read(1)
    except FileNotFoundError:
        return None
    except OSError as error:
        return f"{path} cannot be read ({error.strerror or 'input/output error'})."
    return None

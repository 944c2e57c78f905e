"""The files of a job folder, which are all that an app and a worker say to each other.

request.json   what is asked for; no secrets; written before the worker starts
alive.lock     held by the worker from its first to its last instant: it lives if and only if this is held
process.json   number and start of the process
started.json   when the job left the queue
progress.json  replaced at most every 500 ms
result.json    how it ended; written last
cancel         its presence asks the worker to stop
worker.log     standard output and standard error of the worker
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TypeVar

from mistudio_core.checksums import read_sealed, write_sealed
from mistudio_core.errors import StudioError
from mistudio_core.field_types import checked
from mistudio_core.files import read_if_sound, read_record, sync_file, write_json
from mistudio_core.jobs.kinds import Lane, kind_of
from mistudio_core.records import ErrorInfo, as_json, parse_time

REQUEST: Final = "request.json"
LOCK: Final = "alive.lock"
PROCESS: Final = "process.json"
STARTED: Final = "started.json"
PROGRESS: Final = "progress.json"
RESULT: Final = "result.json"
CANCEL: Final = "cancel"
LOG: Final = "worker.log"
WORKER_MODULE: Final = "mistudio_core.work"
"""What a worker's command line runs; its first argument is the job folder."""


@dataclass(frozen=True, slots=True)
class Request:
    """What a job is asked to do; `order` comes from the catalog and says which job is first."""

    id: str
    order: int
    kind: str
    subject_id: str
    arguments: Mapping[str, Any]
    draft: Mapping[str, Any]
    used_token: bool
    created_at: str
    owner: str = ""
    """Who started the job; empty in a request of an older version, where it was the owner of the dataset."""

    @property
    def lane(self) -> Lane:
        """The queue in which the job waits."""
        return kind_of(self.kind).lane


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job is; `rate` in units per second, `eta_s` in seconds, `live` the statistics so far."""

    seq: int = 0
    phase: str = ""
    done: int = 0
    total: int | None = None
    unit: str = ""
    rate: float | None = None
    eta_s: float | None = None
    bytes_done: int = 0
    message: str = ""
    live: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Result:
    """How a job ended: `error` (code, message, hint, details) when it failed, `answer` where nothing is stored.

    `untouched` tells that the job was refused before any data moved, so that nothing need be kept.
    """

    status: str
    ended_at: str
    answer: Mapping[str, Any] | None = None
    error: Mapping[str, Any] | None = None
    untouched: bool = False


_ENDINGS: Final = ("succeeded", "failed", "cancelled")
_Record = TypeVar("_Record", Progress, Result)


def write_request(folder: Path, request: Request) -> None:
    """Put the request into the folder, synced."""
    write_sealed(folder / REQUEST, as_json(request))


def read_request(folder: Path) -> Request | None:
    """Return the request, or None where none was written; raises `corrupt_data` for a damaged one."""
    return read_sealed(folder / REQUEST, lambda value: checked(Request(**value)))


def write_progress(folder: Path, progress: Progress) -> None:
    """Replace the progress."""
    write_json(folder / PROGRESS, as_json(progress))


def read_progress(folder: Path) -> Progress:
    """Return the newest progress, or an empty one: also for a damaged one, since the next replaces it."""
    return read_if_sound(folder / PROGRESS, lambda value: _of(Progress, value)) or Progress()


def sync_told(folder: Path) -> None:
    """Wait until what was told on the way is on the disk: of a job with a result no file is lost by a power cut."""
    for name in (PROCESS, STARTED, PROGRESS):
        with suppress(OSError):
            sync_file(folder / name)


def write_result(folder: Path, result: Result) -> None:
    """Put the result into the folder, synced: the job is over when the worker's lock is free."""
    write_sealed(folder / RESULT, as_json(result))


def read_result(folder: Path) -> Result | None:
    """Return the result, or None while there is none; raises `corrupt_data` for a damaged one."""
    return read_sealed(folder / RESULT, _result_of)


def read_started(folder: Path) -> datetime | None:
    """Return when the job left the queue, or None while it waits; what is damaged was written when it left."""
    path = folder / STARTED
    try:
        return read_record(path, lambda value: parse_time(value["at"]))
    except StudioError:
        return modified_at(path)


def modified_at(path: Path) -> datetime | None:
    """Return when a file was last written, to the millisecond; None where it is not there."""
    try:
        moment = datetime.fromtimestamp(path.stat().st_mtime, tz=UTC)
    except OSError:
        return None
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def _result_of(value: Mapping[str, Any]) -> Result:
    result = _of(Result, value)
    parse_time(result.ended_at)
    if result.status not in _ENDINGS:
        raise ValueError(result.status)
    if result.error is not None:
        ErrorInfo(**result.error).exception()
    return result


def _of(record: type[_Record], value: Mapping[str, Any]) -> _Record:
    """Return the record that a file holds, without fields that only another version knows."""
    return checked(record(**{item.name: value[item.name] for item in fields(record) if item.name in value}))


def take_lock(folder: Path) -> int | None:
    """Take the life lock and return its open descriptor, or None when somebody holds it.

    `flock` belongs to the open file, not to the process: the descriptor may be handed to a child, the
    lock outlives the giver, survives a stopped process and is free the instant the last holder dies.
    """
    descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def holds_lock(folder: Path, descriptor: int) -> bool:
    """Tell whether `descriptor` is this folder's life lock and is (or now becomes) ours."""
    try:
        if not os.path.samestat(os.fstat(descriptor), os.stat(folder / LOCK)):
            return False
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def is_alive(folder: Path) -> bool:
    """Tell whether a worker (or its submitter, just before) holds the life lock."""
    try:
        descriptor = os.open(folder / LOCK, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:  # none, or something else in its place: a worker holds the lock that it has opened
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)  # shared: two who look do not disturb each other
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False

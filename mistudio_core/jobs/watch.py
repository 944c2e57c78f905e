"""Looking at a job from outside, and ending it."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path
from typing import Any, Final

from mistudio_core.disk import is_full, release_reserve
from mistudio_core.errors import StudioError, in_use
from mistudio_core.files import damaged, read_if_sound
from mistudio_core.jobs import protocol
from mistudio_core.jobs.protocol import WORKER_MODULE
from mistudio_core.records import as_json, now

CANCEL_GRACE_S: Final = 5.0
"""How long a worker may take to heed `cancel` (it looks four times a second) before it is ended from outside."""

_KILLS: Final = 6
"""How often a process group is ended before it is said that it cannot be: one that waits for a dead disk stays."""
_POLL_S: Final = 0.05
_LOG_TAIL_BYTES: Final = 200_000
"""As much of a log as a page shows; the whole of it lies in the job folder."""


def outcome(folder: Path) -> protocol.Result | None:
    """Return how a job ended, or None while its worker lives.

    A worker that ended without a result was killed: its job is `cancelled` when that was asked for and
    failed with `worker_died` otherwise. One whose result is damaged failed with `corrupt_data`.
    """
    if protocol.is_alive(folder):
        return None
    ended_at = _last_change(folder)
    try:
        result = protocol.read_result(folder)
    except StudioError as damage:
        return protocol.Result("failed", ended_at, error=damage.to_json())
    if result is not None:
        return result
    if (folder / protocol.CANCEL).exists():
        return protocol.Result("cancelled", ended_at, error=cancelled_error())
    error = StudioError(
        "worker_died",
        "The worker was killed before it finished (a restart, or the system ran out of memory).",
        "Resume continues from the finished parts; the job's log may say more.",
    )
    return protocol.Result("failed", ended_at, error=error.to_json())


def cancelled_error() -> dict[str, Any]:
    """Return the stored error of a cancelled job."""
    hint = "Resume continues from the finished parts; Delete removes it."
    return StudioError("cancelled", "The job was cancelled.", hint).to_json()


def ask_to_stop(folder: Path) -> None:
    """Ask the worker to stop; returns at once. Where the disk takes no more files, it is ended."""
    if not folder.is_dir():
        return
    try:
        (folder / protocol.CANCEL).touch()
    except OSError as error:
        if not is_full(error):
            raise
        release_reserve(folder.parents[1])
        try:
            (folder / protocol.CANCEL).touch()
        except OSError:
            _end_process_group(folder)


def stop(folder: Path) -> None:
    """Ask the worker to stop and return when it has; end its process group if it does not heed.

    Raises `in_use` where it cannot be ended.
    """
    ask_to_stop(folder)
    deadline, kills = time.monotonic() + CANCEL_GRACE_S, 0
    while protocol.is_alive(folder):
        if time.monotonic() > deadline:
            if kills == _KILLS:
                raise in_use(
                    f"The worker of {folder.name} does not end.", "Restart the machine it runs on.", folder.name
                )
            _end_process_group(folder)
            deadline, kills = time.monotonic() + CANCEL_GRACE_S, kills + 1
        time.sleep(_POLL_S)


def read_log(folder: Path) -> str:
    """Return the end of the worker's log, 200 kB at most."""
    try:
        with open(folder / protocol.LOG, "rb") as log:
            log.seek(0, os.SEEK_END)
            log.seek(max(0, log.tell() - _LOG_TAIL_BYTES))
            return log.read().decode(errors="replace")
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise damaged(folder / protocol.LOG, f"it cannot be read ({error.strerror})") from None


def _end_process_group(folder: Path) -> None:
    for number in _workers(folder):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(number, signal.SIGKILL)


def _workers(folder: Path) -> list[int]:
    """Return the process of the worker: the one that it wrote down, else those whose command line names the folder."""
    import psutil

    recorded = read_if_sound(folder / protocol.PROCESS, lambda value: (int(value["pid"]), float(value["created"])))
    if recorded is None:
        wanted = [WORKER_MODULE, str(folder)]
        processes = psutil.process_iter(["pid", "cmdline"])
        return [one.pid for one in processes if (one.info["cmdline"] or [])[2:4] == wanted]
    number, created = recorded
    with contextlib.suppress(psutil.Error):
        # the number may have been given to a stranger since: the time of its start tells
        if psutil.Process(number).create_time() == created:
            return [number]
    return []


def _last_change(folder: Path) -> str:
    for name in (protocol.PROGRESS, protocol.STARTED, protocol.REQUEST):
        moment = protocol.modified_at(folder / name)
        if moment is not None:
            return str(as_json(moment))
    return str(as_json(now()))

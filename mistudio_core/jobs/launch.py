"""Starting a worker: a job folder, its life lock, and one subprocess in a session of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from mistudio_core.disk import full_disk, is_full
from mistudio_core.errors import StudioError
from mistudio_core.files import Home
from mistudio_core.jobs import environment, protocol

_JOB_BYTES: Final = 1 << 20
"""What the folder of a job takes before it has done anything, with room for its log."""
_children: list[subprocess.Popen[bytes]] = []
"""Workers started by this process, so that the ended ones are reaped; nobody else reads it."""


def launch(
    home: Home,
    job_id: str,
    make_request: Callable[[], protocol.Request],
    undo: Callable[[], None],
    secret: str | None,
) -> protocol.Request:
    """Start the worker of a new job and return its request.

    The life lock is taken before `make_request` writes the job into the catalog, and handed to the
    worker, so that there is no instant at which a job stands in the catalog and looks dead. The secret
    is one line on the worker's standard input. Where the worker cannot be started, `undo` takes the job out of the
    catalog, and nothing is left of it.
    """
    reap()
    folder = home.job(job_id)
    try:
        folder.mkdir(parents=True)
        lock = protocol.take_lock(folder)
    except OSError as error:
        home.discard(folder)
        raise _not_started(home, error) from error
    if lock is None:
        raise StudioError("internal", f"The job folder {folder.name} is in use.")
    try:
        try:
            request = make_request()
        except BaseException:
            home.discard(folder)
            raise
        try:
            protocol.write_request(folder, request)
            _start(home, folder, lock, secret)
        except OSError as error:
            undo()
            home.discard(folder)
            raise _not_started(home, error) from error
        return request
    finally:
        os.close(lock)


def reap() -> None:
    """Collect the exit status of ended workers; a zombie would keep its number."""
    _children[:] = [child for child in _children if child.poll() is None]


def _not_started(home: Home, error: OSError) -> StudioError:
    if is_full(error):
        return full_disk(home.root, _JOB_BYTES)
    return StudioError(
        "internal",
        f"The worker process could not be started ({error.strerror or type(error).__name__}).",
        "Close other programs, and try again.",
    )


def _start(home: Home, folder: Path, lock: int, secret: str | None) -> None:
    with open(folder / protocol.LOG, "ab") as log:
        child = subprocess.Popen(
            [sys.executable, "-m", protocol.WORKER_MODULE, str(folder), str(lock)],
            cwd=folder,
            env=environment.worker_environment() | {"MISTUDIO_HOME": str(home.root)},
            stdin=subprocess.PIPE if secret is not None else subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=(lock,),
        )
    _children.append(child)
    if secret is not None and child.stdin is not None:
        try:
            child.stdin.write(secret.encode() + b"\n")
            child.stdin.close()
        except BrokenPipeError:
            pass  # the worker died at once: its free lock says so

"""The frame round every worker: its lock, its secret, its place in the queue, its end.

Nothing heavy is imported before the job leaves the queue: a waiting worker costs about 10 MB.
"""

from __future__ import annotations

import importlib
import logging
import os
import resource
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, NoReturn, TextIO

from mistudio_core.disk import RESERVE_BYTES, full_disk, is_full, release_reserve
from mistudio_core.errors import StudioError, unexpected
from mistudio_core.files import Home, folder_bytes, free_bytes, write_json
from mistudio_core.jobs import protocol
from mistudio_core.jobs.kinds import KINDS, kind_of
from mistudio_core.records import as_json, now
from mistudio_core.settings import Settings, quota_filled
from mistudio_core.work.log_size import keep_small
from mistudio_core.work.queue import wait_in_queue
from mistudio_core.work.running import RunningJob

_PASSING: Final = frozenset(
    {"hub_unreachable", "rate_limited", "disk_full", "internal", "worker_died", "token_rejected"}
)
"""Failures that a later try may not meet: the dataset stays, to be resumed, even if no data had moved."""
_CANCEL_POLL_S: Final = 0.25
_DISK_POLL_S: Final = 2.0  # a look costs a `stat` for each file of the library
_ending = threading.Lock()
"""Whoever takes it writes the one result and ends the process; it is never given back."""


def main() -> None:
    """Run the job in the folder that the command line names; exit silently when another worker has it."""
    folder = Path(sys.argv[1]).resolve()
    if not _own(folder):
        return
    try:
        request = protocol.read_request(folder)
    except StudioError as error:
        _end(folder, _failure(error))
    if request is None:
        return
    _record_process(folder)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a dump of the memory would hold the access token
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    log = logging.getLogger("mistudio.worker")
    before_end: list[Callable[[], None]] = []
    watch = threading.Thread(target=_watch_cancel, args=(folder, log, before_end), daemon=True, name="cancel watcher")
    watch.start()
    try:
        _end(folder, _run(folder, request, log, before_end))
    except StudioError as error:
        _end(folder, _failure(error))
    except Exception as error:
        log.exception("the job failed")
        _end(folder, _failure(_reported(folder, error)))


def _own(folder: Path) -> bool:
    if len(sys.argv) > 2:
        return protocol.holds_lock(folder, int(sys.argv[2]))
    return protocol.take_lock(folder) is not None


def _record_process(folder: Path) -> None:
    import psutil

    write_json(folder / protocol.PROCESS, {"pid": os.getpid(), "created": psutil.Process().create_time()})


def _run(
    folder: Path, request: protocol.Request, log: logging.Logger, before_end: list[Callable[[], None]]
) -> protocol.Result:
    settings = Settings.from_environment()
    home = Home(folder.parent.parent)
    secret = _read_secret() if request.used_token else None
    if secret:
        _hide(secret)
    log.info("%s for %s is queued", request.kind, request.subject_id)
    wait_in_queue(home, settings, folder, request)
    watched = home, settings, folder, request, before_end
    threading.Thread(target=_watch_disk, args=watched, daemon=True, name="disk").start()
    job = RunningJob(
        home=home,
        settings=settings,
        folder=folder,
        id=request.id,
        kind=request.kind,
        subject_id=request.subject_id,
        arguments=request.arguments,
        draft=request.draft,
        secret=secret,
        log=log,
        before_end=before_end,
    )
    began = time.monotonic()
    try:
        answer: dict[str, Any] = _worker(request.kind).run(job)
    except StudioError as error:
        log.error("%s: %s", error.code, error.message)
        return _failure(error, untouched=job.phase == "resolving" and error.code not in _PASSING)
    job.write_last()
    log.info("finished after %.1f s", time.monotonic() - began)
    if kind_of(request.kind).makes:
        answer = {}  # it stands in the manifest
    return protocol.Result("succeeded", str(as_json(now())), answer=answer)


def _worker(kind: str) -> Any:
    if kind not in KINDS:
        raise StudioError("internal", f"This version knows no job of the kind {kind!r:.40}.", "Update it.")
    return importlib.import_module(f"mistudio_core.work.{KINDS[kind].module}")


def _read_secret() -> str:
    line = sys.stdin.buffer.readline()
    if not line.endswith(b"\n"):
        raise StudioError(
            "worker_died",
            "The access token did not reach the worker, because the program that started it ended.",
            "Start the job again and enter the token again.",
        )
    return line.decode().strip()


class _Hiding:
    """A text stream that never lets a secret through."""

    def __init__(self, stream: TextIO, secret: str) -> None:
        self._stream = stream
        self._secret = secret

    def write(self, text: str) -> int:
        return self._stream.write(text.replace(self._secret, "[access token]"))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _hide(secret: str) -> None:
    hiding: Any = _Hiding(sys.stderr, secret)
    sys.stderr = sys.stdout = hiding
    for handler in logging.getLogger().handlers:
        if isinstance(handler, logging.StreamHandler):
            handler.setStream(hiding)


def _watch_cancel(folder: Path, log: logging.Logger, before_end: list[Callable[[], None]]) -> None:
    while not (folder / protocol.CANCEL).exists():
        time.sleep(_CANCEL_POLL_S)
        with suppress(OSError):  # of a log that was lost there is nothing to keep small
            keep_small(folder / protocol.LOG)
    log.info("cancelled")
    error = StudioError(
        "cancelled", "The job was cancelled.", "Resume continues from the finished parts; Delete removes it."
    )
    _give_up(folder, protocol.Result("cancelled", str(as_json(now())), error=error.to_json()), before_end)


def _watch_disk(
    home: Home, settings: Settings, folder: Path, request: protocol.Request, before_end: list[Callable[[], None]]
) -> None:
    """End the job when the disk or the quota is full: how much it will write is often not known before."""
    error = None
    while error is None:
        time.sleep(_DISK_POLL_S)  # first: the job itself tells better what does not fit from the start
        error = _disk_error(home, settings, request.kind)
    logging.getLogger("mistudio.worker").error("%s: %s", error.code, error.message)
    _give_up(folder, _failure(error), before_end)


def _disk_error(home: Home, settings: Settings, kind: str) -> StudioError | None:
    """Return an error when the library has outgrown its quota, or what comes from outside fills the disk."""
    if settings.quota_gb and folder_bytes(home.root) > settings.quota_gb << 30:
        return quota_filled(settings)
    if kind_of(kind).from_outside and free_bytes(home.root) < settings.keep_free_mb << 20:
        message = f"Free disk space is below the {settings.keep_free_mb:,} MB that must stay free."
        return StudioError("disk_full", message, "Free disk space, or limit the samples.")
    return None


def _give_up(folder: Path, result: protocol.Result, before_end: list[Callable[[], None]]) -> NoReturn:
    """End from another thread than the job's: what the job has started elsewhere is told first."""
    _must_end()
    for act in before_end:
        act()
    _leave(folder, result)


def _end(folder: Path, result: protocol.Result) -> NoReturn:
    """Write the result and leave at once: whatever is whole on disk is kept, threads are not waited for."""
    _must_end()
    _leave(folder, result)


def _must_end() -> None:
    if not _ending.acquire(blocking=False):
        threading.Event().wait()  # the other thread is ending the process


def _leave(folder: Path, result: protocol.Result) -> NoReturn:
    try:
        protocol.sync_told(folder)
        try:
            protocol.write_result(folder, result)
        except OSError:
            release_reserve(folder.parents[1])
            protocol.write_result(folder, result)
    finally:
        logging.shutdown()
        os._exit(0 if result.status == "succeeded" else 1)


def _failure(error: StudioError, *, untouched: bool = False) -> protocol.Result:
    return protocol.Result("failed", str(as_json(now())), error=error.to_json(), untouched=untouched)


def _reported(folder: Path, error: BaseException) -> StudioError:
    """Say an unforeseen failure in the user's words; the details are in the log."""
    if is_full(error):
        # What did not fit is gone again, so that more is needed than is free now.
        needed = max(Settings.from_environment().keep_free_mb << 20, free_bytes(folder) + RESERVE_BYTES)
        return full_disk(folder, needed, "Free disk space, then resume: finished parts are kept.")
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, MemoryError):
            return StudioError("too_large", "The machine ran out of memory.", "Close other programs, then resume.")
        if isinstance(cause, PermissionError):
            return StudioError(
                "permission_denied", f"No permission to access {cause.filename}.", "Check its owner and permissions."
            )
        cause = cause.__cause__ or cause.__context__
    return unexpected(error, "while the job ran")


if __name__ == "__main__":
    main()

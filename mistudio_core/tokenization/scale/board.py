"""Word that workers leave for each other and for whoever asks how far a plan is: failures, differences, progress."""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from mistudio_core.errors import StudioError
from mistudio_core.files import read_json, write_json
from mistudio_core.records import as_json, now

FAILED: Final = "failed"
DIFFERS: Final = "differs"
PROGRESS: Final = "progress"
CANCEL: Final = "cancel"
PERIOD_S: Final = 10.0
"""How often a worker tells how far it is."""


class Board:
    """The folders of a plan in which workers leave word."""

    def __init__(self, folder: Path) -> None:
        """Take the plan folder."""
        self._folder = folder

    @property
    def is_cancelled(self) -> bool:
        """Whether workers are to stop."""
        return (self._folder / CANCEL).exists()

    def cancel(self) -> None:
        """Let workers stop at their next batch."""
        (self._folder / CANCEL).touch()

    def uncancel(self) -> None:
        """Let workers go on."""
        (self._folder / CANCEL).unlink(missing_ok=True)

    def fail(self, stage: str, index: int, error: StudioError) -> None:
        """Keep why a step failed here."""
        self._put(FAILED, stage, index, {"code": error.code, "message": error.message, "hint": error.hint})

    def succeed(self, stage: str, index: int) -> None:
        """Forget that a step has failed before."""
        self._file(FAILED, stage, index).unlink(missing_ok=True)

    def differ(self, stage: str, index: int, difference: str) -> None:
        """Tell everybody that the engines gave different ids."""
        self._put(DIFFERS, stage, index, {"difference": difference})

    def failures(self) -> list[dict[str, Any]]:
        """Return the steps that failed last time: stage, index, host, code, message."""
        return self._all(FAILED)

    def differences(self) -> list[dict[str, Any]]:
        """Return where engines were seen to differ."""
        return self._all(DIFFERS)

    def workers(self) -> list[dict[str, Any]]:
        """Return what each worker said last of how far it is."""
        return self._all(PROGRESS)

    def _put(self, kind: str, stage: str, index: int, content: Mapping[str, Any]) -> None:
        path = self._file(kind, stage, index)
        path.parent.mkdir(exist_ok=True)
        where = {"stage": stage, "index": index, "host": socket.gethostname(), "at": as_json(now())}
        write_json(path, {**where, **content}, durable=True)

    def _file(self, kind: str, stage: str, index: int) -> Path:
        return self._folder / kind / f"{stage}-{index:05d}.json"

    def _all(self, kind: str) -> list[dict[str, Any]]:
        found = []
        for path in sorted((self._folder / kind).glob("*.json")):
            with contextlib.suppress(StudioError):  # half a file, where renames are not atomic
                word = read_json(path)
                found += [word] if isinstance(word, dict) else []
        return found


def cancelled() -> StudioError:
    """Return what a process raises that finds its plan cancelled."""
    hint = f"Run it again to go on; process {os.getpid()} on {socket.gethostname()} ended."
    return StudioError("cancelled", "The plan was cancelled.", hint)


class Reporter:
    """Tells how far one worker is, now and then; its name is random, since hosts and processes of two may be alike."""

    def __init__(self, folder: Path, rank: int, world: int) -> None:
        """Begin to report in a plan folder."""
        folder = folder / PROGRESS
        folder.mkdir(exist_ok=True)
        self._path = folder / f"{socket.gethostname()}-{secrets.token_hex(4)}.json"
        self._facts = {"host": socket.gethostname(), "pid": os.getpid(), "rank": rank, "world": world}
        self._began, self._told_at = time.time(), 0.0
        self.stage, self.steps, self.samples, self.text_bytes = "", 0, 0, 0

    def tell(self, *, ended: bool = False) -> None:
        """Write how far the worker is, if it is time."""
        moment = time.time()
        if ended or moment - self._told_at >= PERIOD_S:
            self._told_at = moment
            counts = {"stage": self.stage, "steps": self.steps, "samples": self.samples, "bytes": self.text_bytes}
            times = {"seconds": round(moment - self._began, 3), "at": moment, "ended": ended}
            write_json(self._path, {**self._facts, **counts, **times})

"""A few look workers for all threads of a program: kept warm, ended beyond a limit, and replaced."""

from __future__ import annotations

import atexit
import threading
import time
from collections.abc import Mapping
from typing import Any, Final

from mistudio_core.errors import StudioError
from mistudio_core.jobs.look_protocol import Limits
from mistudio_core.jobs.look_worker import LookWorker, WorkerGoneError

_WORKERS: Final = 2
"""Processes at most: each takes 100 MB and a processor while it works."""
_PATIENCE_S: Final = 60.0
"""How long a question waits for a worker that is free."""


class LookPool:
    """Answers questions by whichever worker is free, best by one that was asked about the same subject last."""

    def __init__(self, workers: int = _WORKERS) -> None:
        self._most = workers
        self._running = 0
        self._idle: list[LookWorker] = []
        self._changed = threading.Condition()

    def ask(self, question: str, arguments: Mapping[str, Any], subject: str, limits: Limits | None = None) -> Any:
        """Return the answer of a worker (see `LookWorker.ask`); raises `too_many_jobs` where none gets free."""
        while True:
            worker = self._taken(subject)
            try:
                return worker.ask(question, arguments, subject, limits or Limits())
            except WorkerGoneError:  # it had not been needed for a while
                continue
            finally:
                self._give_back(worker)

    def close(self) -> None:
        """End the workers that are free."""
        with self._changed:
            for worker in self._idle:
                worker.end()
            self._running -= len(self._idle)
            self._idle.clear()

    def _taken(self, subject: str) -> LookWorker:
        until = time.monotonic() + _PATIENCE_S
        with self._changed:
            while True:
                if self._idle:
                    same = [worker for worker in self._idle if worker.last_subject == subject]
                    worker = (same or self._idle)[-1]
                    self._idle.remove(worker)
                    if worker.usable:
                        return worker
                    worker.end()
                    self._running -= 1
                elif self._running < self._most:
                    worker = LookWorker()
                    self._running += 1
                    return worker
                elif not self._changed.wait(until - time.monotonic()):
                    raise StudioError(
                        "too_many_jobs", "Too many tokenizers are being looked at.", "Try again in a minute."
                    )

    def _give_back(self, worker: LookWorker) -> None:
        with self._changed:
            if worker.usable:
                self._idle.append(worker)
            else:
                worker.end()
                self._running -= 1
            self._changed.notify()


pool: Final = LookPool()
"""The workers of this process."""
atexit.register(pool.close)

"""The job as its worker sees it: what is asked, and how to tell how far it is."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from mistudio_core.files import Home
from mistudio_core.jobs.protocol import Progress, write_progress
from mistudio_core.settings import Settings

PROGRESS_PERIOD_S: Final = 0.5
_RATE_WINDOW_S: Final = 20.0
"""Long enough to be calm, short enough to follow a network that changes its mind."""

Live = Mapping[str, Any] | Callable[[], Mapping[str, Any]]


@dataclass(slots=True)
class RunningJob:
    """What one worker works on. `draft` is the record of the dataset or tokenization as it was asked for."""

    home: Home
    settings: Settings
    folder: Path
    id: str
    kind: str
    subject_id: str
    arguments: Mapping[str, Any]
    draft: Mapping[str, Any]
    secret: str | None
    log: logging.Logger
    phase: str = ""
    before_end: list[Callable[[], None]] = field(default_factory=list)
    """Called when the job is cancelled or has to give up, before its process leaves at once."""
    _seq: int = 0
    _written_at: float = 0.0
    _unwritten: Progress | None = None
    _history: deque[tuple[float, int]] = field(default_factory=deque)

    def progress(
        self,
        phase: str,
        done: int = 0,
        total: int | None = None,
        unit: str = "",
        *,
        bytes_done: int = 0,
        live: Live | None = None,
        message: str = "",
        force: bool = False,
    ) -> None:
        """Tell how far the job is; written at most every 500 ms, but at once when the phase changes.

        `live` may be a function, which is called only when a write is due. Not for use by several
        threads at a time.
        """
        moment = time.monotonic()
        if phase != self.phase:
            self.phase, force = phase, True
            self._history.clear()
            self.log.info("phase: %s", phase)
        told = Progress(phase=phase, done=done, total=total, unit=unit, bytes_done=bytes_done, message=message)
        if not force and moment - self._written_at < PROGRESS_PERIOD_S:
            self._unwritten = told
            return
        self._written_at = moment
        rate = self._rate(moment, done)
        left = None if total is None else max(0, total - done)
        eta = left / rate if rate and left is not None else None
        self._write(replace(told, rate=rate, eta_s=eta, live=live() if callable(live) else (live or {})))

    def write_last(self) -> None:
        """Write what was told last if it was held back, so that a finished job shows its true amounts."""
        if self._unwritten is not None:
            self._write(self._unwritten)

    def _write(self, progress: Progress) -> None:
        self._seq += 1
        self._unwritten = None
        write_progress(self.folder, replace(progress, seq=self._seq))

    def _rate(self, moment: float, done: int) -> float | None:
        history = self._history
        if history and done < history[-1][1]:
            history.clear()
        history.append((moment, done))
        while moment - history[0][0] > _RATE_WINDOW_S and len(history) > 2:
            history.popleft()
        seconds, amount = moment - history[0][0], done - history[0][1]
        return amount / seconds if seconds > 0 and amount > 0 else None

"""Kills the workers of a plan at random moments while somebody else runs it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from random import Random

import psutil

_POLL_S = 0.03


class Killer(threading.Thread):
    """Sends SIGKILL to workers: at once when they appear, or when some more steps have their receipts."""

    def __init__(
        self, is_worker: Callable[[psutil.Process], bool], work: Path, kills: int, *, seed: int = 3, most_steps: int = 3
    ) -> None:
        """Take what tells a worker, the folder of receipts, and how often to kill."""
        super().__init__(name="killer", daemon=True)
        self._is_worker, self._work, self._most, self._steps = is_worker, work, kills, most_steps
        self._random, self._ended = Random(seed), threading.Event()
        self.kills = 0

    def run(self) -> None:
        """Kill until it was often enough, or until the end."""
        targets: dict[tuple[int, float], int] = {}
        while self.kills < self._most and not self._ended.wait(_POLL_S):
            done = len(receipts(self._work))
            for process in psutil.process_iter():
                with suppress(psutil.Error):
                    if not self._is_worker(process):
                        continue
                    which = process.pid, process.create_time()
                    target = targets.setdefault(which, done + self._random.randint(0, self._steps))
                    if done >= target and self.kills < self._most:
                        process.kill()
                        self.kills += 1

    def __enter__(self) -> Killer:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self.join()


def receipts(work: Path) -> dict[str, int]:
    """Return the receipts of a plan with their inodes, which change where a step is done again."""
    found = {}
    for path in work.glob("*.json"):
        with suppress(FileNotFoundError):
            found[path.name] = path.stat().st_ino
    return found

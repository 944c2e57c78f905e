"""The queue of each lane: a job starts when fewer run than its limit and no earlier job waits."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from filelock import FileLock

from mistudio_core.errors import StudioError
from mistudio_core.files import Home, write_json
from mistudio_core.jobs import protocol
from mistudio_core.jobs.kinds import Lane
from mistudio_core.records import as_json, now
from mistudio_core.settings import Settings

_POLL_S: Final = 0.5


def wait_in_queue(home: Home, settings: Settings, folder: Path, request: protocol.Request) -> None:
    """Return when the job may run, having written `started.json`.

    Waiters look twice a second, one at a time under a short lock, so that two never take one place.
    Nothing is held while waiting, so there is no place that a killed process could leave taken.
    """
    lanes: Mapping[Lane, int] = {
        "look": settings.max_look_jobs,
        "download": settings.max_download_jobs,
        "compute": settings.max_compute_jobs,
        "index": settings.max_index_jobs,
    }
    limit = lanes[request.lane]
    others = _Others(home, folder, request)
    while True:
        with FileLock(home.locks / "queue.lock"):
            running, earlier = others.count()
            if running < limit and not earlier:
                write_json(folder / protocol.STARTED, {"at": as_json(now())})
                return
        time.sleep(_POLL_S)


class _Others:
    """The other jobs of the lane; those that ended, or wait behind this one's lane, are looked at once."""

    def __init__(self, home: Home, own: Path, request: protocol.Request) -> None:
        self._home = home
        self._request = request
        self._ignored = {own.name}
        self._orders: dict[str, int] = {}

    def count(self) -> tuple[int, int]:
        """Return how many live jobs of the lane run, and how many earlier ones wait."""
        running = earlier = 0
        for folder in self._home.jobs.iterdir():
            order = self._order(folder)
            if order is None:
                continue
            if not protocol.is_alive(folder):
                self._ignored.add(folder.name)
            elif (folder / protocol.STARTED).exists():
                running += 1
            elif order < self._request.order:
                earlier += 1
        return running, earlier

    def _order(self, folder: Path) -> int | None:
        if folder.name in self._ignored:
            return None
        if folder.name not in self._orders:
            try:
                request = protocol.read_request(folder)
            except StudioError:  # damaged: it takes nobody's place
                self._ignored.add(folder.name)
                return None
            if request is None:
                return None
            if request.lane != self._request.lane:
                self._ignored.add(folder.name)
                return None
            self._orders[folder.name] = request.order
        return self._orders[folder.name]

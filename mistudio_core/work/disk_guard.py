"""Free disk space: checked before data moves, and again and again while it does."""

from __future__ import annotations

import time
from typing import Final

from mistudio_core.files import folder_bytes, free_bytes
from mistudio_core.sources.failures import disk_full
from mistudio_core.work.running import RunningJob

_CHECK_PERIOD_S: Final = 1.0


class DiskGuard:
    """The space that a job may fill: what is free less what must stay free, and no more than the library's quota."""

    def __init__(self, job: RunningJob) -> None:
        """Look at the job's settings."""
        self._job = job
        self._checked_at = 0.0

    @property
    def keep_free(self) -> int:
        """Return the bytes that must stay free."""
        return self._job.settings.keep_free_mb << 20

    def left(self) -> int:
        """Return the bytes that may still be filled."""
        home, settings = self._job.home, self._job.settings
        left = free_bytes(home.root) - self.keep_free
        if settings.quota_gb:
            left = min(left, (settings.quota_gb << 30) - folder_bytes(home.root))
        return max(0, left)

    def require(self, needed: int) -> None:
        """Raise `disk_full`, naming both numbers, when `needed` bytes do not fit."""
        if needed > self.left():
            self._job.home.sweep_trash(everything=True)
            left = self.left()
            if needed > left:
                raise disk_full(needed, left)

    def watch(self) -> None:
        """Raise `disk_full` when nothing is left; cheap enough to be called for every batch."""
        moment = time.monotonic()
        if moment - self._checked_at >= _CHECK_PERIOD_S:
            self._checked_at = moment
            if free_bytes(self._job.home.root) >= self.keep_free:
                return
            self._job.home.sweep_trash(everything=True)
            free = free_bytes(self._job.home.root)
            if free < self.keep_free:
                raise disk_full(self.keep_free, free)

"""How far a download or an import is, told from several threads."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from mistudio_core.work.running import RunningJob


class FileProgress:
    """Counts bytes, rows and files, and tells the job's progress; any thread may call it."""

    def __init__(self, job: RunningJob, phase: str, *, total: int | None, unit: str, num_files: int) -> None:
        """Count what `unit` says ("bytes" or "samples") towards `total`."""
        self._job, self._phase, self._total, self._unit = job, phase, total, unit
        self._lock = threading.Lock()
        self._num_bytes = self._num_rows = self._files_done = 0
        self._num_files = num_files
        self._message = ""

    def have(self, num_bytes: int, num_rows: int) -> None:
        """Count a file that an earlier run had finished, without telling: it is no speed."""
        with self._lock:
            self._num_bytes += num_bytes
            self._num_rows += num_rows
            self._files_done += 1

    def bytes(self, count: int) -> None:
        """Count bytes that arrived; a negative number when some were thrown away."""
        with self._lock:
            self._num_bytes += count
            self._message = "" if count > 0 else self._message
            self._tell()

    def rows(self, count: int) -> None:
        """Count rows that were written."""
        with self._lock:
            self._num_rows += count
            self._tell()

    def file_done(self) -> None:
        """Count a file that is finished."""
        with self._lock:
            self._files_done += 1
            self._tell()

    def waiting(self, seconds: float, failures: int) -> None:
        """Say that the Hub did not answer and when it will be asked again."""
        with self._lock:
            self._message = f"The Hub request failed; attempt {failures + 1} follows in {seconds:.0f} s."
            self._job.log.info("waiting %.1f s after failure %d", seconds, failures)
            self._tell(force=True)

    def _tell(self, *, force: bool = False) -> None:
        self._job.progress(
            self._phase,
            self._num_bytes if self._unit == "bytes" else self._num_rows,
            self._total,
            self._unit,
            bytes_done=self._num_bytes,
            live=self._live,
            message=self._message,
            force=force,
        )

    def _live(self) -> Mapping[str, Any]:
        return {"files_done": self._files_done, "files_total": self._num_files, "samples": self._num_rows}

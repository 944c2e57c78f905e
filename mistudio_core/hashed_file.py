"""Writing a file and its checksum at once."""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path
from typing import Any


class HashedFile:
    """A file for Arrow to write that is hashed on the way, which saves reading it again.

    `digest` is the SHA-256 of what was written so far and `size` its bytes.
    """

    closed = False

    def __init__(self, path: Path) -> None:
        """Open `path` for writing."""
        self._file = open(path, "wb")  # noqa: SIM115 - closed by close()
        self._abandoned = False
        self.digest = hashlib.sha256()
        self.size = 0

    def write(self, data: Any) -> int:
        """Write and hash bytes; nothing any more after `abandon`."""
        if self._abandoned:
            return len(data)
        self.digest.update(data)
        self.size += len(data)
        return self._file.write(data)

    def tell(self) -> int:
        """Return how many bytes were written."""
        return self.size

    def flush(self) -> None:
        """Hand what was written to the system."""
        if not self._abandoned:
            self._file.flush()

    def sync(self) -> None:
        """Wait until what was written is on the disk."""
        self._file.flush()
        os.fsync(self._file.fileno())

    def abandon(self) -> None:
        """Close the file and take no more: a writer that is thrown away still flushes when it is collected."""
        self._abandoned = True
        with contextlib.suppress(OSError):  # what could not be written still cannot
            self._file.close()

    def close(self) -> None:
        """Close the complete file."""
        self._file.close()
        self.closed = True

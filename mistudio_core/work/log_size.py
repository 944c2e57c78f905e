"""The log of a worker, kept small while it grows: a library that warns for each of a billion rows fills no disk."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

MOST_BYTES: Final = 4 << 20
"""A log beyond this loses its beginning."""
KEPT_BYTES: Final = 1 << 20
"""The end, which says why a job failed."""
_CUT: Final = b"[earlier lines were removed]\n"


def keep_small(log: Path) -> None:
    """Cut a log that has grown too long to its end. Those who write go on at its new end, since they append.

    What is written in the same instant may be lost, and what a kill leaves behind is a log that says some lines twice.
    """
    if log.stat().st_size <= MOST_BYTES:
        return
    with open(log, "r+b", buffering=0) as file:
        file.seek(-KEPT_BYTES, os.SEEK_END)
        end = file.read(KEPT_BYTES)
        file.seek(0)
        file.write(_CUT + end[end.find(b"\n") + 1 :])
        file.truncate()

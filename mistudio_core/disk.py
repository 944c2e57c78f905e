"""A disk that is full: how that is said, and the reserve by which deleting and cancelling work all the same."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path
from typing import Final

from mistudio_core.errors import StudioError
from mistudio_core.files import free_bytes

RESERVE_BYTES: Final = 4 << 20
"""What a transaction of a large catalog writes, and the small files of a job that ends."""
RESULT_PER_BYTE: Final = 1.1
"""Disk for a byte downloaded: Parquet stays about as large, plain text shrinks, what a .gz held grows a little."""
_RESERVE_FILES: Final = 8
"""Some disks run out of files before they run out of bytes."""
_TIMES: Final = 16
"""The reserve is laid aside where there are so many times its bytes: it is not what fills a disk."""
_FULL: Final = (errno.ENOSPC, errno.EDQUOT)
_FULL_IN_WORDS: Final = "no space left on device"


def is_full(error: BaseException | None) -> bool:
    """Tell whether a failure, or what caused it, says that a disk, a quota or the number of files is exhausted."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in _FULL:
            return True
        if _FULL_IN_WORDS in str(error).casefold():  # DuckDB and Arrow have errors of their own
            return True
        error = error.__cause__ or error.__context__
    return False


def full_disk(folder: Path, needed: int, hint: str = "Free disk space: deleting datasets works.") -> StudioError:
    """Return the error for an act that cannot write `needed` bytes below `folder`."""
    free, files = free_bytes(folder), _free_files(folder)
    if files is not None and files < _RESERVE_FILES and free >= RESERVE_BYTES:
        return StudioError("disk_full", "The disk is full: it holds as many files as it can.", hint)
    return StudioError("disk_full", f"The disk is full: {needed:,} bytes are needed, and {free:,} are free.", hint)


def keep_reserve(root: Path) -> None:
    """Lay the reserve of a library aside, unless it is there or the disk has hardly room for it."""
    folder = _reserve(root)
    if folder.exists() or is_short(root, times=_TIMES):
        return
    try:
        folder.mkdir()
        for number in range(_RESERVE_FILES):
            (folder / str(number)).write_bytes(bytes(RESERVE_BYTES // _RESERVE_FILES))
    except OSError:
        release_reserve(root)


def release_reserve(root: Path) -> None:
    """Give the bytes of the reserve, and its places among the files, back to the disk."""
    shutil.rmtree(_reserve(root), ignore_errors=True)


def is_short(root: Path, times: int = 1) -> bool:
    """Tell whether there is less room than the reserve takes, or so many times that."""
    files = _free_files(root)
    return free_bytes(root) < times * RESERVE_BYTES or (files is not None and files < times * _RESERVE_FILES)


def _reserve(root: Path) -> Path:
    return root / "locks" / "reserve"


def _free_files(folder: Path) -> int | None:
    """Return how many more files the disk takes; None where it does not count them."""
    facts = os.statvfs(folder)
    return facts.f_favail if facts.f_files else None

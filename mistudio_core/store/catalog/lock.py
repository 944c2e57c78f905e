"""The lock of the catalog: one writer at a time, each in turn."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

from mistudio_core.errors import StudioError
from mistudio_core.files import Home, unwritable

_LOCK: Final = "catalog.lock"
_NEXT: Final = "catalog.next"
_DOOR_POLL_S: Final = 0.01
_NEXT_POLL_S: Final = 0.002
"""Whoever is next looks more often than a transaction takes, so that the lock is not idle between two of them."""


@contextmanager
def held(home: Home, timeout_s: float) -> Iterator[None]:
    """Hold the lock; raise `library_locked` where others have kept it for so long.

    Whoever waits first takes a second lock, the place of who is next. A process that takes the lock again and again
    has to go there too, and cannot get ahead of those who have been waiting.
    """
    deadline = time.monotonic() + timeout_s
    lock = FileLock(_file(home, _LOCK), poll_interval=_NEXT_POLL_S)
    try:
        with FileLock(_file(home, _NEXT), timeout=timeout_s, poll_interval=_DOOR_POLL_S):
            lock.acquire(timeout=max(0.0, deadline - time.monotonic()))
    except Timeout:
        raise StudioError(
            "library_locked",
            f"Another program has kept the library {home.root} locked for {timeout_s:g} seconds.",
            "Wait for it to finish, or stop it, and try again.",
        ) from None
    except OSError as error:
        raise unwritable(home.root, error) from error
    try:
        yield
    finally:
        lock.release()


@contextmanager
def held_if_free(home: Home) -> Iterator[bool]:
    """Hold the lock if nobody does, and tell whether it is held."""
    lock = FileLock(_file(home, _LOCK))
    try:
        lock.acquire(blocking=False)
    except Timeout:
        yield False
        return
    try:
        yield True
    finally:
        lock.release()


def _file(home: Home, name: str) -> Path:
    """Return the place of a lock; whatever lies there and is no file is put aside."""
    path = home.locks / name
    if path.is_symlink() or path.is_dir():
        home.discard(path)
    return path

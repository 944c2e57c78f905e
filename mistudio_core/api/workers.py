"""The threads in which requests use the library, so that a slow one does not hold up the others or the app."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock
from typing import Any, Final, TypeVar

from mistudio_core.errors import StudioError

THREADS: Final = 8
"""Reading waits for the disk and for DuckDB more than it computes."""
MOST_WAITING: Final = 200
"""At some milliseconds each these are answered within seconds; whoever comes later is told so at once."""

Result = TypeVar("Result")


class Workers:
    """A bounded number of threads, and a bounded queue before them."""

    def __init__(self, threads: int = THREADS, most_waiting: int = MOST_WAITING) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="mistudio-api")
        self._most = threads + most_waiting
        self._there = 0
        self._lock = Lock()

    async def run(self, act: Callable[[], Result]) -> Result:
        """Return what `act` returns in one of the threads; raise `too_many_requests` where the queue is full."""
        with self._lock:
            if self._there >= self._most:
                raise StudioError("too_many_requests", "Too many requests are waiting.", "Ask again in a moment.")
            self._there += 1
        future = self._pool.submit(act)
        future.add_done_callback(self._leave)
        return await asyncio.wrap_future(future)

    def close(self) -> None:
        """Take no more requests; what has begun goes on to its end."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _leave(self, _future: Future[Any]) -> None:
        with self._lock:
            self._there -= 1

"""Work on numbered parts in several threads, in order of their numbers, that ends early when it is enough or fails."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any, Final

_LOOK_S: Final = 0.2


class StoppedError(Exception):
    """Work was given up because another part failed."""


def in_threads(
    indexes: Sequence[int], act: Callable[[int], Any], *, threads: int, look: Callable[[], None],
    enough: Callable[[], bool], stop: threading.Event,
) -> None:  # fmt: skip
    """Call `act` for each index, `threads` at a time, the smallest first, until `enough`; raise the first failure.

    `look` is called from this thread a few times a second. After a failure `stop` is set, for `act` to heed, and what
    runs is waited for.
    """
    waiting = list(reversed(indexes))
    running: set[Future[Any]] = set()
    failure: BaseException | None = None
    with ThreadPoolExecutor(max(1, threads), thread_name_prefix="shard") as pool:
        try:
            while running or (waiting and failure is None and not enough()):
                while waiting and len(running) < threads and failure is None and not enough():
                    running.add(pool.submit(act, waiting.pop()))
                finished, running = wait(running, _LOOK_S, FIRST_COMPLETED)
                for future in finished:
                    error = future.exception()
                    if error is not None and (failure is None or isinstance(failure, StoppedError)):
                        failure = error
                        stop.set()
                look()
        except BaseException:
            stop.set()
            raise
    if failure is not None:
        raise failure

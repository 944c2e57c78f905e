"""Ending endless answers when the server is asked to stop: it waits for every answer, and these have no end."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Final

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


def before_stop(act: Callable[[], None]) -> None:
    """Have `act` called in the running event loop when a signal asks the server to stop, before the server heeds it."""
    if threading.current_thread() is not threading.main_thread():
        return  # only there Python hands out signals; a server in another thread is stopped by other means
    loop = asyncio.get_running_loop()
    for number in _SIGNALS:
        heed = signal.getsignal(number)
        if callable(heed):
            signal.signal(number, _after(act, heed, loop))


def _after(
    act: Callable[[], None], heed: Callable[[int, FrameType | None], object], loop: asyncio.AbstractEventLoop
) -> Callable[[int, FrameType | None], None]:
    def stop(number: int, frame: FrameType | None) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(act)
        heed(number, frame)

    return stop

"""Ctrl-C while a job is being started: it is heard as soon as there is something to cancel."""

from __future__ import annotations

import signal
from collections.abc import Callable
from typing import TypeVar

Started = TypeVar("Started")


def started(start: Callable[[], Started]) -> tuple[Started, list[int]]:
    """Return what `start` returns, and a list with something in it when Ctrl-C was pressed meanwhile.

    A job that runs already but whose id is not known here yet could not be cancelled. Call it from the main thread.
    """
    pressed: list[int] = []
    before = signal.getsignal(signal.SIGINT)
    if before is signal.SIG_IGN:  # as in the background of a script
        return start(), []
    signal.signal(signal.SIGINT, lambda number, _frame: pressed.append(number))
    try:
        return start(), pressed
    finally:
        signal.signal(signal.SIGINT, before)

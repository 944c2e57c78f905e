"""An act that is killed at its n-th step on the file system, in a process of its own: nothing is handled or closed."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable

STEPS = frozenset({"os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.link", "os.truncate", "os.utime", "open"})
"""The calls before which a process is killed; opening a file counts where it is to be written."""


def killed_at(step: int, act: Callable[[], object]) -> bool:
    """Run an act in a fork that is killed before its step of this number; return whether it came so far."""
    child = os.fork()
    if child == 0:
        try:
            _count(step)
            act()
        except BaseException:  # noqa: BLE001 - this process must not go on as a second pytest
            os._exit(3)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0, "the act failed by itself"
    return os.WIFSIGNALED(status)


def _count(step: int) -> None:
    left = step

    def on_event(name: str, arguments: tuple[object, ...]) -> None:
        nonlocal left
        if name not in STEPS or (name == "open" and not _writes(arguments)):
            return
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(on_event)


def _writes(arguments: tuple[object, ...]) -> bool:
    flags = arguments[2]
    return isinstance(flags, int) and flags & os.O_ACCMODE != os.O_RDONLY

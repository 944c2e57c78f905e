"""How often a failed request is tried again, and how long to wait before."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final

from mistudio_core.sources.endpoint import is_hub
from mistudio_core.sources.failures import retry_after

FIRST_WAIT_S: Final = 0.5
LONGEST_WAIT_S: Final = 8.0
LONGEST_ASKED_WAIT_S: Final = 300.0
"""Rate limits of the Hub last five minutes; asked to wait longer than that, the job ends and can be resumed."""
PASSING_STATUS: Final = frozenset({408, 425, 429, 500, 502, 503, 504})

OnWait = Callable[[float, int], None]
"""Told the seconds of a wait and the number of the failure, so that people see why nothing moves."""


class Retry:
    """Counts consecutive failures; `after` waits and returns, or raises when there are too many.

    Where the Hub says how long to wait it is obeyed for `LONGEST_ASKED_WAIT_S` in all, however often it says so.
    """

    def __init__(self, attempts: int = 6, *, deadline: float | None = None, on_wait: OnWait | None = None) -> None:
        """Allow `attempts` consecutive failures, and no wait beyond `deadline` (of the monotonic clock)."""
        self._attempts, self._deadline, self._on_wait = attempts, deadline, on_wait
        self._failures = 0
        self._failures_counted = 0
        self._asked_s = 0.0

    def reset(self) -> None:
        """Forget the failures: something got through."""
        self._failures = self._failures_counted = 0
        self._asked_s = 0.0

    def after(self, error: Exception) -> None:
        """Wait before the next attempt; raise `error` when it will not pass, or has come too often."""
        self._failures += 1
        asked = self._asked(error)
        wait = self._wait(error) if asked is None else asked
        if asked is None:
            self._failures_counted += 1
        if wait is None or self._failures_counted >= self._attempts or self._asked_s > LONGEST_ASKED_WAIT_S:
            raise error
        if self._deadline is not None and time.monotonic() + wait > self._deadline:
            raise error
        if self._on_wait is not None:
            self._on_wait(wait, self._failures)
        time.sleep(wait)

    def _asked(self, error: Exception) -> float | None:
        """Return how long the Hub asks to wait, None where it does not say, and add it up."""
        response: Any = getattr(error, "response", None)
        asked = None if response is None or not passes(response) else retry_after(response.headers)
        if asked is None:
            return None
        asked = max(asked, FIRST_WAIT_S)
        self._asked_s += asked
        return asked

    def _wait(self, error: Exception) -> float | None:
        """Return the seconds to wait where nobody says how long, None when waiting is of no use."""
        import httpx2

        backoff = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2**self._failures_counted)
        response: Any = getattr(error, "response", None)
        if response is not None:
            return backoff if passes(response) else None
        network = (httpx2.TimeoutException, httpx2.NetworkError, httpx2.RemoteProtocolError)
        return backoff if isinstance(error, network) else None


def passes(response: Any) -> bool:
    """Tell whether a refused request may succeed later; storage that refuses one no longer takes its signature."""
    if response.status_code in (401, 403):
        return not is_hub(str(response.url))
    return response.status_code in PASSING_STATUS

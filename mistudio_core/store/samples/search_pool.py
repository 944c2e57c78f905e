"""Searches in the background: a bounded number at a time, one per session, a new one stopping the old."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Final

from mistudio_core.store.samples.text_scan import TextScan

_WORKERS: Final = 2
_SESSIONS_STORED: Final = 8
"""Whose hits stay for the next page: at most 16 MB each."""


class SearchPool:
    """Runs scans for sessions; the hits of a session's last search stay, so that its next page costs nothing."""

    def __init__(self, workers: int = _WORKERS, sessions_stored: int = _SESSIONS_STORED) -> None:
        self._room = threading.Semaphore(workers)
        self._sessions_stored = sessions_stored
        self._lock = threading.Lock()
        self._searches: OrderedDict[str, tuple[Hashable, TextScan]] = OrderedDict()

    def scan(self, session: str, key: Hashable, make: Callable[[], TextScan], time_limit_s: float) -> TextScan:
        """Return the session's scan for `key`: the one that is there, or a new one, which stops the session's old one.

        Equal keys mean equal hits. A scan that was stopped is started again.
        """
        with self._lock:
            there = self._searches.get(session)
            if there is not None and there[0] == key and not there[1].cancelled:
                self._searches.move_to_end(session)
                return there[1]
        search = make()
        with self._lock:
            self._forget(session)
            self._searches[session] = (key, search)
            while len(self._searches) > self._sessions_stored:
                self._forget(next(iter(self._searches)))
        threading.Thread(target=self._run, args=(search, time_limit_s), name="search").start()
        return search

    def progress(self, session: str) -> tuple[int, bool]:
        """Return how many hits the session's search has found so far, and whether it has ended; none has."""
        with self._lock:
            there = self._searches.get(session)
        return (0, True) if there is None else (len(there[1].hits), there[1].hits.finished)

    def end(self, session: str) -> None:
        """End what a session searches for; the hits so far are its result."""
        with self._lock:
            there = self._searches.get(session)
        if there is not None:
            there[1].end()

    def stop(self, session: str) -> None:
        """Stop what a session searches for and let go of its hits."""
        with self._lock:
            self._forget(session)

    def close(self) -> None:
        """Stop everything and let go of all hits."""
        with self._lock:
            for session in list(self._searches):
                self._forget(session)

    def _run(self, scan: TextScan, time_limit_s: float) -> None:
        with self._room:
            scan.run(time_limit_s)

    def _forget(self, session: str) -> None:
        there = self._searches.pop(session, None)
        if there is not None:
            there[1].cancel()

"""Sample indexes that stay open between requests: opening one costs twice what a search does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any, Final

from mistudio_core.library import Library
from mistudio_core.library.queries import Found, SampleQuery, SearchSession, SessionClosedError, index_stamp

MOST_OPEN: Final = 8
"""Each takes some MB of memory."""


@dataclass(frozen=True, slots=True)
class _Open:
    session: SearchSession
    folder: Path
    stamp: int

    @property
    def is_current(self) -> bool:
        """Whether its file is still there, and the same."""
        return index_stamp(self.folder) == self.stamp


class OpenIndexes:
    """The sample indexes that were searched last. Any number of threads may use one object."""

    def __init__(self) -> None:
        self._open: dict[str, _Open] = {}
        self._lock = Lock()
        self._opening = Lock()

    def search(self, library: Library, dataset_id: str, fields: Mapping[str, Any]) -> Found:
        """Return what `library.search` returns."""
        query = SampleQuery.from_fields(fields)
        if query.is_plain:
            return library.search(dataset_id, query)
        try:
            return library.search(dataset_id, query, session=self._session(library, dataset_id))
        except SessionClosedError:  # it had to make room, or its file was replaced
            return library.search(dataset_id, query)

    def let_go(self) -> None:
        """Close those whose files were deleted or replaced, so that their disk becomes free."""
        with self._lock:
            for dataset_id in [name for name, opened in self._open.items() if not opened.is_current]:
                self._open.pop(dataset_id).session.close()

    def close(self) -> None:
        """Close all."""
        with self._lock:
            while self._open:
                self._open.popitem()[1].session.close()

    def _session(self, library: Library, dataset_id: str) -> SearchSession:
        folder = library.dataset(dataset_id).path
        with self._opening:  # or two requests would both make the file
            known = self._known(dataset_id)
            if known is not None and known.folder == folder:
                return known.session
            session = library.samples.open_session(dataset_id)
            assert folder is not None, "what can be opened is complete"
            with self._lock:
                self._open[dataset_id] = _Open(session, folder, index_stamp(folder))
                while len(self._open) > MOST_OPEN:
                    self._open.pop(next(iter(self._open))).session.close()
            return session

    def _known(self, dataset_id: str) -> _Open | None:
        """Return an index that is open and current, as the one that was used last."""
        with self._lock:
            found = self._open.pop(dataset_id, None)
            if found is None or found.is_current:
                if found is not None:
                    self._open[dataset_id] = found
                return found
        found.session.close()
        return None

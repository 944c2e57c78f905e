"""One watcher of the jobs for all who listen: it looks five times a second while anybody does.

A listener keeps the newest message of each job until it takes it, so that a slow one misses steps and no end, and what
it holds is bounded.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final

from mistudio_core.api.messages import message_of, message_of_a_deleted_job
from mistudio_core.errors import StudioError
from mistudio_core.library import Library
from mistudio_core.library.job_feed import JobFeed

POLL_S: Final = 0.2
"""With the time of a look, a message follows its file well within half a second."""
_MOST_KEPT: Final = 1000
"""Jobs of which a listener may keep a message that it has not taken; beyond, the oldest goes."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Message:
    """What is told, and the JSON of it, which is written once for all who listen."""

    fields: dict[str, Any]
    text: str

    @classmethod
    def of(cls, fields: dict[str, Any]) -> Message:
        """Return the message of these fields."""
        return cls(fields, json.dumps(fields, ensure_ascii=False))


class Listener:
    """Somebody who listens, and what there is for them."""

    def __init__(self) -> None:
        self._waiting: dict[str, Message] = {}
        self._woken = asyncio.Event()
        self._closed = False

    def put(self, job_id: str, message: Message) -> None:
        """Keep a message until it is taken, instead of an older one of the same job."""
        self._waiting.pop(job_id, None)
        if len(self._waiting) == _MOST_KEPT:
            del self._waiting[next(iter(self._waiting))]
        self._waiting[job_id] = message
        self._woken.set()

    def close(self) -> None:
        """End the messages."""
        self._closed = True
        self._woken.set()

    async def messages(self) -> AsyncIterator[Message]:
        """Yield the messages as they come, oldest first, until the server stops."""
        while not self._closed or self._waiting:
            await self._woken.wait()
            self._woken.clear()
            taken, self._waiting = self._waiting, {}
            for message in taken.values():
                yield message


@dataclass(slots=True)
class Broadcast:
    """Tells all listeners what becomes of the jobs. To be used in one event loop."""

    open_library: Callable[[], Library]
    looks: int = 0
    """How often the jobs were looked at."""
    _listeners: set[Listener] = field(default_factory=set)
    _present: dict[str, Message] = field(default_factory=dict)
    _watching: asyncio.Task[None] | None = None
    _looked: asyncio.Event = field(default_factory=asyncio.Event)
    _closed: bool = False

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[Listener]:
        """Give a listener who is told first how all unfinished jobs stand; leaving forgets them."""
        listener = Listener()
        self._listeners.add(listener)
        try:
            if self._watching is None:
                self._looked.clear()
                self._watching = asyncio.create_task(self._watch())
            await self._looked.wait()
            for job_id, message in self._present.items():
                listener.put(job_id, message)
            if self._closed:
                listener.close()
            yield listener
        finally:
            self._listeners.discard(listener)
            if not self._listeners and self._watching is not None:
                self._watching.cancel()
                self._watching = None
                self._present.clear()

    def close(self) -> None:
        """End all streams, which would hold up the end of the server."""
        self._closed = True
        self._looked.set()
        for listener in self._listeners:
            listener.close()

    @property
    def num_listeners(self) -> int:
        """How many listen."""
        return len(self._listeners)

    async def _watch(self) -> None:
        opened: tuple[Library, JobFeed] | None = None
        while True:
            try:
                if opened is None:
                    library = await asyncio.to_thread(self.open_library)
                    opened = library, library.jobs.feed()
                told = await asyncio.to_thread(_look, *opened)
            except StudioError as error:  # somebody writes, or the disk does not answer: the next look asks again
                _log.warning("the jobs could not be looked at: %s", error.message)
            else:
                self._tell(*told)
                self.looks += 1
                self._looked.set()
            await asyncio.sleep(POLL_S)

    def _tell(self, told: dict[str, dict[str, Any]], unfinished: tuple[str, ...]) -> None:
        gone = [job_id for job_id in self._present if job_id not in unfinished and job_id not in told]
        told |= {job_id: message_of_a_deleted_job(job_id, self._present[job_id].fields) for job_id in gone}
        for job_id, fields in told.items():
            before = self._present.pop(job_id, None)
            if fields["type"] == "progress" and before is not None:
                fields["progress"] = max(fields["progress"], before.fields["progress"])
            message = Message.of(fields)
            if fields["type"] == "progress":
                self._present[job_id] = message
            for listener in self._listeners:
                listener.put(job_id, message)


def _look(library: Library, feed: JobFeed) -> tuple[dict[str, dict[str, Any]], tuple[str, ...]]:
    """Return what is to be told of each job that has changed or ended, and the unfinished jobs."""
    news = feed.look()
    told: dict[str, dict[str, Any]] = {}
    for job in (*news.ended, *news.changed):
        with suppress(StudioError):  # what it works on is damaged, which is told where it is asked for
            told[job.id] = message_of(library, job)
    return told, news.unfinished

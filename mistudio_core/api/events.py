"""What becomes of the jobs, as it happens: Server-Sent Events for all of them, a WebSocket for those of one dataset."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Header, WebSocket
from fastapi.sse import EventSourceResponse, ServerSentEvent
from starlette.requests import HTTPConnection
from starlette.websockets import WebSocketDisconnect

from mistudio_core.api.acts import Asking, asking
from mistudio_core.api.broadcast import Broadcast, Listener, Message
from mistudio_core.api.errors import failure
from mistudio_core.api.messages import message_of, message_of_dataset
from mistudio_core.errors import StudioError
from mistudio_core.library.queries import makes_dataset, makes_tokenization
from mistudio_core.records import as_json, now, parse_time

_OVERLAP: Final = timedelta(seconds=10)
"""A job writes its end some time before anybody sees it, so a client that comes back is told of these again."""

routes = APIRouter(tags=["events"])


def broadcast_of(connection: HTTPConnection) -> Broadcast:
    """Return what tells the listeners of an API."""
    found: Broadcast = connection.app.state.events
    return found


@routes.get("/events", summary="Follow all jobs", response_class=EventSourceResponse)
async def events(
    asked: Annotated[Asking, Depends(asking)],
    broadcast: Annotated[Broadcast, Depends(broadcast_of)],
    last_event_id: Annotated[str | None, Header(description="The last id that the client has seen.")] = None,
) -> AsyncIterator[ServerSentEvent]:
    """Tell how all unfinished jobs stand, and then each change: `progress`, `completed` or `error`.

    A client that comes back with the id of the last event it has seen is told which jobs have ended since. The
    WebSocket `/datasets/{dataset_id}/progress` tells the same of one dataset and its tokenizations.
    """
    async with broadcast.listening() as listener:
        for message in await asyncio.to_thread(_ended_since, asked, last_event_id):
            yield _event(message)
        async for message in listener.messages():
            yield _event(message)


@routes.websocket("/datasets/{dataset_id}/progress")
async def dataset_progress(
    websocket: WebSocket,
    dataset_id: str,
    asked: Annotated[Asking, Depends(asking)],
    broadcast: Annotated[Broadcast, Depends(broadcast_of)],
) -> None:
    """Tell how a dataset stands, and then what becomes of it and of its tokenizations, one JSON message each."""
    async with broadcast.listening() as listener:
        try:
            present = message_of_dataset(await asyncio.to_thread(lambda: asked.open().dataset(dataset_id)))
        except StudioError as error:
            await websocket.send_denial_response(failure(error))
            return
        await websocket.accept()
        async with asyncio.TaskGroup() as tasks:
            telling = tasks.create_task(_tell(websocket, dataset_id, listener, present))
            while (await websocket.receive())["type"] != "websocket.disconnect":
                pass  # what a client says is not looked at
            telling.cancel()


async def _tell(websocket: WebSocket, dataset_id: str, listener: Listener, present: dict[str, Any] | None) -> None:
    with suppress(WebSocketDisconnect):
        if present is not None:
            await websocket.send_json(present)
        async for message in listener.messages():
            if message.fields["dataset_id"] == dataset_id and _makes(message.fields["kind"]):
                await websocket.send_text(message.text)
        await websocket.close()


def _makes(kind: str) -> bool:
    return makes_dataset(kind) or makes_tokenization(kind)


def _ended_since(asked: Asking, last_event_id: str | None) -> list[Message]:
    """Return what is told of the jobs that have ended since an event, oldest first; nothing where there was none."""
    since = _moment(last_event_id)
    if since is None:
        return []
    library = asked.open()
    ended = [job for job in library.jobs(active=False) if job.ended_at is not None and job.ended_at > since - _OVERLAP]
    return [Message.of(message_of(library, job)) for job in reversed(ended)]


def _moment(event_id: str | None) -> datetime | None:
    try:
        moment = parse_time(event_id or "")
    except ValueError:  # it is none of ours
        return None
    return moment if moment.tzinfo is not None else None


def _event(message: Message) -> ServerSentEvent:
    return ServerSentEvent(raw_data=message.text, event=message.fields["type"], id=str(as_json(now())))

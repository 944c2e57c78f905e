"""How a path is made of a function that uses the library: in a thread, answered as JSON, documented by its types."""

from __future__ import annotations

import functools
import json
from collections.abc import AsyncIterator, Callable, MutableMapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, fields, is_dataclass, replace
from inspect import isclass
from pathlib import Path
from typing import Annotated, Any, Final, get_type_hints

from fastapi import APIRouter, Depends, FastAPI, Response
from starlette.requests import HTTPConnection

from mistudio_core.api.auth import Caller, require_key
from mistudio_core.api.errors import documented_failures
from mistudio_core.api.indexes import OpenIndexes
from mistudio_core.api.schemas import documented
from mistudio_core.api.stopping import before_stop
from mistudio_core.api.workers import Workers
from mistudio_core.library import Library
from mistudio_core.records import as_json
from mistudio_core.settings import Settings

_LIBRARY: Final = "library"
_PLACES: Final = ("path", "folder")
"""The fields of records that hold paths."""


@dataclass(frozen=True, slots=True)
class Served:
    """What all requests of one API share: the settings, the copy of the catalog, the threads, the open indexes."""

    settings: Settings
    memory: MutableMapping[str, Any] = field(default_factory=dict)
    workers: Workers = field(default_factory=Workers)
    indexes: OpenIndexes = field(default_factory=OpenIndexes)


def served(connection: HTTPConnection) -> Served:
    """Return what the API of a request shares."""
    found: Served = connection.app.state.served
    return found


@dataclass(frozen=True, slots=True)
class Asking:
    """A request for the library by somebody; opening it reads files, so that is done in a thread."""

    served: Served
    caller: Caller

    def open(self) -> Library:
        """Return the library as its caller may use it."""
        here = self.served
        here.indexes.let_go()
        return Library.open(actor=self.caller.actor, role=self.caller.role, settings=here.settings, memory=here.memory)


async def asking(connection: HTTPConnection, caller: Annotated[Caller, Depends(require_key)]) -> Asking:
    """Return who asks for the library."""
    return Asking(served(connection), caller)


Opened = Annotated[Library, Depends(asking)]
"""The parameter `library` of an act: what depends on the request is an `Asking`, and `Acts` opens it in a thread."""


Shared = Annotated[Served, Depends(served)]
"""The parameter of an act that uses what all requests share."""


class Acts(APIRouter):
    """Paths whose functions take the library, may block, and return what `as_json` takes, or a response.

    The type of what a function returns is what the OpenAPI document says of its answer.
    """

    def add_api_route(self, path: str, endpoint: Callable[..., Any], **named: Any) -> None:
        """Add a path; see `APIRouter` for what can be named."""
        status = named.get("status_code") or 200
        answer = get_type_hints(endpoint)["return"]
        if not (isclass(answer) and issubclass(answer, Response)):
            named["responses"] = {status: {"model": documented(answer)}} | (named.get("responses") or {})
        named["responses"] = documented_failures() | (named.get("responses") or {})
        super().add_api_route(path, _in_thread(endpoint, status), **named | {"response_model": None})


def _in_thread(act: Callable[..., Any], status: int) -> Callable[..., Any]:
    @functools.wraps(act)
    async def answer(**named: Any) -> Response:
        asked: Asking = named.pop(_LIBRARY)

        def answered() -> Response:
            result = act(**{_LIBRARY: asked.open()}, **named)
            if isinstance(result, Response):
                return result
            return json_answer(without_places(result) if asked.served.settings.shared else result, status)

        return await asked.served.workers.run(answered)

    return answer


def json_answer(value: Any, status: int = 200) -> Response:
    """Return a record as the command line prints it."""
    return Response(json.dumps(as_json(value), ensure_ascii=False), status, media_type="application/json")


def without_places(value: Any) -> Any:
    """Return records in which paths are names: where strangers share a library, its machine's folders are not told."""
    if isinstance(value, (list, tuple)):
        return [without_places(item) for item in value]
    if not is_dataclass(value) or isinstance(value, type):
        return value
    changes: dict[str, Any] = {}
    for item in fields(value):
        held = getattr(value, item.name)
        if item.name in _PLACES and isinstance(held, Path):
            changes[item.name] = Path(held.name)
        elif isinstance(held, tuple) and held and is_dataclass(held[0]):
            changes[item.name] = without_places(held)
    return replace(value, **changes) if changes else value


@asynccontextmanager
async def serving(api: FastAPI) -> AsyncIterator[None]:
    """Close what an API has opened when its server stops."""
    before_stop(api.state.events.close)
    try:
        yield
    finally:
        api.state.events.close()
        api.state.served.workers.close()
        api.state.served.indexes.close()

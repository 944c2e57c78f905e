"""Who may use the API: checks of host, origin, key and size that come before every path, as ASGI middleware.

They stand before the whole application, so that its documentation, events and WebSockets are behind them too.
"""

from __future__ import annotations

import ipaddress
import json
import socket
from base64 import b64decode
from contextlib import suppress
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mistudio_core.errors import StudioError
from mistudio_core.library import api_keys
from mistudio_core.library.permissions import LOCAL, Role
from mistudio_core.settings import Settings

MAX_JSON_BYTES: Final = 1 << 20
"""A recipe with a chat template of its own, the longest body but for uploads, has some 100 kB."""
_UPLOAD_TYPE: Final = "multipart/form-data"
_FORM_BYTES: Final = 64 << 10
"""What the fields and boundaries of a form may take beside the files in it."""
_METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")
_DOCUMENTATION: Final = ("/docs", "/docs-assets", "/openapi.json")
"""Pages that are opened in a browser, which asks for a password and sends no header that a page could be told to."""


class Caller(NamedTuple):
    """Who asks, as `Library.open` wants it."""

    actor: str
    role: Role | None = None


def caller_of(settings: Settings) -> Caller:
    """Return as whom a request with a key uses the library: as its host, and as a reader where it is shared."""
    return Caller("reader", "reader") if settings.shared else Caller(LOCAL)


async def require_key(connection: HTTPConnection) -> Caller:
    """Return who asks; that there is a valid key has been seen before any path was looked for."""
    settings: Settings = connection.app.state.served.settings
    return caller_of(settings)


def guard(api: FastAPI, settings: Settings) -> None:
    """Put the checks before an API; pages of the origins in the settings may call it, others never."""
    api.add_middleware(Guard, settings=settings)
    if settings.api_origins:  # a browser asks for leave without a key
        api.add_middleware(
            CORSMiddleware, allow_origins=settings.api_origins, allow_methods=_METHODS, allow_headers=["*"]
        )


class Guard:
    """Refuses a request by its `Host`, its `Origin`, its key or the size of its body."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._root = settings.home
        self._names = {"localhost", socket.gethostname().lower(), *settings.api_hosts}
        self._origins = frozenset(settings.api_origins)
        self._upload_bytes = (settings.max_upload_mb << 20) + _FORM_BYTES

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with a refusal, or let the application answer."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        _send_at_once(receive)
        headers = Headers(scope=scope)
        refusal = self._refused_place(headers) or await self._refused_key(scope, headers)
        if refusal is not None:
            await _refuse(scope, send, *refusal)
        elif scope["type"] == "websocket":
            await self._app(scope, receive, send)
        else:
            is_upload = headers.get("content-type", "").lower().startswith(_UPLOAD_TYPE)
            await _Bounded(self._app, self._upload_bytes if is_upload else MAX_JSON_BYTES).serve(scope, receive, send)

    def _refused_place(self, headers: Headers) -> tuple[int, StudioError] | None:
        """Return the refusal of a name that is not ours, or of a page from elsewhere.

        A page of an attacker reaches a server in a private network by a name of its own that it has made to lead there;
        an address in figures it cannot have.
        """
        host = headers.get("host", "").lower()
        name = _name_of(host)
        if name is None or (name not in self._names and not _is_address(name)):
            return 403, StudioError(
                "permission_denied",
                "This name is not one of the API's own.",
                "Use localhost or an address in figures, or let the host of the app name it in MISTUDIO_API_HOSTS.",
            )
        origin = headers.get("origin", "").lower()
        if not origin or origin in self._origins or origin.partition("://")[2] == host:
            return None
        return 403, StudioError(
            "permission_denied",
            "Pages of other origins cannot use the API.",
            "Let the host of the app name the origin in MISTUDIO_API_ORIGINS.",
        )

    async def _refused_key(self, scope: Scope, headers: Headers) -> tuple[int, StudioError] | None:
        scheme, _, given = headers.get("authorization", "").partition(" ")
        key = given.strip() if scheme.lower() == "bearer" else None
        if scheme.lower() == "basic" and _is_documentation(scope):
            key = _password(given.strip())
        if key is not None and await run_in_threadpool(api_keys.is_key, self._root, key):
            return None
        return 401, StudioError(
            "key_rejected",
            "The request has no valid key.",
            "Send it as `Authorization: Bearer KEY`; `mistudio api-key` makes one on the machine of the app.",
        )


class _TooLargeError(Exception):
    """Ends whatever reads a body that is longer than it may be."""


class _Bounded:
    """One request whose body is cut off where it becomes too long, whether or not its length was announced."""

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self._app = app
        self._limit = limit
        self._seen = 0
        self._answered = False

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        announced = Headers(scope=scope).get("content-length", "0")
        if not announced.isdecimal() or int(announced) > self._limit:
            await self._refuse(scope, send)
            return

        async def bounded() -> Message:
            message = await receive()
            self._seen += len(message.get("body", b""))
            if self._seen > self._limit:
                raise _TooLargeError
            return message

        async def answer(message: Message) -> None:
            if self._seen <= self._limit or self._answered:  # else a handler of errors answers what is refused below
                self._answered = True
                await send(message)

        with suppress(_TooLargeError):
            await self._app(scope, bounded, answer)
        if self._seen > self._limit and not self._answered:
            await self._refuse(scope, send)

    async def _refuse(self, scope: Scope, send: Send) -> None:
        error = StudioError(
            "too_large",
            f"The body of the request is larger than {self._limit:,} bytes.",
            "Send less; the host of the app sets MISTUDIO_MAX_UPLOAD_MB for uploads.",
        )
        await _refuse(scope, send, 413, error)


def _send_at_once(receive: Receive) -> None:
    """Have the parts of an answer go out as they come, where the server behind `receive` lets its socket be seen.

    The socket that Streamlit binds is none for which asyncio sees to that by itself; there a second part waits 40 ms,
    until the client has acknowledged the first.
    """
    transport = getattr(getattr(receive, "__self__", None), "transport", None)
    peer = None if transport is None else transport.get_extra_info("socket")
    if peer is not None and peer.family in (socket.AF_INET, socket.AF_INET6):
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _name_of(host: str) -> str | None:
    """Return the name in a `Host` header without its port, in lower case; None where it is none."""
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _is_documentation(scope: Scope) -> bool:
    path = str(scope["path"]).removeprefix(scope.get("root_path", ""))
    return any(path == place or path.startswith(f"{place}/") for place in _DOCUMENTATION)


def _password(credentials: str) -> str | None:
    """Return the password of `Basic` credentials, None where they are none."""
    try:
        return b64decode(credentials, validate=True).decode("ascii").partition(":")[2]
    except ValueError:
        return None


async def _refuse(scope: Scope, send: Send, status: int, error: StudioError) -> None:
    """Answer a request, or the one by which a WebSocket would be opened."""
    body = json.dumps({"error": error.to_json()}, ensure_ascii=False).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    if status == 401:
        headers.append((b"www-authenticate", b'Basic realm="API key"' if _is_documentation(scope) else b"Bearer"))
    if status == 413:
        headers.append((b"connection", b"close"))  # the rest of the body is not read
    kind = "http.response" if scope["type"] == "http" else "websocket.http.response"
    await send({"type": f"{kind}.start", "status": status, "headers": headers})
    await send({"type": f"{kind}.body", "body": body})

"""Where the API meets its servers: routes beside the app, and the API without the app."""

from __future__ import annotations

import logging
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

from mistudio_core.errors import StudioError, invalid
from mistudio_core.settings import Settings

if TYPE_CHECKING:
    from starlette.routing import BaseRoute

_log = logging.getLogger(__name__)

Lifespan = Callable[[Any], AbstractAsyncContextManager[None]]
_PACKAGES: Final = ("fastapi", "fastapi_offline")
_STOP_S: Final = 5
"""How long requests that have begun may go on when the server is to stop; a stream of events has no end of its own."""


def beside_the_app(base_path: str = "") -> tuple[list[BaseRoute], Lifespan | None]:
    """Return the routes and the lifespan for the server of the app: none where the API is switched off.

    `base_path` is the part of the address under which the app is served. What stands against it is logged, and the app
    starts without the API.
    """
    try:
        settings = Settings.from_environment()
        if not settings.api:
            return [], None
        check_packages()
    except StudioError as error:  # a wrong setting: the pages say so
        _log.error("The HTTP API is off. %s %s", error.message, error.hint)
        return [], None
    return _mounted(settings, base_path)


def serve_alone(settings: Settings, host: str, port: int, listening: Callable[[str], None]) -> None:
    """Answer on an address until a signal; `listening` is told it. Raises `invalid_request` where it is taken."""
    import uvicorn
    from starlette.applications import Starlette

    from mistudio_core.api.app import PREFIX

    routes, lifespan = _mounted(settings)
    try:
        taken = socket.create_server((host, port))
    except (OSError, OverflowError) as error:
        raise invalid(f"{host}:{port} cannot be listened on ({error}).", "Choose another --port or --host.") from None
    listening(f"http://{host}:{taken.getsockname()[1]}{PREFIX}")
    config = uvicorn.Config(
        Starlette(routes=routes, lifespan=lifespan), log_level="warning", timeout_graceful_shutdown=_STOP_S
    )
    with taken, suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets=[taken])


def check_packages() -> None:
    """Raise `invalid_request` where the packages of the extra `api` are missing."""
    missing = [name for name in _PACKAGES if find_spec(name) is None]
    if missing:
        raise invalid(
            f"The HTTP API needs {' and '.join(missing)}, which not everybody has to install.",
            "Run `pip install -r requirements-api.txt`, or `pip install 'mistudio-datasets[api]'`.",
        )


def _mounted(settings: Settings, base_path: str = "") -> tuple[list[BaseRoute], Lifespan]:
    from starlette.routing import Mount

    from mistudio_core.api.app import PREFIX, create_api

    api = create_api(settings)

    @asynccontextmanager
    async def lifespan(_server: Any) -> AsyncIterator[None]:
        async with api.router.lifespan_context(api):
            yield

    under = "".join(f"/{part}" for part in base_path.split("/") if part)
    return [Mount(f"{under}{PREFIX}", app=api)], lifespan

"""Where the API meets its servers: routes beside the app, and the API without the app."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

from mistudio_core.errors import StudioError, invalid
from mistudio_core.settings import Settings

if TYPE_CHECKING:
    from starlette.routing import BaseRoute

_log = logging.getLogger(__name__)

Lifespan = Callable[[Any], AbstractAsyncContextManager[None]]
_PACKAGES: Final = ("fastapi", "fastapi_offline")


def beside_the_app(base_path: str = "") -> tuple[list[BaseRoute], Lifespan | None]:
    """Return the routes and the lifespan for the server of the app: none where the API is switched off.

    `base_path` is the part of the address under which the app is served. What stands against it is logged, and the app
    starts without the API.
    """
    try:
        if not Settings.from_environment().api:
            return [], None
        check_packages()
    except StudioError as error:  # a wrong setting: the pages say so
        _log.error("The HTTP API is off. %s %s", error.message, error.hint)
        return [], None
    from starlette.routing import Mount

    from mistudio_core.api.app import PREFIX, create_api

    api = create_api()

    @asynccontextmanager
    async def lifespan(_app: Any) -> AsyncIterator[None]:
        async with api.router.lifespan_context(api):
            yield

    prefix = "/".join(part for part in base_path.split("/") if part)
    return [Mount(f"/{prefix}{PREFIX}" if prefix else PREFIX, app=api)], lifespan


def check_packages() -> None:
    """Raise `invalid_request` where the packages of the extra `api` are missing."""
    missing = [name for name in _PACKAGES if find_spec(name) is None]
    if missing:
        raise invalid(
            f"The HTTP API needs {' and '.join(missing)}, which not everybody has to install.",
            "Run `pip install -r requirements-api.txt`, or `pip install 'mistudio-datasets[api]'`.",
        )

"""The API as one ASGI application, to be mounted beside the app or served by itself."""

from __future__ import annotations

from typing import Final

from fastapi import Depends, FastAPI
from fastapi.security import HTTPBearer

from mistudio_core import __version__
from mistudio_core.api import arrow, events
from mistudio_core.api.acts import Asking, Served, serving
from mistudio_core.api.auth import caller_of, guard
from mistudio_core.api.broadcast import Broadcast
from mistudio_core.api.docs_page import describe
from mistudio_core.api.errors import answer_failures
from mistudio_core.api.routes import datasets, jobs, new_datasets, original, recipes, samples, system, tokenizations
from mistudio_core.settings import Settings

PREFIX: Final = "/api/v1"
_DESCRIPTION: Final = """
Datasets, samples, tokenizations, statistics and jobs of one miStudio library, with the words, records and error codes
of the command line. Every request needs a key: `Authorization: Bearer KEY`.
"""

_KEY: Final = HTTPBearer(auto_error=False, description="A key that `mistudio api-key` has made.")
"""For the OpenAPI document alone: `Guard` looks at it, before any path is looked for."""


def create_api(settings: Settings | None = None) -> FastAPI:
    """Return the API of the library that the settings name; its paths begin after `PREFIX`, where it is mounted."""
    api = FastAPI(
        title="miStudio Datasets",
        version=__version__,
        description=_DESCRIPTION.strip(),
        lifespan=serving,
        docs_url=None,
        redoc_url=None,
        dependencies=[Depends(_KEY)],
    )
    settings = Settings.from_environment() if settings is None else settings
    shared = Served(settings)
    api.state.served, api.state.events = shared, Broadcast(Asking(shared, caller_of(settings)).open)
    answer_failures(api)
    guard(api, settings)
    for module in (arrow, new_datasets, original, datasets, samples, recipes, tokenizations, jobs, system, events):
        api.include_router(module.routes)
    describe(api)
    return api

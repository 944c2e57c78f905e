"""Who asks: the owner of the key that a request brings."""

from __future__ import annotations

from typing import NamedTuple

from starlette.requests import HTTPConnection

from mistudio_core.errors import StudioError
from mistudio_core.library.permissions import Role


class Caller(NamedTuple):
    """Who asks, as `Library.open` wants it."""

    actor: str
    role: Role | None = None


async def require_key(connection: HTTPConnection) -> Caller:  # noqa: ARG001 - what will hold the key
    """Return who asks; raise `key_rejected` without a valid key."""
    raise StudioError("key_rejected", "The request has no valid key.", "Send it as `Authorization: Bearer KEY`.")

"""Samples and sequences as Arrow streams, for requests that accept them; the same paths answer others with JSON."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from typing import Annotated, Final

from fastapi import Query
from fastapi.routing import APIRoute
from starlette.concurrency import iterate_in_threadpool
from starlette.datastructures import Headers
from starlette.responses import StreamingResponse
from starlette.routing import Match
from starlette.types import Scope

from mistudio_core.api.acts import Acts, Opened
from mistudio_core.api.routes.samples import SampleFields
from mistudio_core.library.queries import ArrowStream

MEDIA_TYPE: Final = "application/vnd.apache.arrow.stream"
PIECE_BYTES: Final = 256 << 10
"""The event loop keeps what a socket does not take at once, and moves all of it for each part that goes out."""
Start = Annotated[int, Query(ge=0, le=2**53)]
Most = Annotated[int | None, Query(ge=0, le=2**53)]


class ArrowRoute(APIRoute):
    """A path for requests that accept Arrow; to others it is not there."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Tell whether this is the path of a request."""
        if scope["type"] == "http" and MEDIA_TYPE in Headers(scope=scope).get("accept", "").lower():
            return super().matches(scope)
        return Match.NONE, {}


class ArrowResponse(StreamingResponse):
    """An answer that goes out as it is made."""

    media_type = MEDIA_TYPE

    def __init__(self, stream: ArrowStream) -> None:
        # The server of the app compresses what has no encoding: that would cost many times what the network does.
        headers = {"Content-Encoding": "identity"}
        if stream.num_bytes is not None:  # else it goes out in chunks, each of which costs the reader some time
            headers["Content-Length"] = str(stream.num_bytes)
        super().__init__(_pieces(stream), headers=headers)


async def _pieces(stream: Iterable[memoryview]) -> AsyncIterator[memoryview]:
    """Yield a stream, which is made in a thread, in pieces that the socket takes at once."""
    async for chunk in iterate_in_threadpool(stream):
        for start in range(0, len(chunk), PIECE_BYTES):
            yield chunk[start : start + PIECE_BYTES]


routes = Acts(tags=["arrow"], route_class=ArrowRoute)


class Found(SampleFields):
    """Which samples, and which columns of them."""

    columns: list[str] | None = None
    offset: Start = 0
    limit: Most = None


@routes.get("/datasets/{dataset_id}/samples", include_in_schema=False)
def samples(library: Opened, dataset_id: str, query: Annotated[Found, Query()]) -> ArrowResponse:
    """Return the whole result of a query, or `limit` samples of it, with the columns of the dataset."""
    asked = query.chosen()
    columns, offset, limit = (asked.pop(name, None) for name in ("columns", "offset", "limit"))
    return ArrowResponse(library.samples.stream(dataset_id, asked, columns=columns, offset=offset or 0, limit=limit))


@routes.get("/tokenizations/{tokenization_id}/sequences", include_in_schema=False)
def sequences(
    library: Opened, tokenization_id: str, *, split: str | None = None, offset: Start = 0, limit: Most = None
) -> ArrowResponse:
    """Return the sequences of a split or of all, as `datasets.load_from_disk` would open them."""
    return ArrowResponse(library.tokenizations.stream(tokenization_id, split=split, offset=offset, limit=limit))

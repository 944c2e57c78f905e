"""HTTP/1.1 requests as they are read and answers before they are sent."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from urllib.parse import parse_qs, unquote

MAX_HEAD_BYTES = 64 * 1024


@dataclass(frozen=True)
class Request:
    """One request: `segments` are the path's parts, each unquoted by itself, `headers` have lower-case names."""

    method: str
    host: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def path(self) -> str:
        """The path, unquoted, without the query."""
        return unquote(self.target.partition("?")[0])

    @property
    def segments(self) -> list[str]:
        """The parts of the path; a quoted slash stays inside its part."""
        return [unquote(part) for part in self.target.partition("?")[0].split("/") if part]

    @property
    def query_text(self) -> str:
        """The query as it was sent."""
        return self.target.partition("?")[2]

    @property
    def query(self) -> dict[str, list[str]]:
        """The parameters of the query."""
        return parse_qs(self.query_text, keep_blank_values=True)

    def flag(self, name: str) -> bool:
        """Whether a parameter of the query is true."""
        return self.query.get(name, ["false"])[-1].lower() in ("1", "true")


@dataclass(frozen=True)
class Response:
    """One answer. `ranged` lets a Range header select a part of the body (a file); the ETag is in the headers.

    `compressed` says that the body is in chunks already, so that no length is announced.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    ranged: bool = False
    compressed: bool = False

    def with_headers(self, **headers: str) -> Response:
        """Return the answer with more headers, `X_Repo_Commit` standing for X-Repo-Commit."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return replace(self, headers={**self.headers, **named})

    def head(self, length: int | None) -> bytes:
        """Return the status line and the headers, announcing `length` body bytes, or chunks (None)."""
        phrase = HTTPStatus(self.status).phrase if self.status in HTTPStatus._value2member_map_ else "Status"
        lines = [f"HTTP/1.1 {self.status} {phrase}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        lines.append("Transfer-Encoding: chunked" if length is None else f"Content-Length: {length}")
        return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8")


def json_response(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return a JSON document."""
    body = json.dumps(value).encode()
    return Response(status, {"Content-Type": "application/json; charset=utf-8", **(headers or {})}, body)


async def read_request(reader: asyncio.StreamReader, host: str) -> Request | None:
    """Read one request; None at the end of the connection or for what is no HTTP."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError):
        return None
    first, *lines = head.decode("latin-1").split("\r\n")
    parts = first.split(" ")
    if len(parts) != 3:
        return None
    headers = {
        name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)
    }
    try:
        body = await _read_body(reader, headers)
    except (asyncio.IncompleteReadError, ConnectionError, ValueError):
        return None
    return Request(parts[0], host, parts[1], headers, body)


async def _read_body(reader: asyncio.StreamReader, headers: Mapping[str, str]) -> bytes:
    if headers.get("transfer-encoding", "").lower() != "chunked":
        return await reader.readexactly(int(headers.get("content-length", "0")))
    chunks = []
    while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
        chunks.append(await reader.readexactly(size))
        await reader.readexactly(2)
    await reader.readuntil(b"\r\n")
    return b"".join(chunks)


def apply_range(response: Response, request_headers: Mapping[str, str]) -> Response:
    """Return the part of a file that the request's Range header asks for.

    206 with Content-Range, 416 where nothing of the range is in the file, and the whole file with 200 for several
    ranges, malformed ones, and an If-Range that names another version.
    """
    asked = re.fullmatch(r"bytes=(\d*)-(\d*)", request_headers.get("range", "").replace(" ", ""))
    if asked is None or asked.group(0) == "bytes=-":
        return response
    condition = request_headers.get("if-range")
    if condition is not None and condition != response.headers.get("ETag"):
        return response
    size = len(response.body)
    if asked[1]:
        first, last = int(asked[1]), min(int(asked[2] or size), size - 1)
        if asked[2] and int(asked[2]) < first:
            return response
    else:
        first, last = max(0, size - int(asked[2])), size - 1
    if first > last:
        headers = {**response.headers, "Content-Range": f"bytes */{size}"}
        return replace(response, status=416, headers=headers, body=b"")
    headers = {**response.headers, "Content-Range": f"bytes {first}-{last}/{size}"}
    return replace(response, status=206, headers=headers, body=response.body[first : last + 1])

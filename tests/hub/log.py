"""What was asked and what was sent, request by request."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.hub.faults import matches


@dataclass
class Exchange:
    """One request and its answer; the answer's fields grow while it is being sent.

    `token` is the bearer token that was seen (None: no Authorization header), `bytes_sent` the body bytes handed to
    the network of the `body_bytes` that the answer has, `bytes_received` those of the request's body.
    """

    method: str
    host: str
    path: str
    query: str
    headers: Mapping[str, str]
    bytes_received: int = 0
    status: int | None = None
    body_bytes: int = 0
    bytes_sent: int = 0
    faults: list[str] = field(default_factory=list)

    @property
    def target(self) -> str:
        """What patterns are matched against: method, host and path."""
        return f"{self.method} {self.host} {self.path}"

    @property
    def finished(self) -> bool:
        """Whether the answer was sent whole."""
        return self.status is not None and self.bytes_sent == self.body_bytes

    @property
    def range(self) -> str | None:
        """The Range header."""
        return self.headers.get("range")

    @property
    def token(self) -> str | None:
        """The access token that came with the request."""
        value = self.headers.get("authorization")
        return None if value is None else value.partition(" ")[2]


class Log:
    """All exchanges since the start, oldest first."""

    def __init__(self) -> None:
        """Start empty."""
        self._exchanges: list[Exchange] = []
        self._lock = threading.Lock()

    def begin(self, exchange: Exchange) -> None:
        """Add a request as soon as it has been read."""
        with self._lock:
            self._exchanges.append(exchange)

    def find(self, pattern: str = "") -> list[Exchange]:
        """Return the exchanges whose "METHOD host path" a pattern (`*` for any text) finds."""
        with self._lock:
            return [exchange for exchange in self._exchanges if matches(pattern, exchange.target)]

    def count(self, pattern: str = "") -> int:
        """Return how many requests a pattern finds."""
        return len(self.find(pattern))

    def bytes_sent(self, pattern: str = "") -> int:
        """Return the body bytes sent in answer to the requests that a pattern finds."""
        return sum(exchange.bytes_sent for exchange in self.find(pattern))

    def tokens(self, pattern: str = "") -> set[str]:
        """Return the access tokens that were seen in the requests that a pattern finds."""
        return {exchange.token for exchange in self.find(pattern) if exchange.token is not None}

    def clear(self) -> None:
        """Forget everything so far."""
        with self._lock:
            self._exchanges.clear()

    def __str__(self) -> str:
        """Return one line per exchange, for the message of a failed test."""
        lines = [
            f"{one.target} {one.range or '-'} -> {one.status} {one.bytes_sent} B"
            f"{'' if one.finished else ' unfinished'}{' ' + ','.join(one.faults) if one.faults else ''}"
            for one in self.find()
        ]
        return "\n".join(lines)

"""What can go wrong on request: faults for the first N requests that a pattern finds."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Latency:
    """Wait before answering."""

    seconds: float


@dataclass(frozen=True)
class Status:
    """Answer with this status instead (200 with an HTML body makes a captive portal)."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True)
class Cut:
    """Drop the connection after `after` body bytes, or before any answer (None); `reset` sends RST, not FIN."""

    after: int | None = None
    reset: bool = False


@dataclass(frozen=True)
class Hang:
    """Fall silent after `after` body bytes, or before any answer (None), for `seconds` (None: for good)."""

    after: int | None = None
    seconds: float | None = None


@dataclass(frozen=True)
class Bandwidth:
    """Send bodies at this rate: each connection on its own, or all requests of the rule together (`shared`)."""

    bytes_per_second: float
    shared: bool = False


@dataclass(frozen=True)
class Corrupt:
    """Flip the bits of `count` bytes from position `at` of the file (None: its middle); the length stays right."""

    at: int | None = None
    count: int = 1


@dataclass(frozen=True)
class Truncate:
    """Answer, well-formed, as if the body ended after `after` bytes."""

    after: int


@dataclass(frozen=True)
class WrongLength:
    """Announce `by` bytes more (or fewer) than are sent, then end the connection."""

    by: int


@dataclass(frozen=True)
class NoRange:
    """Ignore the Range header: the whole file with status 200."""


@dataclass(frozen=True)
class Compress:
    """Answer gzip-compressed, in chunks, without a length and without heed of Range, if the client accepts gzip.

    No fault but what the real Hub does with text files; a client that wants to resume has to ask for `identity`.
    """


@dataclass(frozen=True)
class DropHeaders:
    """Leave these headers out of the answer."""

    names: tuple[str, ...]


Fault = Latency | Status | Cut | Hang | Bandwidth | Corrupt | Truncate | WrongLength | NoRange | Compress | DropHeaders


@dataclass
class Rule:
    """A fault with the requests it is for; `hits` counts those that met it."""

    pattern: str
    fault: Fault
    times: int | None
    skip: int
    hits: int = 0
    passed: int = 0
    free_at: float = 0.0

    @property
    def before_answer(self) -> bool:
        """Whether the fault strikes before the request is looked at."""
        return isinstance(self.fault, Latency | Status) or (
            isinstance(self.fault, Cut | Hang) and self.fault.after is None
        )

    @property
    def needs_body(self) -> bool:
        """Whether the fault only means something for an answer that has a body."""
        return not isinstance(self.fault, DropHeaders)

    def take(self, target: str) -> bool:
        """Count a request and say whether it meets the fault."""
        if not matches(self.pattern, target) or (self.times is not None and self.hits >= self.times):
            return False
        if self.passed < self.skip:
            self.passed += 1
            return False
        self.hits += 1
        return True

    def reserve(self, num_bytes: int) -> float:
        """Return the seconds to wait so that all requests of this rule together keep to its shared bandwidth."""
        assert isinstance(self.fault, Bandwidth)
        now = time.monotonic()
        self.free_at = max(now, self.free_at) + num_bytes / self.fault.bytes_per_second
        return self.free_at - now


class Faults:
    """The rules in force; a request meets every rule that finds it."""

    def __init__(self) -> None:
        """Start with a Hub that works."""
        self._rules: list[Rule] = []
        self._lock = threading.Lock()

    def add(self, pattern: str, fault: Fault, *, times: int | None = None, skip: int = 0) -> Rule:
        """Let the next `times` requests (None: all) that `pattern` finds meet a fault, leaving the first `skip` alone.

        The pattern is looked for anywhere in "METHOD host path", with `*` for any text; host is `hub` or `storage`,
        for example "GET storage*train-00000" or "/api/datasets/acme/". A fault of a body does not count for
        requests without one (redirects, HEAD, errors).
        """
        rule = Rule(pattern, fault, times, skip)
        with self._lock:
            self._rules.append(rule)
        return rule

    def clear(self) -> None:
        """Repair everything."""
        with self._lock:
            self._rules.clear()

    def before_answer(self, target: str) -> list[Rule]:
        """Return the rules that strike before a request is looked at."""
        with self._lock:
            return [rule for rule in self._rules if rule.before_answer and rule.take(target)]

    def of_answer(self, target: str, has_body: bool) -> list[Rule]:
        """Return the rules that change an answer."""
        with self._lock:
            rules = [rule for rule in self._rules if not rule.before_answer and (has_body or not rule.needs_body)]
            return [rule for rule in rules if rule.take(target)]


def matches(pattern: str, target: str) -> bool:
    """Whether a pattern with `*` for any text is found anywhere in a target."""
    return re.search(".*".join(map(re.escape, pattern.split("*"))), target, re.DOTALL) is not None

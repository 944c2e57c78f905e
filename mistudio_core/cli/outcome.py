"""A result that ends the command with a status of its own."""

from __future__ import annotations

from typing import Any, NamedTuple


class Outcome(NamedTuple):
    """What is printed, and the exit status."""

    result: Any
    status: int

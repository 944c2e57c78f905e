r"""Halves of surrogate pairs in JSON, such as `\ud83d` alone: marked on the way in, as bytes that are no UTF-8 are."""

from __future__ import annotations

import re
from typing import Final

from mistudio_core.sources.utf8_filter import Mark, Utf8Filter

_ANY: Final = re.compile(rb"\\u[dD][89a-fA-F]")
_ESCAPES: Final = re.compile(
    rb"\\\\|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
)
"""An escaped backslash, a pair, or a half."""
_FIRST_HALF: Final = re.compile(rb"\\u[dD][89abAB][0-9a-fA-F]{2}\Z")
_ESCAPE_BYTES: Final = len(rb"\ud83d")


class SurrogateFilter(Utf8Filter):
    """A stream of JSON with the mark in place of each half of a surrogate pair; everything else is passed on."""

    def _filtered(self, data: bytes, *, final: bool) -> bytes:
        end = len(data) if final else settled(data)
        self._rest = data[end:]
        return marked(data[:end], self._mark)


def marked(data: bytes, mark: Mark) -> bytes:
    """Return JSON with the mark in place of each half of a surrogate pair that has no other half."""
    if _ANY.search(data) is None:
        return data
    text = mark.text.encode()

    def replaced(found: re.Match[bytes]) -> bytes:
        if found[1] is None:
            return found[0]
        mark.seen = mark.halves = True
        return text

    return _ESCAPES.sub(replaced, data)


def settled(data: bytes) -> int:
    """Return how many bytes of JSON can be looked at before more is known: an escape at the end may go on."""
    end = data.rfind(b"\\") + 1
    if not end or len(data) - end >= _ESCAPE_BYTES:
        return len(data)
    start = _run_start(data, end)
    if _FIRST_HALF.search(data, max(0, start - _ESCAPE_BYTES), start) is not None:
        start = _run_start(data, start - _ESCAPE_BYTES + 1)
    return start


def _run_start(data: bytes, end: int) -> int:
    """Return where the backslashes begin that stand before `end`."""
    return len(data[:end].rstrip(b"\\"))

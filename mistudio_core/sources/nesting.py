"""A bound for the depth of JSON: its reader calls itself for each bracket, and a deep nest ends the process."""

from __future__ import annotations

from typing import Final

import numpy as np

MAX_DEPTH: Final = 500
"""Arrow's reader has stack for 1,000 levels in a thread of the smallest kind; real data seldom has more than 20."""
_QUOTE, _NEWLINE = ord('"'), ord("\n")
_STEP: Final = np.zeros(256, np.int8)
_STEP[list(b"[{")] = 1
_STEP[list(b"]}")] = -1
_NO_SIGNS: Final = bytes(set(range(256)) - set(b'[]{}"\n'))
"""What is left out first, which is nearly all: a hundredth of a file decides how deep it nests."""

_BETWEEN_LINES: Final = b"}\n{"
_MOST_UNSEEN_BYTES: Final = 1 << 20


class Nesting:
    """Follows JSON, fed in pieces of any size, and knows how deep it nests and on which line."""

    def __init__(self) -> None:
        """Begin outside of everything, on line 1."""
        self.line = 1
        self._depth = 0
        self._in_string = False
        self._rest = b""
        self._unseen = b""

    def feed(self, data: bytes) -> bool:
        """Take the next piece; return False where it nests deeper than `MAX_DEPTH`, `line` being where.

        Most pieces of JSON lines hold too few brackets to be looked at: between a `}` and a `{` on the next line there
        is nothing to be inside of, or else the JSON is malformed and its reader goes no further.
        """
        data = self._unseen + data
        self._unseen = b""
        if self._depth + data.count(b"[") + data.count(b"{") > MAX_DEPTH or len(data) > _MOST_UNSEEN_BYTES:
            return self._scan(data)
        start = data.rfind(_BETWEEN_LINES)
        if start >= 0:
            start += _BETWEEN_LINES.index(b"{")
            self.line += data.count(b"\n", 0, start)
            self._depth, self._in_string, self._rest = 0, False, b""
        self._unseen = data[max(0, start) :]
        return True

    def _scan(self, data: bytes) -> bool:
        """Count the brackets of a piece.

        Those within strings do not count. A string ends with its line at the latest: JSON has no line breaks there, and
        so a broken line does not turn all that follows inside out.
        """
        data = self._rest + data
        if b"\\" in data:
            data = data.replace(b"\\\\", b"").replace(b'\\"', b"")
            odd = data.endswith(b"\\")
            self._rest, data = (b"\\", data[:-1]) if odd else (b"", data)
        else:
            self._rest = b""
        signs = np.frombuffer(data.translate(None, _NO_SIGNS).replace(b'""', b""), np.uint8)
        if not len(signs):
            return True
        steps = np.where(self._inside(signs), 0, _STEP[signs])
        depths = self._depth + np.cumsum(steps, dtype=np.int32)
        deep = np.flatnonzero(depths > MAX_DEPTH)
        ends = signs if not len(deep) else signs[: deep[0]]
        self.line += int(np.count_nonzero(ends == _NEWLINE))
        self._depth = max(0, int(depths[-1]))
        return not len(deep)

    def _inside(self, signs: np.ndarray) -> np.ndarray:
        """Tell for each character whether it is inside a string, and keep that of the last one."""
        quotes = np.cumsum(signs == _QUOTE, dtype=np.int32) + int(self._in_string)
        breaks = np.where(signs == _NEWLINE, quotes, 0)
        inside: np.ndarray = (quotes - np.maximum.accumulate(breaks)) % 2 == 1
        self._in_string = bool(inside[-1])
        return inside

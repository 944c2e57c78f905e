"""A long JSON array as JSON lines, an element each, so that it is read in pieces.

The reader of `datasets` holds an array ten times over. A short one is left to it: its results are those of one piece.
"""

from __future__ import annotations

import codecs
import re
from typing import IO, Final

import numpy as np

from mistudio_core.errors import StudioError
from mistudio_core.sources import line_guard
from mistudio_core.sources.converted_stream import ConvertedStream
from mistudio_core.sources.line_guard import Taken

SHORT_BYTES: Final = 32 << 20
"""Up to this size an array is passed on as it is, and its reader takes a third of a gigabyte."""
_FIRST_BYTES: Final = 100
"""Where `datasets` looks for an object: without one, each element becomes the column `text`."""
_QUOTE, _COMMA, _NEWLINE, _BLANK = b'",\n '
_BREAKS: Final = np.array(list(b"\r\n"), np.uint8)
_STEP: Final = np.zeros(256, np.int8)
_STEP[list(b"[{")] = 1
_STEP[list(b"]}")] = -1
_IS_SIGN: Final = np.isin(np.arange(256), list(b'[]{}",\r\n'))
_NO_ELEMENT: Final = re.compile(rb"\n[ \t]*\n")
_BEFORE_TEXT, _AFTER_TEXT = b'{"text": ', b"}"


class ArrayLines(ConvertedStream):
    """A stream of JSON that begins with `[`: as lines where the array is long, else as it is.

    Raises `too_large` for an element that is longer than a line may be, and `corrupt_data` for what is no array.
    """

    def __init__(self, stream: IO[bytes], name: str, taken: Taken) -> None:
        """Read from `stream`, which errors call `name`; `taken` is told whether it becomes lines."""
        self._name, self._taken = name, taken
        super().__init__(stream)

    def _begin(self) -> None:
        self._head: list[bytes] | None = []
        self._rest, self._in_string, self._depth = b"", False, 1
        self._elements, self._held, self._is_blank = 0, 0, True
        self._is_closed = self._of_texts = False

    def _convert(self, data: bytes, *, final: bool) -> bytes:
        if self._head is None:
            return self._lines(data, final=final)
        self._head.append(data)
        if sum(map(len, self._head)) <= SHORT_BYTES and not final:
            return b""
        whole, self._head = b"".join(self._head), None
        if final:
            return whole
        self._taken.by_element = True
        self._of_texts = b"{" not in whole[:_FIRST_BYTES].split(b'"', 1)[0]
        lines = self._lines(whole.removeprefix(codecs.BOM_UTF8)[1:], final=False)
        return _BEFORE_TEXT + lines if self._of_texts else lines

    def _lines(self, data: bytes, *, final: bool) -> bytes:
        """Return the elements that end in a piece, and the beginning of the next one."""
        if final and not self._is_closed:
            raise self._refused("its array has no end")
        data = self._rest + data
        cut = len(data) - (len(data) - len(data.rstrip(b"\\"))) % 2  # an escape may go on in the next piece
        data, self._rest = data[:cut], data[cut:]
        if self._is_closed:
            self._must_be_blank(data)
            return b""
        lines, self._is_closed = self._separated(data)
        if _NO_ELEMENT.search((b"\n" if self._is_blank else b"x") + lines):
            raise self._refused("two commas of its array have nothing between them")
        last = lines[lines.rfind(b"\n") + 1 :]
        self._is_blank = not last.strip() and (self._is_blank or b"\n" in lines)
        if self._is_closed and not self._is_blank:
            lines += b"\n"
        elif self._is_closed and self._elements:
            raise self._refused("the last comma of its array has nothing behind it")
        return self._with_names(lines) if self._of_texts else lines

    def _with_names(self, lines: bytes) -> bytes:
        lines = lines.replace(b"\n", _AFTER_TEXT + b"\n" + _BEFORE_TEXT)
        return lines.removesuffix(_BEFORE_TEXT) if self._is_closed else lines

    def _must_be_blank(self, data: bytes) -> None:
        if data.strip():
            raise self._refused("something follows its array")

    def _separated(self, data: bytes) -> tuple[bytes, bool]:
        """Return a piece with no line breaks but for the commas between elements, and whether the array ends in it."""
        plain = data.replace(b"\\\\", b"__").replace(b'\\"', b"__") if b"\\" in data else data
        found = np.frombuffer(plain, np.uint8)
        places = np.flatnonzero(_IS_SIGN[found])
        signs = found[places]
        inside = (np.cumsum(signs == _QUOTE) + self._in_string) % 2 == 1
        depths = self._depth + np.cumsum(np.where(inside, 0, _STEP[signs]), dtype=np.int32)
        ends = np.flatnonzero(depths <= 0)
        if len(ends):
            last = int(ends[0])
            self._must_be_blank(data[places[last] + 1 :])
            data = data[: places[last]]
            places, signs, inside, depths = places[:last], signs[:last], inside[:last], depths[:last]
        is_break = np.isin(signs, _BREAKS)
        if (is_break & inside).any():
            raise self._refused("a text has a line break in it")
        commas = places[(signs == _COMMA) & ~inside & (depths == 1)]
        self._measure(commas, len(data))
        lines = np.frombuffer(bytearray(data), np.uint8)
        lines[places[is_break]], lines[commas] = _BLANK, _NEWLINE
        if len(signs):
            self._in_string, self._depth = bool(inside[-1]), int(depths[-1])
        return lines.tobytes(), len(ends) > 0

    def _measure(self, commas: np.ndarray, size: int) -> None:
        """Count what is held of elements: the reader takes a line at a time."""
        starts = np.concatenate(([-self._held], commas + 1))
        sizes = np.append(commas, size) - starts
        if sizes.max() > line_guard.MAX_LINE_BYTES:
            raise line_guard.too_long(
                f"The element {self._elements + int(sizes.argmax()):,} (the first is 0) of the array in {self._name}"
            )
        self._elements += len(commas)
        self._held = int(sizes[-1])

    def _refused(self, why: str) -> StudioError:
        return StudioError(
            "corrupt_data",
            f"{self._name} cannot be read: {why}. It is at element {self._elements:,} (the first is 0) or soon after.",
            "The file is damaged, or its format is not what its name says.",
        )

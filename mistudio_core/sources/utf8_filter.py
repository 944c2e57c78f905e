"""Files of text as UTF-8 for their readers: what is none is marked on the way in, and found again in the columns."""

from __future__ import annotations

import codecs
import secrets
from dataclasses import dataclass, field
from typing import IO, Final

from mistudio_core.sources.converted_stream import ConvertedStream

_MARK_BYTES: Final = 6
"""Of chance in a mark, which is twice as many letters: nobody can have written it into a file before."""


@dataclass(slots=True)
class Mark:
    """Stands where text is no Unicode: letters that pass every reader, and JSON, unchanged. `seen` once needed.

    `halves` once it stood for half of a surrogate pair.
    """

    text: str = field(default_factory=lambda: secrets.token_hex(_MARK_BYTES))
    seen: bool = False
    halves: bool = False


class Utf8Filter(ConvertedStream):
    """A stream with the mark in place of each sequence of bytes that is no UTF-8; everything else is passed on."""

    def __init__(self, stream: IO[bytes], mark: Mark) -> None:
        """Read from `stream`."""
        self._mark = mark
        super().__init__(stream)

    def _begin(self) -> None:
        self._rest = b""

    def _convert(self, data: bytes, *, final: bool) -> bytes:
        return self._filtered(self._rest + data, final=final)

    def _filtered(self, data: bytes, *, final: bool) -> bytes:
        try:
            used = codecs.utf_8_decode(data, "strict", final)[1]
            self._rest = data[used:]
            return data[:used] if self._rest else data
        except UnicodeDecodeError:
            self._mark.seen = True
        pieces, start = [], 0
        while True:
            try:
                used = codecs.utf_8_decode(data[start:], "strict", final)[1]
                pieces.append(data[start : start + used])
                self._rest = data[start + used :]
                return b"".join(pieces)
            except UnicodeDecodeError as error:
                pieces += [data[start : start + error.start], self._mark.text.encode()]
                start += error.end

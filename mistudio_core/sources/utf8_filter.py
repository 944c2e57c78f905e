"""Files of text as UTF-8 for their readers: what is none is marked on the way in, and found again in the columns."""

from __future__ import annotations

import codecs
import io
import secrets
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Final

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_CHUNK_BYTES: Final = 1 << 18
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


class Utf8Filter(io.RawIOBase):
    """A stream with the mark in place of each sequence of bytes that is no UTF-8; everything else is passed on."""

    def __init__(self, stream: IO[bytes], mark: Mark) -> None:
        """Read from `stream`."""
        super().__init__()
        self._stream, self._mark = stream, mark
        self._restart()

    def _restart(self) -> None:
        self._rest, self._ready, self._place, self._given, self._ended = b"", b"", 0, 0, False

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return what the stream says; only its start can be gone to."""
        return self._stream.seekable()

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go back to the start, or stay."""
        if whence == io.SEEK_CUR and offset == 0:
            return self._given
        if whence != io.SEEK_SET or offset != 0:
            raise io.UnsupportedOperation("a file that is filtered has only a start")
        self._stream.seek(0)
        self._restart()
        return 0

    def tell(self) -> int:
        """Return the place in the filtered stream."""
        return self._given

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """Read into `buffer` and return the number of bytes."""
        view = memoryview(buffer).cast("B")
        while self._place == len(self._ready) and not self._ended:
            data = self._stream.read(_CHUNK_BYTES)
            self._ended = not data
            self._ready, self._place = self._filtered(self._rest + data, final=not data), 0
        count = min(len(view), len(self._ready) - self._place)
        view[:count] = self._ready[self._place : self._place + count]
        self._place += count
        self._given += count
        return count

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

    def close(self) -> None:
        """Close the stream too."""
        self._stream.close()
        super().close()

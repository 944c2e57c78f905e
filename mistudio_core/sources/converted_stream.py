"""A stream of bytes that is converted, block by block, while it is read."""

from __future__ import annotations

import io
from typing import IO, TYPE_CHECKING, Final

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_BLOCK_BYTES: Final = 1 << 18


class ConvertedStream(io.RawIOBase):
    """What `_convert` makes of another stream; readers may go back to the start and nowhere else."""

    def __init__(self, stream: IO[bytes]) -> None:
        """Read from `stream`, and close it in the end."""
        super().__init__()
        self._stream = stream
        self._restart()

    def _begin(self) -> None:
        """Forget what was seen of the stream: its reader goes back to the start."""
        raise NotImplementedError

    def _convert(self, data: bytes, *, final: bool) -> bytes:
        """Return the next bytes of the converted stream; `final` once, with the end of the stream."""
        raise NotImplementedError

    def _restart(self) -> None:
        self._ready, self._place, self._given, self._ended = b"", 0, 0, False
        self._begin()

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
            raise io.UnsupportedOperation("a converted stream has only a start")
        self._stream.seek(0)
        self._restart()
        return 0

    def tell(self) -> int:
        """Return the place in the converted stream."""
        return self._given

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """Read into `buffer` and return the number of bytes."""
        view = memoryview(buffer).cast("B")
        while self._place == len(self._ready) and not self._ended:
            data = self._stream.read(_BLOCK_BYTES)
            self._ended = not data
            self._ready, self._place = self._convert(data, final=not data), 0
        count = min(len(view), len(self._ready) - self._place)
        view[:count] = self._ready[self._place : self._place + count]
        self._place += count
        self._given += count
        return count

    def close(self) -> None:
        """Close the stream too."""
        self._stream.close()
        super().close()

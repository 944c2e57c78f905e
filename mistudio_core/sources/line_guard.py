"""A bound for lines: the readers of line by line formats hold a line as a whole, several times over."""

from __future__ import annotations

import io
from typing import IO, TYPE_CHECKING, Final

from mistudio_core.errors import StudioError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

MAX_LINE_BYTES: Final = 64 << 20
"""A reader takes about seven times this; the longest books have a tenth of it. A few MB of .gz may hold any amount."""
MAX_ARRAY_BYTES: Final = 256 << 20
"""A JSON array is read as a whole, and takes ten times its size."""


class LineGuard(io.RawIOBase):
    """Passes a stream on, and raises `too_large` where a line has no end."""

    def __init__(self, stream: IO[bytes], name: str) -> None:
        """Read from `stream`, which errors call `name`."""
        super().__init__()
        self._stream, self._name = stream, name
        self._limit: int | None = None
        self._line_bytes = 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return what the stream says."""
        return self._stream.seekable()

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to another place, where a line may begin."""
        self._line_bytes = 0
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        """Return the place in the stream."""
        return self._stream.tell()

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """Read into `buffer` and return the number of bytes."""
        view = memoryview(buffer).cast("B")
        data = self._stream.read(len(view))
        view[: len(data)] = data
        if self._limit is None:
            self._limit = MAX_ARRAY_BYTES if data.lstrip().startswith(b"[") else MAX_LINE_BYTES
        first, last = data.find(b"\n"), data.rfind(b"\n")
        longest = self._line_bytes + (len(data) if first < 0 else first)
        self._line_bytes = longest if first < 0 else len(data) - last - 1
        if longest > self._limit:
            raise StudioError(
                "too_large",
                f"{self._name} has a line of more than {self._limit >> 20:,} MB, which has to be read as a whole.",
                "Cut it into shorter lines; JSON has one object a line.",
            )
        return len(data)

    def close(self) -> None:
        """Close the stream too."""
        self._stream.close()
        super().close()

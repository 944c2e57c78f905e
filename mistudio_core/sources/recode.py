"""Files in other encodings, converted to UTF-8 while they are read, so that readers see one encoding only."""

from __future__ import annotations

import codecs
import io
from typing import IO, TYPE_CHECKING, Final

from mistudio_core.errors import StudioError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_MARKS: Final = (
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CHUNK_BYTES: Final = 1 << 18


def refuse_other_marks(head: bytes, name: str) -> None:
    """Raise `corrupt_data` for a file whose first bytes are the mark of an encoding that nobody chose for it."""
    encoding = next((encoding for mark, encoding in _MARKS if head.startswith(mark)), None)
    if encoding is not None:
        raise StudioError(
            "corrupt_data",
            f"{name} cannot be read: it is not text in UTF-8, and begins with the byte order mark of "
            f"{encoding.upper()}.",
            f"Choose the encoding {encoding}, or save it as UTF-8.",
        )


def needs_recoding(encoding: str | None) -> bool:
    """Tell whether bytes of an encoding have to be recoded: UTF-8 and its part ASCII are passed on."""
    return encoding is not None and codecs.lookup(encoding).name not in {"utf-8", "ascii"}


class Recoded(io.RawIOBase):
    """A stream in some encoding as a stream in UTF-8; raises `corrupt_data` with the line that is not in it."""

    def __init__(self, stream: IO[bytes], name: str, encoding: str, errors: str = "strict") -> None:
        """Read from `stream`, which errors call `name`; `errors` is as in `open`."""
        super().__init__()
        self._stream, self._name, self._encoding, self._errors = stream, name, encoding, errors
        self._restart()

    def _restart(self) -> None:
        self._decoder = codecs.getincrementaldecoder(self._encoding)(self._errors)
        self._ready, self._place, self._given = b"", 0, 0
        self._line, self._ended = 1, False

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
            raise io.UnsupportedOperation("a file that is recoded has only a start")
        self._stream.seek(0)
        self._restart()
        return 0

    def tell(self) -> int:
        """Return the place in the recoded stream."""
        return self._given

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """Read into `buffer` and return the number of bytes."""
        view = memoryview(buffer).cast("B")
        while self._place == len(self._ready) and not self._ended:
            data = self._stream.read(_CHUNK_BYTES)
            self._ended = not data
            self._ready, self._place = self._recode(data), 0
        count = min(len(view), len(self._ready) - self._place)
        view[:count] = self._ready[self._place : self._place + count]
        self._place += count
        self._given += count
        return count

    def _recode(self, data: bytes) -> bytes:
        try:
            text = self._decoder.decode(data, final=not data)
            encoded = text.encode()
        except UnicodeError as error:
            raise self._undecodable(error) from error
        self._line += encoded.count(b"\n")
        return encoded

    def _undecodable(self, error: UnicodeError) -> StudioError:
        good = 0
        if isinstance(error, UnicodeDecodeError):
            good = error.object[: error.start].decode(self._encoding, "replace").count("\n")
        return StudioError(
            "corrupt_data",
            f"{self._name} is not {self._encoding} text: line {self._line + good:,} cannot be decoded.",
            "Choose the encoding it was saved in, or save it as UTF-8.",
        )

    def close(self) -> None:
        """Close the stream too."""
        self._stream.close()
        super().close()

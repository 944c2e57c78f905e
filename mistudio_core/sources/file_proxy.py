"""Files that are read through us: on the Hub as far as needed, or here with the bytes counted.

The readers of `datasets` open files by an address through `fsspec`, so each file gets an address of ours.
"""

from __future__ import annotations

import codecs
import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, cast

from mistudio_core.sources.client import Hub
from mistudio_core.sources.json_array import ArrayLines
from mistudio_core.sources.json_field import FieldLines
from mistudio_core.sources.line_guard import Guarded, LineGuard
from mistudio_core.sources.plan import SourceFile
from mistudio_core.sources.recode import Recoded
from mistudio_core.sources.remote_file import RemoteFile
from mistudio_core.sources.surrogates import SurrogateFilter
from mistudio_core.sources.unpack import decompressed
from mistudio_core.sources.utf8_filter import Utf8Filter

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

OnBytes = Callable[[int], None]
"""Told how many more bytes were read."""
_MARKED_ARRAY: Final = codecs.BOM_UTF8 + b"["
PROTOCOL: Final = "mistudio"
_BUFFER_BYTES: Final = 1 << 16
ARCHIVES: Final = (
    b"PK\x03\x04",
    b"\x1f\x8b",
    b"BZh",
    b"\xfd7zXZ",
    b"\x28\xb5\x2f\xfd",
    b"\x04\x22\x4d\x18",
    b"Rar!",
    b"7z\xbc\xaf",
)
"""How files begin that `datasets` unpacks by itself, whatever their names: they are no text."""
_MAGIC_BYTES: Final = max(map(len, ARCHIVES))


KNOWN: Final[dict[str, FileProxy]] = {}
"""The newest file of each name, for the file system of `fsspec`."""


class FileProxy:
    """A source of tables: `open` opens it here, `address` makes `fsspec` open it; a compressed one opens decompressed.

    A later file of the same name takes its place. `guarded` is set where the file is text: it then opens as UTF-8,
    whatever its encoding, and within the bounds of what can be held.
    """

    def __init__(self, name: str, size: int, open_raw: Callable[[], io.RawIOBase], compression: str | None) -> None:
        """Make the file known by its address; `open_raw` opens it each time."""
        plain = name if compression is None else name.removesuffix(f".{compression}")
        self.address = f"{PROTOCOL}://{plain}"
        self.size = size
        self._open_raw, self._compression = open_raw, compression
        self._opened: list[io.RawIOBase] = []
        self.guarded: Guarded | None = None
        KNOWN[plain] = self

    def open(self) -> IO[bytes]:
        """Open the file for reading."""
        raw = self._open_raw()
        self._opened.append(raw)
        buffered = cast(IO[bytes], io.BufferedReader(raw, _BUFFER_BYTES))
        stream = buffered if self._compression is None else decompressed(buffered, self._compression)
        return stream if self.guarded is None else _guarded(stream, self.guarded)

    def close(self) -> None:
        """Close whatever was opened, since not every reader does."""
        while self._opened:
            self._opened.pop().close()


def _guarded(stream: IO[bytes], guarded: Guarded) -> IO[bytes]:
    if guarded.encoding is not None:
        recoded = Recoded(stream, guarded.name, guarded.encoding, guarded.errors)
        stream = cast(IO[bytes], io.BufferedReader(recoded, _BUFFER_BYTES))
    text = io.BufferedReader(LineGuard(stream, guarded), _BUFFER_BYTES)
    stream = cast(IO[bytes], text)
    if text.peek(_MAGIC_BYTES).startswith(ARCHIVES):
        return stream
    if guarded.encoding is not None:
        return _without_halves(stream, guarded)
    return _without_halves(cast(IO[bytes], io.BufferedReader(Utf8Filter(stream, guarded.mark), _BUFFER_BYTES)), guarded)


def _without_halves(stream: IO[bytes], guarded: Guarded) -> IO[bytes]:
    if guarded.module != "json":
        return stream
    text = io.BufferedReader(SurrogateFilter(stream, guarded.mark), _BUFFER_BYTES)
    stream = cast(IO[bytes], text)
    if guarded.key is not None:
        return cast(IO[bytes], io.BufferedReader(FieldLines(stream, guarded.name, guarded.key), _BUFFER_BYTES))
    if text.peek(1).startswith((b"[", _MARKED_ARRAY)):
        return cast(IO[bytes], io.BufferedReader(ArrayLines(stream, guarded.name, guarded.taken), _BUFFER_BYTES))
    return stream


def remote(hub: Hub, url: str, file: SourceFile, on_bytes: OnBytes) -> FileProxy:
    """Return a file on the Hub; nothing is requested before it is read, and the token stays here."""
    return FileProxy(
        file.local_name, file.size, lambda: RemoteFile(hub, url, file.size, on_bytes=on_bytes), file.compression
    )


def local(path: Path, name: str, compression: str | None = None, on_bytes: OnBytes = lambda _: None) -> FileProxy:
    """Return a file of this machine, under a name of ours instead of its own, which may be anything."""
    return FileProxy(name, path.stat().st_size, lambda: _CountedFile(path, on_bytes), compression)


class Countdown:
    """Passes on how many bytes of a file were read, but never more in all than it has: some parts are read twice."""

    def __init__(self, size: int, on_bytes: OnBytes) -> None:
        """Start with a file of `size` bytes."""
        self._left, self._on_bytes = size, on_bytes

    def __call__(self, count: int) -> None:
        """Count bytes that were read."""
        count = min(count, self._left)
        self._left -= count
        self._on_bytes(count)

    def finish(self) -> None:
        """Count what was not read: the file is done with."""
        self(self._left)


class _CountedFile(io.RawIOBase):
    """A local file that tells how much is read."""

    def __init__(self, path: Path, on_bytes: OnBytes) -> None:
        super().__init__()
        self._file = io.FileIO(path)
        self._on_bytes = on_bytes

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        count = self._file.readinto(buffer) or 0
        self._on_bytes(count)
        return count

    def close(self) -> None:
        self._file.close()
        super().close()

"""Bounds for what is read at once: the readers hold a line, a paragraph or a JSON object several times over."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Final

from mistudio_core.errors import StudioError
from mistudio_core.sources.nesting import MAX_DEPTH, Nesting
from mistudio_core.sources.recode import refuse_other_marks
from mistudio_core.sources.utf8_filter import Mark

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

MAX_LINE_BYTES: Final = 64 << 20
"""A reader takes about seven times this; the longest books have a tenth of it. A few MB of .gz may hold any amount."""
MAX_OBJECT_BYTES: Final = 256 << 20
"""A JSON object whose samples stand under a key is read at once, and takes ten times its size."""
_ENDS: Final = {"line": (b"\n",), "paragraph": (b"\n\n", b"\n\r\n"), "document": ()}
_LONGEST_END: Final = 3
_ARRAY: Final = re.compile(rb"(\xef\xbb\xbf|)(\s*)(\[)")


@dataclass(slots=True)
class Taken:
    """What a reader has taken of a file: `num_bytes` since it gave its last rows, `limit` of them at most.

    `by_element` where it takes a JSON array element by element.
    """

    num_bytes: int = 0
    limit: int | None = None
    by_element: bool = False


class TooMuchError(Exception):
    """A reader takes more for its next rows than the limit."""


@dataclass(frozen=True, slots=True)
class Guarded:
    """A file of text that is read under guard: what errors call it, and how it is read.

    `module` is the reader of `datasets`; `unit` is what it holds at a time: a line, a paragraph or the document.
    `encoding` is what the file is recoded from, None where it is UTF-8; `errors` is as in `open`. `mark` stands for
    what is no UTF-8 after all. `key` is that of the samples within one JSON object, which is read as JSON lines.
    `taken` counts for whom it may concern.
    """

    name: str
    module: str
    unit: str = "line"
    encoding: str | None = None
    errors: str = "strict"
    mark: Mark = field(default_factory=Mark)
    key: str | None = None
    taken: Taken = field(default_factory=Taken)


def too_long(what: str) -> StudioError:
    """Return the error for `what` has no end within the limit."""
    return StudioError(
        "too_large",
        f"{what} has more than {MAX_LINE_BYTES >> 20:,} MB, which have to be read at once.",
        "Split it into shorter ones; JSON Lines has one object per line.",
    )


class LineGuard(io.RawIOBase):
    """Passes a stream on; raises `too_large` where a unit has no end, `corrupt_data` where JSON nests too deep."""

    def __init__(self, stream: IO[bytes], guarded: Guarded) -> None:
        """Read from `stream`, whose bytes are UTF-8 or as good as that."""
        super().__init__()
        self._stream, self._guarded = stream, guarded
        self._unit, self._limit, self._is_measured = guarded.unit, 0, True
        self._restart()

    def _restart(self) -> None:
        self._held, self._tail = 0, b""
        self._nesting = Nesting() if self._guarded.module == "json" else None

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return what the stream says."""
        return self._stream.seekable()

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to another place, where a line may begin."""
        self._restart()
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        """Return the place in the stream."""
        return self._stream.tell()

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """Read into `buffer` and return the number of bytes."""
        view = memoryview(buffer).cast("B")
        data = self._stream.read(len(view))
        if not self._limit:
            data = self._looked_at(data)
        view[: len(data)] = data
        self._count(len(data))
        if self._is_measured:
            self._measure(data)
        if self._nesting is not None and not self._nesting.feed(data):
            raise StudioError(
                "corrupt_data",
                f"{self._guarded.name} nests more than {MAX_DEPTH} brackets deep on line {self._nesting.line:,}.",
                "Data of this depth cannot be stored: write that value as a string.",
            )
        return len(data)

    def _looked_at(self, data: bytes) -> bytes:
        """Refuse other encodings; return the first bytes, in which an array begins at once, so that readers know it.

        An array has no lines, and its elements are measured behind this.
        """
        if self._guarded.encoding is None:
            refuse_other_marks(data, self._guarded.name)
        found = _ARRAY.match(data) if self._guarded.module == "json" else None
        self._is_measured = found is None or self._guarded.key is not None
        is_object = self._guarded.module == "json" and self._unit == "document"
        self._limit = MAX_OBJECT_BYTES if is_object else MAX_LINE_BYTES
        return data if found is None else b"".join((*found.group(1, 3, 2), data[found.end() :]))

    def _count(self, num_bytes: int) -> None:
        taken = self._guarded.taken
        taken.num_bytes += num_bytes
        if taken.limit is not None and taken.num_bytes > taken.limit:
            raise TooMuchError

    def _measure(self, data: bytes) -> None:
        """Count what the reader has to hold, up to the next end of a unit and from the last one."""
        joined = self._tail + data
        ends = list(_ENDS[self._unit])
        if self._unit == "line" and self._guarded.module != "json":
            ends.append(b"\r")  # old lines end so; in JSON it is only a space
        first = min((place for end in ends if (place := joined.find(end)) >= 0), default=-1)
        last = max((joined.rfind(end) for end in ends), default=-1)
        longest = self._held + (len(data) if first < 0 else first)
        self._held = longest if last < 0 else len(joined) - last
        self._tail = joined[-_LONGEST_END + 1 :] if self._unit == "paragraph" else b""
        if longest > self._limit:
            raise StudioError(
                "too_large",
                f"{self._guarded.name} has a {self._unit} of more than {self._limit >> 20:,} MB, "
                "which has to be read at once.",
                "Split it into shorter ones; JSON Lines has one object per line.",
            )

    def close(self) -> None:
        """Close the stream too."""
        self._stream.close()
        super().close()

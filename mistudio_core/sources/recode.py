"""Files in other encodings, converted to UTF-8 while they are read, so that readers see one encoding only."""

from __future__ import annotations

import codecs
from typing import IO, Final

from mistudio_core.errors import StudioError
from mistudio_core.sources.converted_stream import ConvertedStream

_MARKS: Final = (
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


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


class Recoded(ConvertedStream):
    """A stream in some encoding as a stream in UTF-8; raises `corrupt_data` with the line that is not in it."""

    def __init__(self, stream: IO[bytes], name: str, encoding: str, errors: str = "strict") -> None:
        """Read from `stream`, which errors call `name`; `errors` is as in `open`."""
        self._name, self._encoding, self._errors = name, encoding, errors
        super().__init__(stream)

    def _begin(self) -> None:
        self._decoder = codecs.getincrementaldecoder(self._encoding)(self._errors)
        self._line = 1

    def _convert(self, data: bytes, *, final: bool) -> bytes:
        try:
            encoded = self._decoder.decode(data, final=final).encode()
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

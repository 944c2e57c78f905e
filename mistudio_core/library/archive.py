"""A folder as one zip file that is made while it is read, so that it needs neither memory nor disk."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_CHUNK_BYTES: Final = 1 << 20


class _Pieces:
    """What a zip file writes to: a stream without a way back, taken away piece by piece."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._parts.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Do nothing: what was written is there already."""

    def taken(self) -> bytes:
        parts, self._parts = self._parts, []
        return b"".join(parts)


def zipped(folder: Path) -> Iterator[bytes]:
    """Yield the bytes of a zip file with all files of a folder under its name, as they are: ids do not shrink."""
    pieces = _Pieces()
    with zipfile.ZipFile(pieces, "w", zipfile.ZIP_STORED) as archive:  # type: ignore[call-overload]  # it only writes
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            name = f"{folder.name}/{path.relative_to(folder).as_posix()}"
            with open(path, "rb") as file, archive.open(zipfile.ZipInfo(name), "w", force_zip64=True) as copy:
                while chunk := file.read(_CHUNK_BYTES):
                    copy.write(chunk)
                    yield pieces.taken()
    yield pieces.taken()

"""Compressed files made plain, for the formats that are read from their end."""

from __future__ import annotations

import bz2
import gzip
import lzma
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, Final

from mistudio_core.errors import StudioError
from mistudio_core.files import free_bytes
from mistudio_core.sources.failures import disk_full

_CHUNK_BYTES: Final = 1 << 22


def unpacked(path: Path, compression: str, target: Path, *, keep_free: int) -> Path:
    """Write the content of a compressed file to `target` and return that path.

    Raises `disk_full` before less than `keep_free` bytes are left, as a small file may hold any amount, and
    `corrupt_data` for a damaged one.
    """
    try:
        with _openers()[compression](path) as packed, open(target, "wb") as plain:
            while chunk := packed.read(_CHUNK_BYTES):
                free = free_bytes(target.parent)
                if free < keep_free + len(chunk):
                    raise disk_full(keep_free + len(chunk), free)
                plain.write(chunk)
    except StudioError:
        target.unlink(missing_ok=True)
        raise
    except Exception as error:
        target.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise StudioError(
            "corrupt_data", f"{path.name} cannot be decompressed.", "The file is damaged, or not what its name says."
        ) from error
    return target


def _openers() -> dict[str, Callable[[Path], IO[bytes]]]:
    import zstandard

    openers: dict[str, Any] = {"gz": gzip.open, "bz2": bz2.open, "xz": lzma.open, "zst": zstandard.open}
    return openers

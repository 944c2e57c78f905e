"""Compressed files: read while they are decompressed, or decompressed first for formats that are read from the end."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
from pathlib import Path
from typing import IO, Any, Final, cast

from mistudio_core.errors import StudioError
from mistudio_core.files import free_bytes
from mistudio_core.sources.failures import disk_full

_CHUNK_BYTES: Final = 1 << 22


def decompressed(packed: IO[bytes], compression: str) -> IO[bytes]:
    """Return a stream of what a compressed stream holds; one that ends too early raises `OSError` or `EOFError`.

    Arrow's reader is used for Zstandard because the usual one accepts a truncated file.
    """
    if compression == "zst":
        import pyarrow as pa

        stream: Any = pa.CompressedInputStream(packed, "zstd")
        return cast(IO[bytes], io.BufferedReader(stream, _CHUNK_BYTES))
    openers: dict[str, Any] = {"gz": gzip.GzipFile, "bz2": bz2.BZ2File, "xz": lzma.LZMAFile}
    argument = {"fileobj": packed} if compression == "gz" else {"filename": packed}
    return cast(IO[bytes], openers[compression](**argument))


def unpacked(path: Path, compression: str, target: Path, *, keep_free: int) -> Path:
    """Write the content of a compressed file to `target` and return that path.

    Raises `disk_full` before less than `keep_free` bytes are left, as a small file may hold any amount, and
    `corrupt_data` for a damaged one.
    """
    try:
        with open(path, "rb") as packed, open(target, "wb") as plain:
            stream = decompressed(packed, compression)
            while chunk := stream.read(_CHUNK_BYTES):
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
            "corrupt_data",
            f"{path.name} cannot be decompressed.",
            "The file is damaged, or its format is not what its name says.",
        ) from error
    return target

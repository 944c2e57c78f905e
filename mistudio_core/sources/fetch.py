"""Downloading one file: resumed by Range, checked by its hash, retried when the network fails."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mistudio_core.errors import StudioError
from mistudio_core.sources.client import Hub, session
from mistudio_core.sources.plan import SourceFile

if TYPE_CHECKING:
    import httpx2

PROGRESS_BYTES: Final = 1 << 20
"""An attempt that brought this much was no failure: a link that drops every few MB still gets there."""
STALL_SECONDS: Final = 30.0
STALL_BYTES: Final = 1 << 14
"""Fewer bytes than this in `STALL_SECONDS` count as silence; the connection is closed and opened again."""
_HASH_CHUNK_BYTES: Final = 1 << 20

OnBytes = Callable[[int], None]
"""Told how many more bytes lie on the disk; negative when some were thrown away."""


def fetch(hub: Hub, url: str, file: SourceFile, target: Path, on_bytes: OnBytes) -> None:
    """Download a file to `target`, complete and verified; what an earlier run left in `target.part` is used.

    Raises `corrupt_data` if the bytes are wrong twice, `StudioError`s of the disk, and the client's own exceptions
    when retries are used up.
    """
    if target.exists() and target.stat().st_size == file.size:
        on_bytes(file.size)
        return
    part = target.with_name(target.name + ".part")
    on_bytes(_size(part))
    for attempt in range(2):
        _complete(hub, url, file, part, on_bytes)
        if _is_right(part, file):
            os.replace(part, target)
            return
        if attempt == 0:
            _drop(part, on_bytes)
    raise StudioError(
        "corrupt_data",
        f"{file.path} failed its checksum twice.",
        "The data is changed in transit, or the Hub's copy is damaged. Resume tries again.",
    )


def _complete(hub: Hub, url: str, file: SourceFile, part: Path, on_bytes: OnBytes) -> None:
    """Append to `part` until it has the size that was announced."""
    import httpx2

    if _size(part) > file.size:
        _drop(part, on_bytes)
    part.touch()
    retry = hub.retry()
    while (have := _size(part)) < file.size:
        try:
            _receive(hub, url, file.size, part, on_bytes)
            if _size(part) < file.size:
                raise httpx2.RemoteProtocolError("the body was shorter than announced")
        except (httpx2.HTTPError, OSError) as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise  # the disk, not the network
            if _size(part) - have >= PROGRESS_BYTES:
                retry.reset()
            retry.after(error)


def _receive(hub: Hub, url: str, size: int, part: Path, on_bytes: OnBytes) -> None:
    """Append what one request brings; it starts at the Hub, so that an expired signature is renewed."""
    import httpx2
    from huggingface_hub.utils import hf_raise_for_status  # type: ignore[attr-defined]

    have = _size(part)
    headers = {**hub.headers(), "Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
    with session().stream("GET", url, headers=headers) as response:
        if response.status_code == 416:  # what lies here is not a beginning of that file
            _drop(part, on_bytes)
            return
        if response.status_code >= 400:
            response.read()
        hf_raise_for_status(response)
        start = _start(response, size)
        if start not in (0, have):
            raise httpx2.RemoteProtocolError("the answer is not the file, or another part of it")
        if start == 0 and have:
            _drop(part, on_bytes)
        _append(response, part, size, on_bytes)


def _append(response: httpx2.Response, part: Path, size: int, on_bytes: OnBytes) -> None:
    """Write the body, unbuffered, so that a killed process loses nothing that arrived; never beyond `size`."""
    import httpx2

    with open(part, "ab", buffering=0) as sink:
        have = sink.tell()
        since, arrived = time.monotonic(), 0
        for chunk in response.iter_raw():
            useful = chunk[: size - have]
            sink.write(useful)
            on_bytes(len(useful))
            have += len(useful)
            arrived += len(useful)
            if have == size:
                return
            if time.monotonic() - since > STALL_SECONDS:
                if arrived < STALL_BYTES:
                    raise httpx2.ReadTimeout("the connection hardly moves", request=response.request)
                since, arrived = time.monotonic(), 0


def _drop(part: Path, on_bytes: OnBytes) -> None:
    on_bytes(-_size(part))
    part.unlink(missing_ok=True)


def _start(response: httpx2.Response, size: int) -> int:
    """Return the position from which the answer holds the file; -1 where it holds something else.

    The page of a captive portal comes with status 200 too, but not with the right length.
    """
    if response.status_code != 206:
        return 0 if response.headers.get("content-length", str(size)) == str(size) else -1
    unit, _, rest = response.headers.get("content-range", "").partition(" ")
    first = rest.partition("-")[0]
    return int(first) if unit == "bytes" and first.isdigit() else -1


def _is_right(part: Path, file: SourceFile) -> bool:
    """Compare with the hash that the Hub announced: SHA-256 of a large file, git's id of a small one."""
    if file.sha256 is not None:
        digest, expected = hashlib.sha256(), file.sha256
    elif file.sha1 is not None:
        digest, expected = hashlib.sha1(b"blob %d\0" % file.size, usedforsecurity=False), file.sha1
    else:
        return True
    with open(part, "rb") as source:
        while chunk := source.read(_HASH_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest() == expected


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0

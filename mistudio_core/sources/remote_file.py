"""A file on the Hub that is read in pieces, without downloading it: footers, and the beginnings of files."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from mistudio_core.errors import StudioError
from mistudio_core.sources.client import Hub, session

if TYPE_CHECKING:
    import httpx2
    from _typeshed import WriteableBuffer

_FIRST_BLOCK_BYTES: Final = 1 << 16
"""Holds most Parquet footers and the first samples of most text files."""
_LARGEST_BLOCK_BYTES: Final = 1 << 24
"""Reading on and on makes blocks half as large again, up to this: a long read is not a thousand requests, and a read
that stops has fetched not much more than it needed."""
_GROWTH: Final = 1.5
_PROGRESS_BYTES: Final = 1 << 16
"""A request that brought this much counts as progress, and the count of failures begins anew."""


class RemoteFile(io.RawIOBase):
    """A seekable file over ranged requests; each starts at the Hub, so an expired signature is renewed.

    A request that breaks goes on where it broke, with retries; then the client's exception is raised.
    """

    def __init__(
        self,
        hub: Hub,
        url: str,
        size: int,
        *,
        longest_read: int | None = None,
        on_bytes: Callable[[int], None] | None = None,
    ) -> None:
        """Take the size from the tree listing; a single read over `longest_read` bytes raises `corrupt_data`."""
        super().__init__()
        self._hub, self._url, self._size = hub, url, size
        self._longest_read, self._on_bytes = longest_read, on_bytes
        self._position = 0
        self._block_start, self._block = 0, b""
        self._block_bytes = _FIRST_BLOCK_BYTES

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def tell(self) -> int:
        """Return the position, in bytes."""
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move to a position and return it; nothing is requested."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._size}[whence]
        self._position = max(0, base + offset)
        return self._position

    def read(self, size: int | None = -1, /) -> bytes:
        """Return `size` bytes, fewer only at the end of the file; -1 for all the rest."""
        rest = max(0, self._size - self._position)
        wanted = rest if size is None or size < 0 else min(size, rest)
        if self._longest_read is not None and wanted > self._longest_read:
            raise StudioError("corrupt_data", f"The file asks for {wanted} bytes at once.", "It is probably damaged.")
        pieces = []
        while wanted:
            start = self._position - self._block_start
            if not 0 <= start < len(self._block):
                self._load(wanted)
                start = 0
            piece = self._block[start : start + wanted]
            pieces.append(piece)
            wanted -= len(piece)
            self._position += len(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """Fill a buffer; return how many bytes were read."""
        view = memoryview(buffer).cast("B")
        data = self.read(len(view))
        view[: len(data)] = data
        return len(data)

    def _load(self, wanted: int) -> None:
        """Fetch the block at the position: what is wanted, and ahead of it when the file is read in order."""
        in_order = self._block and self._position == self._block_start + len(self._block)
        self._block_bytes = (
            min(int(_GROWTH * self._block_bytes), _LARGEST_BLOCK_BYTES) if in_order else _FIRST_BLOCK_BYTES
        )
        length = min(max(wanted, self._block_bytes), self._size - self._position)
        self._block_start, self._block = self._position, self._fetch(self._position, length)

    def _fetch(self, start: int, length: int) -> bytes:
        import httpx2

        data = bytearray()
        retry = self._hub.retry()
        while len(data) < length:
            before = len(data)
            try:
                self._receive(start, length, data)
                if len(data) < length:
                    raise httpx2.RemoteProtocolError("the answer was shorter than asked for")
            except (httpx2.HTTPError, OSError) as error:
                if len(data) - before >= _PROGRESS_BYTES:
                    retry.reset()
                retry.after(error)
        return bytes(data)

    def _receive(self, start: int, length: int, data: bytearray) -> None:
        """Append to `data` what one request brings of the bytes `[start, start + length)`."""
        from huggingface_hub.utils import hf_raise_for_status  # type: ignore[attr-defined]

        first, last = start + len(data), start + length - 1
        headers = {**self._hub.headers(), "Range": f"bytes={first}-{last}", "Accept-Encoding": "identity"}
        with session().stream("GET", self._url, headers=headers) as response:
            if response.status_code >= 400:
                response.read()
            hf_raise_for_status(response)
            skip = 0 if response.status_code == 206 else first  # a server that ignores ranges sends it all
            _check_range(response, first)
            for chunk in response.iter_bytes():
                if self._on_bytes is not None:
                    self._on_bytes(len(chunk))
                useful = chunk[skip:][: length - len(data)]
                skip = max(0, skip - len(chunk))
                data += useful
                if len(data) >= length:
                    return


def _check_range(response: httpx2.Response, first: int) -> None:
    import httpx2

    answered = response.headers.get("content-range", "")
    if response.status_code == 206 and not answered.startswith(f"bytes {first}-"):
        raise httpx2.RemoteProtocolError("the answer holds another part of the file")

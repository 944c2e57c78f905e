"""The file system through which `fsspec`, and so the readers of `datasets`, open the files that are read through us."""

from __future__ import annotations

from typing import IO, Any

from fsspec import register_implementation  # type: ignore[import-untyped]
from fsspec.spec import AbstractFileSystem  # type: ignore[import-untyped]

from mistudio_core.sources.file_proxy import KNOWN, PROTOCOL


def install() -> None:
    """Make the addresses of files known to `fsspec`."""
    register_implementation(PROTOCOL, _ProxyFileSystem, clobber=True)


class _ProxyFileSystem(AbstractFileSystem):
    """The files of `KNOWN` by their names."""

    protocol = PROTOCOL
    cachable = False

    def info(self, path: str, **_: Any) -> dict[str, Any]:
        """Return the size of a file."""
        name = self._strip_protocol(path)
        if name not in KNOWN:
            raise FileNotFoundError(path)
        return {"name": name, "size": KNOWN[name].size, "type": "file"}

    def _open(self, path: str, mode: str = "rb", **_: Any) -> IO[bytes]:
        if mode != "rb":
            raise PermissionError("these files are read-only")
        return KNOWN[self._strip_protocol(path)].open()

"""Ways in which a file of a library can be damaged."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final


def clear(path: Path) -> None:
    """Remove what lies at `path`, without touching other links to it."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


@contextmanager
def damaged(path: Path, damage: str) -> Iterator[None]:
    """Damage a file, and put it back at the end."""
    data = path.read_bytes()
    DAMAGES[damage](path)
    try:
        yield
    finally:
        clear(path)
        path.write_bytes(data)


def _bytes(make: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        data = make(path.read_bytes())
        clear(path)
        path.write_bytes(data)

    return damage


def _flipped(data: bytes) -> bytes:
    changed = bytearray(data or b" ")
    changed[len(changed) // 2] ^= 1
    return bytes(changed)


def _folder(path: Path) -> None:
    clear(path)
    path.mkdir()


def _unreadable(path: Path) -> None:
    """Put a file in its place of which every read is an input/output error, for every user."""
    clear(path)
    path.symlink_to("/proc/self/mem")


DAMAGES: Final[Mapping[str, Callable[[Path], None]]] = {
    "missing": clear,
    "empty": _bytes(lambda _: b""),
    "cut": _bytes(lambda data: data[: len(data) // 2]),
    "garbage": _bytes(lambda data: bytes((97 * place + 255) % 256 for place in range(max(64, min(len(data), 5000))))),
    "flipped": _bytes(_flipped),
    "object": _bytes(lambda _: b"{}"),
    "list": _bytes(lambda _: b"[]"),
    "nested": _bytes(lambda _: b"[" * 200_000),
    "folder": _folder,
    "unreadable": _unreadable,
}
"""By name; each takes the file that it damages."""

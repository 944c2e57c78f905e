"""Keys of the HTTP API: a file for each in the library folder, which holds the hash of its secret and not the key.

A key is 256 random bits, which nobody guesses: one round of SHA-256 keeps it as well as a slow hash would, and costs a
request microseconds.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from mistudio_core.errors import StudioError
from mistudio_core.files import json_bytes, read_if_sound, sync_folder
from mistudio_core.records import Record, as_json, now, parse_time

_FOLDER: Final = "api_keys"
_SECRET_BYTES: Final = 32
_ID: Final = re.compile(r"key_[0-9a-f]{8}")
_KEY: Final = re.compile(r"mistudio_(?P<id>[0-9a-f]{8})_(?P<secret>[A-Za-z0-9_-]{43})")
_NO_DIGEST: Final = "0" * 64
"""Compared with where there is no such key, so that the answer takes as long as for one that is there."""


@dataclass(frozen=True, slots=True)
class ApiKey(Record):
    """A key as it is listed; `key` is the key itself, which only the answer that made it has."""

    id: str
    created_at: datetime
    key: str | None = None


def create(root: Path) -> ApiKey:
    """Make a key for the library in `root`; the answer is the only place where it is ever written."""
    number, secret = secrets.token_hex(4), secrets.token_urlsafe(_SECRET_BYTES)
    made = ApiKey(f"key_{number}", now(), f"mistudio_{number}_{secret}")
    folder = root / _FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    _write_private(folder / f"{made.id}.json", {"created_at": as_json(made.created_at), "sha256": _digest(secret)})
    return made


def listed(root: Path) -> list[ApiKey]:
    """Return the keys of a library without their secrets, oldest first."""
    folder = root / _FOLDER
    names = [path.stem for path in folder.glob("*.json")] if folder.is_dir() else []
    found = [(name, _stored(root, name)) for name in names if _ID.fullmatch(name)]
    keys = [ApiKey(name, parse_time(stored["created_at"])) for name, stored in found if stored is not None]
    return sorted(keys, key=lambda key: (key.created_at, key.id))


def remove(root: Path, key_id: str) -> ApiKey:
    """Delete a key, which is refused from the next request on; raise `not_found` where there is none."""
    for key in listed(root):
        if key.id == key_id:
            (root / _FOLDER / f"{key.id}.json").unlink(missing_ok=True)
            sync_folder(root / _FOLDER)
            return key
    raise StudioError("not_found", f"There is no key {key_id[:40]!r}.", "`mistudio api-key --list` lists the keys.")


def is_key(root: Path, given: str) -> bool:
    """Tell whether `given` is a key of the library in `root`; how long it takes does not tell how much is right."""
    parts = _KEY.fullmatch(given)
    if parts is None:
        return False
    stored = _stored(root, f"key_{parts['id']}") or {"sha256": _NO_DIGEST}
    return hmac.compare_digest(stored["sha256"].encode(), _digest(parts["secret"]).encode())


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _stored(root: Path, key_id: str) -> dict[str, str] | None:
    """Return what is kept of a key, None where there is none or its file is damaged."""
    return read_if_sound(
        root / _FOLDER / f"{key_id}.json",
        lambda value: {"created_at": as_json(parse_time(value["created_at"])), "sha256": str(value["sha256"])},
    )


def _write_private(path: Path, value: Mapping[str, Any]) -> None:
    """Put a JSON document at `path` that only its owner can read, synced with its name."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with open(descriptor, "wb") as file:
            file.write(json_bytes(value))
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    sync_folder(path.parent)

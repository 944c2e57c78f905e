"""Names for visitors without an account, which their browsers bring back signed and cannot make up."""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
from pathlib import Path
from typing import Final

from mistudio_core.errors import StudioError
from mistudio_core.files import damaged

_KEY_FILE: Final = "visitors.key"
_KEY_BYTES: Final = 32
WITHOUT_KEY: Final = (
    "It is put aside at the next visit: visitors then get new names, and the host alone may change what they had."
)
"""What helps where the key is damaged."""
_NAME: Final = re.compile(r"visitor-[0-9a-f]{32}")


def new_name() -> str:
    """Return a name that nobody has."""
    return f"visitor-{secrets.token_hex(16)}"


def signed(root: Path, name: str) -> str:
    """Return a visitor's name with the signature of the library in `root`, as a cookie keeps it."""
    return f"{name}.{hmac.digest(_key(root), name.encode(), 'sha256').hex()}"


def name_in(root: Path, cookie: str) -> str | None:
    """Return the name in a cookie, None where it is no visitor's or the signature is not of this library."""
    name, _, _ = cookie.partition(".")
    genuine = _NAME.fullmatch(name) and hmac.compare_digest(signed(root, name).encode(), cookie.encode())
    return name if genuine else None


def _key(root: Path) -> bytes:
    """Return the key of a library, which is made when it is first needed; only its host can read it."""
    place = root / _KEY_FILE
    if place.exists():
        try:
            return _read_key(place)
        except StudioError:  # kept aside, and made anew: one file must not keep everybody out
            os.replace(place, place.with_name(f"{_KEY_FILE}.damaged-{secrets.token_hex(4)}"))
    root.mkdir(parents=True, exist_ok=True)
    draft = root / f".{_KEY_FILE}.{secrets.token_hex(4)}"
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "wb") as file:
        file.write(_written(secrets.token_bytes(_KEY_BYTES)))
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, place)  # of two processes that make a key at once, one wins for both
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    return _read_key(place)


def key_problem(root: Path) -> str | None:
    """Return in a sentence how the key of a library is damaged, None where it is sound or there is none."""
    place = root / _KEY_FILE
    try:
        if place.exists():
            _read_key(place)
    except StudioError as error:
        return error.message
    return None


def _written(key: bytes) -> bytes:
    return f"{key.hex()}{hashlib.sha256(key).hexdigest()}".encode()


def _read_key(place: Path) -> bytes:
    """Return the key in a file; raises `corrupt_data`, since a key that is cut could be guessed.

    It stands in hexadecimal digits before its SHA-256; older versions wrote the key alone, as bytes.
    """
    try:
        data = place.read_bytes()
    except OSError as error:
        raise damaged(place, f"it cannot be read ({error.strerror})", WITHOUT_KEY) from None
    if len(data) == _KEY_BYTES:
        return data
    try:
        key = bytes.fromhex(data[: 2 * _KEY_BYTES].decode())
    except ValueError:
        key = b""
    if len(key) != _KEY_BYTES or data != _written(key):
        raise damaged(place, "it does not hold the key that was written", WITHOUT_KEY)
    return key

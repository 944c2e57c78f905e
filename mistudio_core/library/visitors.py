"""Names for visitors without an account, which their browsers bring back signed and cannot make up."""

from __future__ import annotations

import hmac
import os
import re
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Final

_KEY_FILE: Final = "visitors.key"
_KEY_BYTES: Final = 32
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
    with suppress(FileNotFoundError):
        return place.read_bytes()
    root.mkdir(parents=True, exist_ok=True)
    draft = root / f".{_KEY_FILE}.{secrets.token_hex(4)}"
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "wb") as file:
        file.write(secrets.token_bytes(_KEY_BYTES))
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, place)  # of two processes that make a key at once, one wins for both
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    return place.read_bytes()

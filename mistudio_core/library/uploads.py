"""Files that a visitor sends from the browser: kept until they are imported, and only for who sent them."""

from __future__ import annotations

import hashlib
import re
import secrets
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, Final

from mistudio_core.disk import full_disk, is_full
from mistudio_core.errors import StudioError, invalid
from mistudio_core.library.context import Context
from mistudio_core.library.permissions import Actor

_CHUNK_BYTES: Final = 1 << 20
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST_NAME: Final = 120
_OWNER_DIGITS: Final = 16


def store(context: Context, files: Sequence[tuple[str, BinaryIO]]) -> list[Path]:
    """Copy files into a new folder below `uploads/` and return their places; the limit on their size is checked."""
    if not files:
        raise invalid("No file selected.", "Drop files onto the upload field, or press Upload.")
    limit = context.settings.max_upload_mb << 20
    for name, file in files:
        if file.seek(0, 2) > limit:
            raise StudioError(
                "too_large",
                f"{name} exceeds the upload limit of {context.settings.max_upload_mb} MB.",
                "Import it by path, from Python or the command line, or raise MISTUDIO_MAX_UPLOAD_MB.",
            )
    folder = context.home.uploads / f"{_prefix(context.actor)}{secrets.token_hex(16)}"
    try:
        folder.mkdir(mode=0o700)
        return [_copy(name, file, folder) for name, file in files]
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        if is_full(error):
            raise full_disk(context.home.root, sum(file.seek(0, 2) for _, file in files)) from None
        raise StudioError(
            "permission_denied", f"The upload could not be stored ({error.strerror}).", "Check the library folder."
        ) from None


def is_own(context: Context, path: Path) -> bool:
    """Tell whether `path`, which is resolved, lies in an upload of the actor; the host may use all of them."""
    upload = context.home.upload_of(path)
    return upload is not None and (context.actor.is_host or upload.name.startswith(_prefix(context.actor)))


def safe_name(name: str) -> str:
    """Return a file name of letters, digits, `.`, `_` and `-` that keeps the ending of `name`."""
    safe = _UNSAFE.sub("_", name.replace("\\", "/").rsplit("/", 1)[-1]).lstrip(".")
    return safe[-_LONGEST_NAME:].lstrip(".-") or "upload"


def _prefix(actor: Actor) -> str:
    """Return how the folders of an actor's uploads begin: names of people do not always make names of files."""
    return f"up_{hashlib.sha256(actor.name.encode()).hexdigest()[:_OWNER_DIGITS]}_"


def _copy(name: str, file: BinaryIO, folder: Path) -> Path:
    target = folder / safe_name(name)
    for number in range(2, 10_000):
        if not target.exists():
            break
        target = folder / f"{number}-{safe_name(name)}"
    file.seek(0)
    with open(target, "xb") as copy:
        shutil.copyfileobj(file, copy, _CHUNK_BYTES)
    return target

"""Undoing a deletion: for a minute what was deleted stays in the trash, as long as the disk has room.

The trash is emptied by the next use of the library after that minute, and at once when a job needs the room.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from mistudio_core.errors import StudioError, invalid
from mistudio_core.file_names import UNDO
from mistudio_core.files import KEPT, Home, can_be_undone, delete_trashed, free_bytes, read_json, write_json
from mistudio_core.library.rebuild import rebuild
from mistudio_core.settings import Settings
from mistudio_core.store.catalog.database import Catalog

UNDO_SECONDS: Final = 60.0
"""How long what was deleted can be put back."""


def keep(home: Home, settings: Settings, folders: Sequence[Path], owner: str) -> str | None:
    """Move folders into a place of the trash that is kept for a minute, and return its name for `restore`.

    Returns None, and moves nothing, where the disk is too full to keep anything.
    """
    if free_bytes(home.root) < settings.keep_free_mb << 20:
        return None
    place = home.trash / f"{KEPT}{secrets.token_hex(8)}"
    found = [folder for folder in folders if folder.exists()]
    try:
        place.mkdir()
        _write(place, {str(number): str(folder.relative_to(home.root)) for number, folder in enumerate(found)}, owner)
    except OSError:  # the disk is full after all
        delete_trashed(place)
        return None
    try:
        for number, folder in enumerate(found):
            os.rename(folder, place / str(number))
    except BaseException:
        put_back(home, place.name)
        raise
    return place.name


def put_back(home: Home, name: str) -> None:
    """Move what is kept under this name to where it was."""
    place = home.trash / name
    for number, path in (read_json(place / UNDO) or {})["folders"].items():
        if (place / number).exists():
            os.rename(place / number, home.root / path)
    delete_trashed(place)


def restore(home: Home, catalog: Catalog, name: str, owner: str) -> None:
    """Put back what a deletion of the same owner moved; raise `not_found` where the minute is over."""
    place = home.trash / name
    if not name.startswith(KEPT) or "/" in name or not can_be_undone(place):
        raise StudioError(
            "not_found", "The deletion can no longer be undone.", "A minute has passed, or room was needed."
        )
    facts = read_json(place / UNDO) or {}
    if facts.get("owner") != owner:
        raise StudioError("permission_denied", "Only who deleted it can undo a deletion.", "Ask them.")
    for target in (home.root / path for path in facts["folders"].values()):
        if target.exists() or not target.parent.is_dir():
            raise invalid("The deletion cannot be undone: what it belonged to has changed.", "Make it again.")
    _write(place, facts["folders"], owner)  # another minute, so that nobody empties the trash meanwhile
    put_back(home, name)
    rebuild(home, catalog)


def _write(place: Path, folders: dict[str, str], owner: str) -> None:
    until = time.time() + UNDO_SECONDS
    write_json(place / UNDO, {"until": until, "owner": owner, "folders": folders})

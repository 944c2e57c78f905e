"""Checksums of finished files: of a list of them, and of a JSON document in itself."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from mistudio_core.errors import StudioError
from mistudio_core.files import (
    Made,
    damaged,
    file_problem,
    file_sha256,
    json_bytes,
    put_in_place,
    read_json,
    read_record,
    write_bytes,
    write_json,
)

SEAL: Final = "sha256"
"""The last key of a sealed document: the SHA-256 of the document without it."""
LIST_ENDING: Final = ".checksums.json"
"""What the name of a file or folder has behind it in the name of the file beside it that lists checksums."""
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_LISTS: Final = ("sidecars", "checked")
"""What a document holds only since such documents are sealed."""


def sealed(value: Mapping[str, Any]) -> dict[str, Any]:
    """Return a JSON object with a checksum of its own content."""
    content = {name: item for name, item in value.items() if name != SEAL}
    return content | {SEAL: hashlib.sha256(json_bytes(content)).hexdigest()}


def write_sealed(path: Path, value: Mapping[str, Any]) -> dict[str, Any]:
    """Put a JSON object with a checksum of its own content at `path`, and return it."""
    whole = sealed(value)
    write_json(path, whole, durable=True)
    return whole


def read_sealed(path: Path, make: Callable[[dict[str, Any]], Made]) -> Made | None:
    """Return the record made of a sealed document without its seal, or None where there is no file.

    Raises `corrupt_data`, naming the file, where it is not what was written; one from before there were seals must
    only have the form of the record.
    """

    def checked(value: dict[str, Any]) -> Made:
        if not _is_older(value) and sealed(value) != value:
            raise damaged(path, "its content does not match its checksum")
        return make({name: item for name, item in value.items() if name != SEAL})

    return read_record(path, checked)


def seal_problem(path: Path) -> str | None:
    """Return in a sentence how a sealed document differs from what was written, None where it does not.

    One that was written before there were seals has none, and nothing is known of it.
    """
    damaged = f"{path} is damaged: its content does not match its checksum."
    try:
        value = read_json(path)
        stored = path.read_bytes() if value is not None else b""
    except StudioError as error:
        return error.message
    except OSError as error:
        return f"{path} cannot be read ({error.strerror})."
    if value is None:
        return f"{path} is missing."
    if _is_older(value):
        return None
    try:
        as_written = sealed(value) == value and json_bytes(value) == stored
    except StudioError:  # it holds half of a surrogate pair, which is never written
        return damaged
    return None if as_written else damaged


def list_of(path: Path) -> Path:
    """Return the file with the checksums of what lies at `path`, beside it."""
    return path.with_name(f"{path.name}{LIST_ENDING}")


def file_entries(folder: Path, names: Iterable[str]) -> list[dict[str, Any]]:
    """Return size and SHA-256 of files of a folder, for those that are there."""
    paths = [(name, folder / name) for name in names if (folder / name).is_file()]
    return [{"file": name, "size_bytes": path.stat().st_size, "sha256": file_sha256(path)} for name, path in paths]


def entry_problems(folder: Path, entries: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return a sentence for each listed file that is missing or damaged; an entry names it by `file` or `path`.

    A file with several entries, which is being replaced, is as one of them says.
    """
    by_name: dict[str, list[Mapping[str, Any]]] = {}
    for entry in entries:
        by_name.setdefault(entry.get("file") or entry["path"], []).append(entry)
    problems = []
    for name, versions in by_name.items():
        found = [file_problem(folder / name, entry["size_bytes"], entry["sha256"]) for entry in versions]
        problems += [found[0]] if found[0] is not None and None not in found else []
    return problems


def announce_entry(manifest: Path, name: str, draft: Path) -> None:
    """Add what `draft` will be as the file `name` to the list of a sealed manifest, where there is one.

    Whoever is killed before or after the draft takes its place leaves a file that the manifest knows.
    """
    value = read_json(manifest)
    if value is not None and "sidecars" in value:
        (coming,) = file_entries(draft.parent, [draft.name])
        write_sealed(manifest, value | {"sidecars": [*value["sidecars"], coming | {"file": name}]})


def write_listed(manifest: Path, name: str, data: bytes) -> None:
    """Put a file that a sealed manifest lists in its place again, and what it is now into the list."""
    draft = manifest.with_name(f".{name}.{secrets.token_hex(8)}")
    try:
        write_bytes(draft, data, durable=True)
        announce_entry(manifest, name, draft)
        put_in_place(draft, manifest.parent / name)
        renew_entry(manifest, name)
    finally:
        draft.unlink(missing_ok=True)


def renew_entry(manifest: Path, name: str) -> None:
    """Take over a file that was built again into the list of a sealed manifest, where there is one.

    Two builders may finish at once: the one that writes last makes sure that it wrote of the file that is there.
    """
    place = manifest.parent / name
    while (value := read_json(manifest)) is not None and "sidecars" in value:
        before = _identity(place)
        others = [entry for entry in value["sidecars"] if entry["file"] != name]
        write_sealed(manifest, value | {"sidecars": [*others, *file_entries(manifest.parent, [name])]})
        if _identity(place) == before:
            return


def _is_older(value: Any) -> bool:
    """Tell whether a document was written before there were seals; no empty one was, nor one whose seal has no name."""
    if not isinstance(value, dict) or not value or SEAL in value or any(name in value for name in _LISTS):
        return False
    last = next(reversed(value.values()), None)
    return not (isinstance(last, str) and _DIGEST.fullmatch(last))


def _identity(path: Path) -> tuple[int, int, int] | None:
    try:
        facts = os.stat(path)
    except FileNotFoundError:
        return None
    return facts.st_ino, facts.st_size, facts.st_mtime_ns

"""The content of a stored tokenizer: what its folder is named by, and whether it is still what was stored."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from mistudio_core.checksums import entry_problems, read_sealed, seal_problem
from mistudio_core.errors import StudioError
from mistudio_core.field_types import checked
from mistudio_core.file_names import TOKENIZER_CONFIG, TOKENIZER_JSON, TOKENIZER_SOURCE
from mistudio_core.tokenization.tokenizer.stored import FORMAT, stored_tokenizer

FILES: Final = "checked"
"""Where the record of a tokenizer has the checksums of its files."""

VERDICTS: Final = "verdicts"
"""The folder of a tokenizer with what the checks of engines came to."""


def content_sha256(tokenizer_json: bytes, settings: Mapping[str, Any]) -> str:
    """Return the checksum that names the folder of a tokenizer."""
    return hashlib.sha256(tokenizer_json + b"\0" + json.dumps(settings, sort_keys=True).encode()).hexdigest()


def settings_bytes(settings: Mapping[str, Any]) -> bytes:
    """Return the settings as they are stored."""
    return json.dumps(settings, ensure_ascii=False, indent=1).encode("utf-8", "backslashreplace")


def tokenizer_problems(folder: Path) -> list[str]:
    """Return a sentence for each file of a stored tokenizer that is not what was stored.

    Where an older program stored it, its two files are compared with the name of the folder.
    """
    record = folder / TOKENIZER_SOURCE
    damage, entries = seal_problem(record), None
    if damage is None:
        try:
            entries = read_sealed(record, lambda facts: _entries(folder, facts))
        except StudioError as error:
            damage = error.message
    problems = [] if damage is None else [damage]
    return problems + (_content_problems(folder) if entries is None else entry_problems(folder, entries))


def verdict_problems(folder: Path) -> dict[Path, str]:
    """Return a sentence for each verdict on a tokenizer's engines that is damaged, by its file."""
    found = {path: seal_problem(path) for path in sorted((folder / VERDICTS).glob("*.json"))}
    return {path: damage for path, damage in found.items() if damage is not None}


def _entries(folder: Path, facts: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """Return the checksums of a tokenizer's files, None of one that an older program stored; raise as `read_record`."""
    if isinstance(facts["format"], int) and facts["format"] == FORMAT:
        checked(stored_tokenizer(folder, facts))
    return facts.get(FILES)


def _content_problems(folder: Path) -> list[str]:
    found, contents = [], {}
    for name in (TOKENIZER_JSON, TOKENIZER_CONFIG):
        try:
            contents[name] = (folder / name).read_bytes()
        except FileNotFoundError:
            found.append(f"{folder / name} is missing.")
        except OSError as error:
            found.append(f"{folder / name} cannot be read ({error.strerror or 'input/output error'}).")
    if found:
        return found
    try:
        settings = json.loads(contents[TOKENIZER_CONFIG])
    except (ValueError, RecursionError):
        settings = None
    if not isinstance(settings, dict) or settings_bytes(settings) != contents[TOKENIZER_CONFIG]:
        return [f"{folder / TOKENIZER_CONFIG} is damaged: it is not what was stored."]
    if content_sha256(contents[TOKENIZER_JSON], settings) == folder.name:
        return []
    return [
        f"{folder / TOKENIZER_JSON} or {folder / TOKENIZER_CONFIG} is damaged: they do not match the folder's name."
    ]

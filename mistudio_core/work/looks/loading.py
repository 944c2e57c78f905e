"""Opening the files of a tokenizer for the first time, which is where most of them fail that mean harm."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mistudio_core.tokenization.loading.load import keep_files
from mistudio_core.tokenization.tokenizer.names import Named


def store_files(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Store the tokenizer in a folder; return its checksum, and sentences on how it differs from its files."""
    fields: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in arguments["wanted"].items()
    }
    named = keep_files(Path(arguments["root"]), Path(arguments["folder"]), Named(**fields))
    return {"sha256": named.sha256, "notes": list(named.notes)}

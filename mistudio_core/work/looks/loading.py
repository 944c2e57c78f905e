"""Opening the files of a tokenizer for the first time, which is where most of them fail that mean harm."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mistudio_core.tokenization.loading.load import keep_files
from mistudio_core.tokenization.tokenizer.names import Named


def store_files(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Store the tokenizer in a folder; return its checksum, and sentences on how it differs from its files.

    What is written meanwhile lies in the library, where it is tidied up should this process be ended.
    """
    root = Path(arguments["root"])
    fields: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in arguments["wanted"].items()
    }
    with tempfile.TemporaryDirectory(prefix=".loading-", dir=root) as scratch:
        tempfile.tempdir = scratch
        try:
            named = keep_files(root, Path(arguments["folder"]), Named(**fields))
        finally:
            tempfile.tempdir = None
    return {"sha256": named.sha256, "notes": list(named.notes)}

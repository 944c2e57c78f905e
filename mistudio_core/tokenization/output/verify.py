"""Reading the files of a finished tokenization again, against the checksums of its manifest."""

from __future__ import annotations

from pathlib import Path

from mistudio_core.checksums import entry_problems, seal_problem
from mistudio_core.file_names import TOKENIZATION_MANIFEST
from mistudio_core.files import read_json


def verify_files(folder: Path) -> tuple[int, list[str]]:
    """Return how many files were checked, and a sentence for each that is missing or damaged."""
    damage = seal_problem(folder / TOKENIZATION_MANIFEST)
    if damage is not None:
        return 1, [damage]
    manifest = read_json(folder / TOKENIZATION_MANIFEST) or {}
    entries = [*manifest["shards"], *manifest["sidecars"]]
    return 1 + len(entries), entry_problems(folder, entries)

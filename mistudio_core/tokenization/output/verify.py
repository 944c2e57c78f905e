"""Reading the files of a finished tokenization again, against the checksums of its manifest."""

from __future__ import annotations

from pathlib import Path

from mistudio_core.checksums import entry_problems, seal_problem
from mistudio_core.file_names import TOKENIZATION_MANIFEST
from mistudio_core.manifest_files import added_shards, tokenization_manifest


def verify_files(folder: Path) -> tuple[int, list[str]]:
    """Return how many files were checked, and a sentence for each that is missing or damaged."""
    damage = seal_problem(folder / TOKENIZATION_MANIFEST)
    if damage is not None:
        return 1, [damage]
    manifest = tokenization_manifest(folder) or {}
    entries = [*manifest.get("shards", ()), *manifest.get("sidecars", ())]
    return 1 + len(entries), entry_problems(folder, entries) + added_shards(folder, manifest)

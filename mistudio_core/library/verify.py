"""Reading the files of the library again and comparing them with what the manifests promise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mistudio_core.errors import StudioError
from mistudio_core.files import file_sha256, read_json
from mistudio_core.library.manifests import DATASET_MANIFEST, TOKENIZATION_MANIFEST
from mistudio_core.records import Dataset, Tokenization, Verification


def verified(record: Dataset | Tokenization) -> Verification:
    """Check every data file of a whole dataset or tokenization by its size and SHA-256."""
    if isinstance(record, Dataset):
        return _checked(record.id, record.path, DATASET_MANIFEST, "files", "path")
    return _checked(record.id, record.path, TOKENIZATION_MANIFEST, "shards", "file")


def joined(parts: list[Verification]) -> Verification:
    """Return the sum of several checks."""
    return Verification(sum(part.checked for part in parts), tuple(line for part in parts for line in part.problems))


def _checked(
    subject_id: str, folder: Path | None, manifest_name: str, files_field: str, path_field: str
) -> Verification:
    if folder is None:
        return Verification(0, ())
    try:
        manifest = read_json(folder / manifest_name)
    except StudioError as error:
        return Verification(1, (error.message,))
    if manifest is None:
        return Verification(1, (f"{subject_id}: {folder / manifest_name} is missing.",))
    entries: list[Mapping[str, Any]] = manifest[files_field]
    problems = [problem for entry in entries for problem in _problems(folder / entry[path_field], entry)]
    return Verification(1 + len(entries), tuple(f"{subject_id}: {problem}" for problem in problems))


def _problems(path: Path, entry: Mapping[str, Any]) -> Iterator[str]:
    try:
        size = path.stat().st_size
        if size != entry["size_bytes"]:
            yield f"{path} has {size:,} bytes instead of {entry['size_bytes']:,}."
        elif file_sha256(path) != entry["sha256"]:
            yield f"{path} is damaged: its content is not what was written."
    except FileNotFoundError:
        yield f"{path} is missing."
    except OSError as error:
        yield f"{path} cannot be read ({error.strerror})."

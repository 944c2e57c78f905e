"""Reading the files of the library again and comparing them with what the manifests promise."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from mistudio_core.checksums import entry_problems, seal_problem
from mistudio_core.errors import StudioError
from mistudio_core.file_names import DATASET_MANIFEST, TOKENIZATION_MANIFEST, USER_FILE
from mistudio_core.files import read_json
from mistudio_core.library.looks import OF_A_CHECK, ask
from mistudio_core.manifest_files import dataset_manifest, listed_parts, tokenization_manifest
from mistudio_core.records import Dataset, Tokenization, Verification

_SHA256: Final = re.compile("[0-9a-f]{64}")


def verified(record: Dataset | Tokenization, dataset: Dataset, tokenizers: Path, *, deep: bool) -> Verification:
    """Check every data file of a whole dataset or tokenization by its size and SHA-256.

    With `deep`, rows of a tokenization of `dataset` are encoded again from the samples and compared. What stands
    against a check is a problem of this record and of no other.
    """
    try:
        return _verified(record, dataset, tokenizers, deep=deep)
    except StudioError as error:
        return Verification(1, (f"{record.id}: {error.message}",))


def _verified(record: Dataset | Tokenization, dataset: Dataset, tokenizers: Path, *, deep: bool) -> Verification:
    if record.path is None:
        damage = record.error is not None and record.error.code == "corrupt_data"
        return (
            Verification(1, (f"{record.id}: {record.error.message}",))
            if damage and record.error
            else Verification(0, ())
        )
    if isinstance(record, Dataset):
        return _dataset_files(record.id, record.path)
    from mistudio_core.tokenization.output.verify import verify_files

    checked, problems = verify_files(record.path)
    notes = []
    if deep and not problems and dataset.path is not None:
        rows, found = _encoded_again(record.path, dataset.path, tokenizers)
        checked, problems = checked + rows, found
        notes = [f"{rows:,} rows were encoded again; an id that is wrong in another row cannot have been seen."]
    said = (tuple(f"{record.id}: {line}" for line in lines) for lines in (problems, notes))
    return Verification(checked, *said)


def _encoded_again(folder: Path, dataset_folder: Path, tokenizers: Path) -> tuple[int, list[str]]:
    from mistudio_core.tokenization.tokenizer.stored import open_tokenizer

    digest = str((tokenization_manifest(folder) or {}).get("tokenizer_facts", {}).get("sha256"))
    if not _SHA256.fullmatch(digest):
        return 0, [f"{folder / TOKENIZATION_MANIFEST} is damaged."]
    kept = open_tokenizer(tokenizers / digest)
    checked, problems = ask(kept, "verified", OF_A_CHECK, folder=str(folder), dataset=str(dataset_folder))
    return checked, problems


def joined(parts: list[Verification]) -> Verification:
    """Return the sum of several checks."""
    problems = tuple(line for part in parts for line in part.problems)
    return Verification(sum(part.checked for part in parts), problems, tuple(n for part in parts for n in part.notes))


def _dataset_files(dataset_id: str, folder: Path) -> Verification:
    """Check the files of a dataset: those of its manifest, the index of words and what people added, each if there."""
    from mistudio_core.store.samples.ranked_index import CHECKSUMS, FOLDER

    damage = seal_problem(folder / DATASET_MANIFEST)
    if damage is not None:
        return Verification(1, (f"{dataset_id}: {damage}",))
    manifest = dataset_manifest(folder) or {}
    entries: list[Mapping[str, Any]] = [*manifest["files"], *manifest.get("sidecars", ())]
    names = {entry.get("file") or entry["path"] for entry in entries}
    checked, problems = 1 + len(names), entry_problems(folder, entries)
    if (folder / FOLDER).is_dir():
        checks = folder / FOLDER / CHECKSUMS
        damage = seal_problem(checks)
        words = [] if damage is not None else (read_json(checks) or {}).get("checked", [])
        problems += [damage] if damage is not None else entry_problems(folder / FOLDER, words)
        checked += 1 + len(words)
    if (folder / USER_FILE).exists():
        problems += [damage] if (damage := seal_problem(folder / USER_FILE)) is not None else []
        checked += 1
    if not problems:
        listed_parts(folder)  # also one that was added
    return Verification(checked, tuple(f"{dataset_id}: {problem}" for problem in problems))

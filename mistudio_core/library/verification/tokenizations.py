"""The files of a tokenization: sequences, manifest, what lies beside them, and its copies for other programs."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any, Final

from mistudio_core.checksums import entry_problems, seal_problem
from mistudio_core.errors import StudioError, in_use
from mistudio_core.file_names import ARROW_INFO, ARROW_STATE, SAE_LENS, TOKENIZATION_MANIFEST
from mistudio_core.files import Home, damaged, json_bytes, write_bytes
from mistudio_core.library.context import Context
from mistudio_core.library.looks import OF_A_CHECK, ask
from mistudio_core.library.records_view import look
from mistudio_core.library.start import start
from mistudio_core.library.verification.problem import Found, Repair
from mistudio_core.manifest_files import added_shards, tokenization_manifest
from mistudio_core.records import Dataset, Job, Tokenization

_SHA256: Final = re.compile("[0-9a-f]{64}")
_SMALL: Final = (ARROW_STATE, ARROW_INFO, SAE_LENS)
"""What the manifest tells again, so that it can be written anew."""


def check_tokenization(home: Home, record: Tokenization, dataset: Dataset, *, deep: bool) -> Found:
    """Check every file of a whole tokenization, and its copies; with `deep`, encode some of its sequences again."""
    folder, found = home.tokenization(record.dataset_id, record.id), Found()
    if record.path is None:
        if record.error is not None and record.error.code == "corrupt_data":
            found.checked = 1
            found.add(record.id, [record.error.message], helps=f"Retry {record.id}, or delete it and tokenize again.")
        return found
    try:
        _check_files(folder, record, found)
        if deep and not found.problems and dataset.path is not None:
            _encode_again(home, folder, dataset.path, record, found)
    except StudioError as error:
        found.add(record.id, [error.message], helps=error.hint)
    return found


def check_exports(home: Home, record: Tokenization) -> Found:
    """Check the copies of a tokenization; of one that an older version made nothing is known."""
    from mistudio_core.tokenization.exports.listed import export_problems, listed_exports

    found = Found()
    for folder in listed_exports(home.exports / record.id):
        checked, problems = export_problems(folder)
        found.checked += checked
        found.add(record.id, problems, repair=Repair(export_again, f"{record.id} {folder.name}"))
    return found


def export_again(context: Context, what: str) -> Job:
    """Start to write a copy again: `what` is the id of the tokenization and the kind of copy."""
    from mistudio_core.tokenization.exports.copies import export_folder
    from mistudio_core.tokenization.exports.listed import max_samples_of

    tokenization_id, kind = what.split()
    record = look(context).ready_tokenization(tokenization_id)
    try:
        most = max_samples_of(export_folder(context.home, record.id, kind))
    except StudioError as error:
        if kind in ("text", "jsonl"):
            raise in_use("How many samples it had is not known.", "Export it again.", record.id) from error
        most = None
    arguments = {"dataset_id": record.dataset_id, "kind": kind, "max_samples": most}
    return start(context, "export", record, arguments)


def write_small(context: Context, what: str) -> None:
    """Write a small file of a tokenization again: `what` is its id and the name.

    Raises `corrupt_data` where that is not what the manifest lists.
    """
    from mistudio_core.tokenization.packing.policy import Policy
    from mistudio_core.tokenization.pipeline.small_files import small_files
    from mistudio_core.tokenization.recipes.recipe import Recipe

    tokenization_id, name = what.split()
    record = look(context).ready_tokenization(tokenization_id)
    assert record.path is not None
    manifest = tokenization_manifest(record.path) or {}
    recipe, policy = Recipe.from_stored(manifest["recipe"]), Policy.from_json(manifest["policy"])
    data = json_bytes(small_files(recipe, policy, manifest)[name])
    if hashlib.sha256(data).hexdigest() not in {entry["sha256"] for entry in manifest["sidecars"]}:
        raise damaged(record.path / name, "another version wrote it", f"Delete {record.id} and tokenize again.")
    write_bytes(record.path / name, data, durable=True)


def _check_files(folder: Path, record: Tokenization, found: Found) -> None:
    again = f"Delete {record.id} and tokenize again."
    found.checked += 1
    damage = seal_problem(folder / TOKENIZATION_MANIFEST)
    if damage is not None:
        found.add(record.id, [damage], helps=again)
        return
    manifest: dict[str, Any] = tokenization_manifest(folder) or {}
    for entry in [*manifest.get("shards", ()), *manifest.get("sidecars", ())]:
        found.checked += 1
        problems = entry_problems(folder, [entry])
        if entry["file"] in _SMALL:
            found.add(record.id, problems, repair=Repair(write_small, f"{record.id} {entry['file']}"))
        else:
            found.add(record.id, problems, helps=again)
    found.add(record.id, added_shards(folder, manifest), helps="Move the file elsewhere.")


def _encode_again(home: Home, folder: Path, dataset: Path, record: Tokenization, found: Found) -> None:
    from mistudio_core.tokenization.tokenizer.stored import open_tokenizer

    digest = str((tokenization_manifest(folder) or {}).get("tokenizer_facts", {}).get("sha256"))
    if not _SHA256.fullmatch(digest):
        raise damaged(folder / TOKENIZATION_MANIFEST, "it names no tokenizer")
    kept = open_tokenizer(home.tokenizers / digest)
    rows, problems = ask(kept, "verified", OF_A_CHECK, folder=str(folder), dataset=str(dataset))
    found.checked += rows
    found.add(record.id, problems, helps=f"Delete {record.id} and tokenize again.")
    seen = f"{rows:,} rows were encoded again; an id that is wrong in another row cannot have been seen."
    found.notes.append(f"{record.id}: {seen}")

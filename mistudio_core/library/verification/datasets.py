"""The files of a dataset: samples, manifest, index, index of words, statistics, and what people added."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from mistudio_core.checksums import entry_problems, read_sealed, seal_problem, write_sealed
from mistudio_core.errors import StudioError
from mistudio_core.file_names import DATASET_MANIFEST, SAMPLE_INDEX, STATISTICS, USER_FILE
from mistudio_core.files import Home
from mistudio_core.library.context import Context
from mistudio_core.library.manifests import added_by_people, read_added
from mistudio_core.library.records_view import look
from mistudio_core.library.start import start
from mistudio_core.library.verification.problem import Found, Repair
from mistudio_core.manifest_files import added_parts, dataset_manifest
from mistudio_core.records import Dataset, Job


def check_dataset(home: Home, record: Dataset) -> Found:
    """Check every file of a whole dataset; of one that is not, say what is damaged."""
    folder, found = home.dataset(record.id), Found()
    if record.path is None and (record.error is None or record.error.code != "corrupt_data"):
        return found
    again = f"Retry {record.id}, or delete it and download or import it again."
    manifest = _check_manifest(folder, record, found, again)
    if record.error is not None and not found.problems:
        found.add(record.id, [record.error.message], helps=again)
    if not folder.is_dir():
        return found
    _check_words(folder, record, found)
    _check_added(folder, record, found)
    if manifest is not None:
        _check_listed(folder, record, manifest, found)
    return found


def _check_manifest(folder: Path, record: Dataset, found: Found, again: str) -> Mapping[str, Any] | None:
    found.checked += 1
    try:
        damage, manifest = seal_problem(folder / DATASET_MANIFEST), dataset_manifest(folder)
    except StudioError as error:
        damage, manifest = error.message, None
    found.add(record.id, [damage] if damage is not None else [], helps=again)
    return manifest if damage is None else None


def _check_listed(folder: Path, record: Dataset, manifest: Mapping[str, Any], found: Found) -> None:
    again = f"Delete {record.id} and download or import it again."
    found.checked += len(manifest["files"])
    found.add(record.id, entry_problems(folder, manifest["files"]), helps=again)
    found.add(record.id, added_parts(folder, manifest), helps="Move the file elsewhere.")
    by_name: dict[str, list[Mapping[str, Any]]] = {}
    for entry in manifest.get("sidecars", ()):
        by_name.setdefault(str(entry["file"]), []).append(entry)
    for name, entries in by_name.items():
        found.checked += 1
        can_be_built = name in (STATISTICS, SAMPLE_INDEX)
        repair = Repair(build_again, f"{record.id} {name}") if can_be_built else None
        problems = entry_problems(folder, entries)
        found.add(record.id, problems, repair=repair) if repair else found.add(record.id, problems, helps=again)


def _check_words(folder: Path, record: Dataset, found: Found) -> None:
    """Check the index of words, which not every dataset has."""
    from mistudio_core.store.samples.ranked_index import CHECKSUMS, FOLDER

    words = folder / FOLDER
    if not words.exists():
        return
    entries: list[Mapping[str, Any]] = []
    try:
        damage = seal_problem(words / CHECKSUMS)
        if damage is None:
            entries = read_sealed(words / CHECKSUMS, lambda value: list(value["checked"])) or []
    except StudioError as error:
        damage = error.message
    found.checked += 1 + len(entries)
    problems = [damage] if damage is not None else entry_problems(words, entries)
    found.add(record.id, problems, repair=Repair(build_again, f"{record.id} {FOLDER}"))


def _check_added(folder: Path, record: Dataset, found: Found) -> None:
    """Check what people added; the catalog tells where it is lost."""
    path = folder / USER_FILE
    try:
        added = read_added(folder)
    except StudioError as error:
        problems = [error.message]
    else:
        lost = added is None and record.path is not None and _was_changed(folder, record)
        damage = seal_problem(path) if added is not None else None
        problems = [f"{path} is missing."] if lost else [damage] if damage is not None else []
        if added is None and not lost:
            return
    found.checked += 1
    found.add(record.id, problems, repair=Repair(write_added, record.id))


def _was_changed(folder: Path, record: Dataset) -> bool:
    try:
        manifest = dataset_manifest(folder) or {}
    except StudioError:
        return False
    return record.name != manifest.get("name", record.name) or bool(record.notes)


def build_again(context: Context, what: str) -> Job:
    """Start to build what is derived from the samples: `what` is the dataset's id and the names, between spaces."""
    dataset_id, *names = what.split()
    view = look(context)
    dataset = view.ready_dataset(dataset_id)
    return start(context, "index", dataset, {"dataset_id": dataset_id, "again": sorted(names)}, owner=dataset.owner)


def write_added(context: Context, dataset_id: str) -> None:
    """Write down again what people added, as the catalog has it."""
    with context.catalog.transaction() as transaction:
        dataset = transaction.datasets()[dataset_id]
        write_sealed(context.home.dataset(dataset_id) / USER_FILE, added_by_people(dataset))


def joined_builds(repairs: Iterable[Repair]) -> list[Repair]:
    """Return the repairs with those that one job does as one: there is one job of a kind for each dataset."""
    names: dict[str, list[str]] = {}
    others = []
    for repair in repairs:
        if repair.act is build_again:
            dataset_id, *wanted = repair.what.split()
            names.setdefault(dataset_id, []).extend(wanted)
        else:
            others.append(repair)
    return [*others, *(Repair(build_again, " ".join([one, *wanted])) for one, wanted in names.items())]

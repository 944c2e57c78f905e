"""Records from the files that are the truth: manifests, what people added, and how jobs ended."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, TypeVar

from mistudio_core.checksums import read_sealed
from mistudio_core.errors import StudioError
from mistudio_core.field_types import checked
from mistudio_core.file_names import DATASET_MANIFEST, TOKENIZATION_MANIFEST, USER_FILE
from mistudio_core.files import Home, damaged
from mistudio_core.manifest_files import dataset_manifest, tokenization_manifest
from mistudio_core.records import Dataset, ErrorInfo, Tokenization, as_json, parse_time
from mistudio_core.tokenization.recipes.recipe import Recipe

Record = TypeVar("Record", Dataset, Tokenization)
AnyRecord = TypeVar("AnyRecord", bound=Dataset | Tokenization)

_REMEMBERED: Final = 4096
"""Manifests that are known to be as they were written, until they change."""


def read_dataset(home: Home, folder: Path) -> Dataset | None:
    """Return the dataset whose manifest lies in `folder`, with the name and notes that people gave it.

    None where there is no manifest; raises `corrupt_data`, naming the file, for one that is damaged. Where what people
    added is damaged, the dataset has the name that it came with.
    """
    try:
        added = read_added(folder) or {}
    except StudioError:
        added = {}

    def made(manifest: Mapping[str, Any]) -> Dataset:
        _must_be_of(folder, manifest["id"])
        return checked(
            Dataset(
                id=manifest["id"],
                name=added.get("name", manifest["name"]),
                source=manifest["source"],
                repo_id=manifest["repo_id"],
                revision=manifest["revision"],
                config=manifest["config"],
                splits=manifest["splits"],
                num_samples=manifest["num_samples"],
                size_bytes=manifest["size_bytes"],
                status="ready",
                error=None,
                columns=manifest["columns"],
                text_columns=tuple(manifest["text_columns"]),
                path=home.dataset(manifest["id"]),
                created_at=parse_time(manifest["created_at"]),
                updated_at=parse_time(added.get("updated_at", manifest["ready_at"])),
                owner=manifest["owner"],
                access=added.get("access", manifest["access"]),
                max_samples=manifest["max_samples"],
                notes=added.get("notes", ""),
            )
        )

    return read_sealed(folder / DATASET_MANIFEST, made)


def read_tokenization(home: Home, folder: Path, owner: str) -> Tokenization | None:
    """Return the tokenization whose manifest lies in `folder`, None where there is none; raises `corrupt_data`.

    `owner` is whose it is where the manifest is older.
    """

    def made(manifest: Mapping[str, Any]) -> Tokenization:
        _must_be_of(folder, manifest["id"])
        _must_be_of(folder.parents[1], manifest["dataset_id"])
        return checked(
            Tokenization(
                id=manifest["id"],
                dataset_id=manifest["dataset_id"],
                tokenizer=manifest["tokenizer"],
                tokenizer_revision=manifest["tokenizer_revision"],
                vocab_size=manifest["vocab_size"],
                recipe=checked(Recipe.from_stored(manifest["recipe"])),
                context_length=manifest["recipe"]["context_length"],
                engine=manifest["engine"],
                status="ready",
                error=None,
                num_sequences=manifest["num_sequences"],
                num_tokens=manifest["num_tokens"],
                num_documents=manifest["num_documents"],
                size_bytes=manifest["size_bytes"],
                path=home.tokenization(manifest["dataset_id"], manifest["id"]),
                created_at=parse_time(manifest["created_at"]),
                updated_at=parse_time(manifest["ready_at"]),
                owner=manifest.get("owner", owner),
            )
        )

    return read_sealed(folder / TOKENIZATION_MANIFEST, made)


def as_found(record: AnyRecord) -> AnyRecord:
    """Return a record as the catalog has it, or as damaged where it is ready and its manifest is not what was written.

    A manifest is read once and then again when it has changed: afterwards a look costs a `stat`.
    """
    if record.path is None:
        return record
    read = dataset_manifest if isinstance(record, Dataset) else tokenization_manifest
    manifest = record.path / (DATASET_MANIFEST if isinstance(record, Dataset) else TOKENIZATION_MANIFEST)
    try:
        facts = os.stat(manifest)
        _must_be_sound(read, record.path, (facts.st_ino, facts.st_size, facts.st_mtime_ns))
    except OSError:
        damage = damaged(manifest, "it is missing")
    except StudioError as error:
        damage = error
    else:
        return record
    return replace(record, status="error", error=ErrorInfo.of(damage), path=None)


@lru_cache(maxsize=_REMEMBERED)  # what is raised is not remembered
def _must_be_sound(
    read: Callable[[Path], dict[str, Any] | None],
    folder: Path,
    stamp: tuple[int, ...],  # noqa: ARG001 - a new stamp means another manifest
) -> None:
    read(folder)


def read_added(folder: Path) -> dict[str, Any] | None:
    """Return what people added to a dataset, None where that is nothing; raises `corrupt_data`."""
    return read_sealed(folder / USER_FILE, _added)


def added_by_people(dataset: Dataset) -> dict[str, Any]:
    """Return what people may add to a dataset, as it is stored beside the manifest."""
    return {name: as_json(getattr(dataset, name)) for name in ("name", "notes", "access", "updated_at")}


def _added(value: dict[str, Any]) -> dict[str, Any]:
    """Return what people added; raise TypeError or ValueError where that is no text or no time."""
    if not value or not all(isinstance(item, str) for item in value.values()):
        raise TypeError
    parse_time(value.get("updated_at", "2000-01-01"))
    return value


def _must_be_of(folder: Path, record_id: str) -> None:
    if record_id != folder.name:
        raise ValueError(record_id)


def drafted_dataset(draft: Mapping[str, Any]) -> Dataset:
    """Return the dataset as it was asked for, from the JSON form that a job's request keeps."""
    times = {name: parse_time(draft[name]) for name in ("created_at", "updated_at")}
    return checked(Dataset(**dict(draft) | times | {"text_columns": tuple(draft["text_columns"])}))


def drafted_tokenization(draft: Mapping[str, Any], owner: str) -> Tokenization:
    """Return the tokenization as it was asked for; `owner` is whose it is where the request is older."""
    times = {name: parse_time(draft[name]) for name in ("created_at", "updated_at")}
    values = {"owner": owner} | dict(draft) | times | {"recipe": checked(Recipe.from_stored(draft["recipe"]))}
    return checked(Tokenization(**values))


def failed(record: Record, error: ErrorInfo, moment: datetime) -> Record:
    """Return the record of something whose job ended without success."""
    return replace(record, status="error", error=error, updated_at=moment)

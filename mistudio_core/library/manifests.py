"""Records from the files that are the truth: manifests, what people added, and how jobs ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from mistudio_core.file_names import DATASET_MANIFEST, TOKENIZATION_MANIFEST, USER_FILE
from mistudio_core.files import Home, read_json
from mistudio_core.records import Dataset, ErrorInfo, Tokenization, parse_time
from mistudio_core.tokenization.recipes.recipe import Recipe

Record = TypeVar("Record", Dataset, Tokenization)


def read_dataset(home: Home, folder: Path) -> Dataset | None:
    """Return the dataset whose manifest lies in `folder`, with the name and notes that people gave it."""
    manifest = read_json(folder / DATASET_MANIFEST)
    if manifest is None:
        return None
    added = read_json(folder / USER_FILE) or {}
    return Dataset(
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


def read_tokenization(home: Home, folder: Path, owner: str) -> Tokenization | None:
    """Return the tokenization whose manifest lies in `folder`; `owner` is whose it is where the manifest is older."""
    manifest = read_json(folder / TOKENIZATION_MANIFEST)
    if manifest is None:
        return None
    return Tokenization(
        id=manifest["id"],
        dataset_id=manifest["dataset_id"],
        tokenizer=manifest["tokenizer"],
        tokenizer_revision=manifest["tokenizer_revision"],
        vocab_size=manifest["vocab_size"],
        recipe=Recipe.from_stored(manifest["recipe"]),
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


def drafted_dataset(draft: Mapping[str, Any]) -> Dataset:
    """Return the dataset as it was asked for, from the JSON form that a job's request keeps."""
    return Dataset(
        **dict(draft)
        | {
            "text_columns": tuple(draft["text_columns"]),
            "created_at": parse_time(draft["created_at"]),
            "updated_at": parse_time(draft["updated_at"]),
        }
    )


def drafted_tokenization(draft: Mapping[str, Any], owner: str) -> Tokenization:
    """Return the tokenization as it was asked for; `owner` is whose it is where the request is older."""
    times = {name: parse_time(draft[name]) for name in ("created_at", "updated_at")}
    return Tokenization(**{"owner": owner} | dict(draft) | times | {"recipe": Recipe.from_stored(draft["recipe"])})


def failed(record: Record, error: ErrorInfo, moment: datetime) -> Record:
    """Return the record of something whose job ended without success."""
    return replace(record, status="error", error=error, updated_at=moment)

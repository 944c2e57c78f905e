"""Records to catalog rows and back; mappings and errors are stored as JSON text, times in UTC."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, cast

from mistudio_core.files import Home
from mistudio_core.records import Dataset, ErrorInfo, Tokenization, as_json
from mistudio_core.tokenization.recipes.recipe import Recipe

DATASET_COLUMNS: Final = (
    "id", "name", "source", "repo_id", "revision", "config", "splits", "num_samples", "size_bytes", "status", "error",
    "columns", "text_columns", "created_at", "updated_at", "owner", "access", "max_samples", "notes",
)  # fmt: skip
TOKENIZATION_COLUMNS: Final = (
    "id", "dataset_id", "tokenizer", "tokenizer_revision", "vocab_size", "recipe", "context_length", "engine", "status",
    "error", "num_sequences", "num_tokens", "num_documents", "size_bytes", "created_at", "updated_at", "owner",
)  # fmt: skip
JOB_COLUMNS: Final = (
    "id", "position", "kind", "subject_id", "arguments", "needs_token", "ended", "phase", "done", "total", "unit",
    "error", "created_at", "started_at", "ended_at", "owner",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class JobRow:
    """A job as the catalog keeps it; `ended` is None while its worker may live, else how it ended."""

    id: str
    position: int
    kind: str
    subject_id: str
    arguments: Mapping[str, Any]
    needs_token: bool
    ended: str | None
    phase: str
    done: int
    total: int | None
    unit: str
    error: ErrorInfo | None
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    owner: str


def to_row(record: Any, columns: Sequence[str]) -> list[Any]:
    """Return the values of a record in the order of the columns."""
    return [_stored(getattr(record, column)) for column in columns]


def dataset_of(row: Sequence[Any], home: Home) -> Dataset:
    """Return the dataset of a row of `DATASET_COLUMNS`."""
    values = dict(zip(DATASET_COLUMNS, row, strict=True))
    ready = values["status"] == "ready"
    return Dataset(
        **_decoded(values, json_fields=("splits", "columns"))
        | {
            "text_columns": tuple(json.loads(values["text_columns"])),
            "path": home.dataset(values["id"]) if ready else None,
        }
    )


def tokenization_of(row: Sequence[Any], home: Home) -> Tokenization:
    """Return the tokenization of a row of `TOKENIZATION_COLUMNS`."""
    values = dict(zip(TOKENIZATION_COLUMNS, row, strict=True))
    ready = values["status"] == "ready"
    path = home.tokenization(values["dataset_id"], values["id"]) if ready else None
    recipe = Recipe.from_stored(json.loads(values["recipe"]))
    return Tokenization(**_decoded(values, json_fields=()) | {"path": path, "recipe": recipe})


def job_of(row: Sequence[Any]) -> JobRow:
    """Return the job of a row of `JOB_COLUMNS`."""
    return JobRow(**_decoded(dict(zip(JOB_COLUMNS, row, strict=True)), json_fields=("arguments",)))


def _stored(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None)
    if isinstance(value, (Mapping, tuple, list, ErrorInfo, Recipe)):
        return json.dumps(as_json(value), ensure_ascii=False)
    return value


def _decoded(values: Mapping[str, Any], json_fields: Sequence[str]) -> dict[str, Any]:
    decoded = dict(values)
    for name, value in values.items():
        if isinstance(value, datetime):
            decoded[name] = value.replace(tzinfo=UTC)
        elif name in json_fields:
            decoded[name] = json.loads(value)
        elif name == "error" and value is not None:
            decoded[name] = ErrorInfo(**cast(dict[str, Any], json.loads(value)))
    return decoded

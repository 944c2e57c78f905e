"""Records that stand for what cannot be read, so that it is seen, and can be deleted or made again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Final, TypeVar

from mistudio_core.errors import StudioError
from mistudio_core.files import damaged
from mistudio_core.jobs import protocol
from mistudio_core.library.permissions import LOCAL
from mistudio_core.records import Dataset, ErrorInfo, Tokenization, now
from mistudio_core.store.catalog.rows import JobRow
from mistudio_core.tokenization.recipes.recipe import Recipe

Record = TypeVar("Record", Dataset, Tokenization)

DRAFT: Final = ".part"
"""How the names of folders end in which something is being made."""
_UNKNOWN: Final = "unknown"


def missing(path: Path) -> StudioError:
    """Return the error for a file without which its folder cannot be read."""
    return damaged(path, "it is missing")


def lost_dataset(folder: Path, error: StudioError, asked: Mapping[str, Dataset | Tokenization]) -> Dataset:
    """Return the record of a dataset of which only the folder is known, or what was `asked` for by its id."""
    known, moment = asked.get(_id(folder)), _moment(folder)
    if not isinstance(known, Dataset):
        known = Dataset(
            id=_id(folder), name=_id(folder), source="local", repo_id=None, revision=None, config=None, splits={},
            num_samples=0, size_bytes=0, status="error", error=None, columns={}, text_columns=(), path=None,
            created_at=moment, updated_at=moment,
        )  # fmt: skip
    return _failed(known, error)


def lost_tokenization(
    folder: Path, owner: str, error: StudioError, asked: Mapping[str, Dataset | Tokenization]
) -> Tokenization:
    """Return the record of a tokenization likewise; `owner` is that of its dataset."""
    known, moment = asked.get(_id(folder)), _moment(folder)
    if not isinstance(known, Tokenization):
        known = Tokenization(
            id=_id(folder), dataset_id=_id(folder.parents[1]), tokenizer=_UNKNOWN, tokenizer_revision=None,
            vocab_size=None, recipe=Recipe(tokenizer=_UNKNOWN), context_length=Recipe(tokenizer="").context_length,
            engine=None, status="error", error=None, num_sequences=0, num_tokens=0, num_documents=0, size_bytes=0,
            path=None, created_at=moment, updated_at=moment, owner=owner,
        )  # fmt: skip
    return _failed(known if known.owner else replace(known, owner=owner), error)


def lost_job(folder: Path, error: StudioError) -> JobRow:
    """Return the row of a job whose request cannot be read: it has ended, and works on nothing that is known."""
    moment = _moment(folder)
    return JobRow(
        id=folder.name, position=0, kind=_UNKNOWN, subject_id=folder.name, arguments={}, needs_token=False,
        ended="failed", phase="", done=0, total=None, unit="", error=ErrorInfo.of(error), created_at=moment,
        started_at=None, ended_at=moment, owner=LOCAL,
    )  # fmt: skip


def _failed(record: Record, error: StudioError) -> Record:
    return replace(record, status="error", error=ErrorInfo.of(error), path=None)


def _id(folder: Path) -> str:
    return folder.name.removesuffix(DRAFT)


def _moment(folder: Path) -> datetime:
    return protocol.modified_at(folder) or now()

"""Libraries in any state for the tests of the pages: real manifests, real job folders, real life locks.

A job that `runs` is one whose lock this process holds, as its worker would.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa

from mistudio_core.checksums import write_sealed
from mistudio_core.files import folder_bytes, new_id, write_json
from mistudio_core.jobs import protocol
from mistudio_core.library import Library
from mistudio_core.raw import class_labels, column_types, text_columns
from mistudio_core.records import Dataset, Tokenization, as_json, now
from mistudio_core.tokenization.recipes.recipe import Recipe
from tests.support.corpora import raw_entries, write_dataset


class StagedLibrary:
    """Builds a library file by file; `open` reads it as the app will."""

    def __init__(self, root: Path) -> None:
        self.library = Library.open(root)
        self.home = self.library.home
        self._locks: list[int] = []
        self._orders = iter(range(1, 10_000))

    def open(self) -> Library:
        """Take what was staged into the catalog."""
        self.library.rebuild()
        return self.library

    def ready(self, name: str, splits: Mapping[str, pa.Table], **changed: Any) -> str:
        """Stage a dataset that is whole; returns its id."""
        dataset_id = new_id("ds")
        folder = self.home.dataset(dataset_id)
        write_dataset(folder, splits, group_rows=100)
        schema = next(iter(splits.values())).schema
        counts = {split: table.num_rows for split, table in splits.items()}
        moment = as_json(now())
        write_sealed(
            folder / "dataset.json",
            {
                "format": 1, "id": dataset_id, "name": name, "source": "local", "repo_id": None, "revision": None,
                "config": None, "splits": counts, "num_samples": sum(counts.values()),
                "size_bytes": folder_bytes(folder), "columns": column_types(schema),
                "text_columns": list(text_columns(schema)), "labels": class_labels(schema), "owner": "local",
                "access": "public", "max_samples": None, "created_at": moment, "ready_at": moment,
                "files": raw_entries(folder), "sidecars": [], "request": {},
            }
            | changed,
        )  # fmt: skip
        return dataset_id

    def running(self, kind: str, subject: Dataset | Tokenization, progress: protocol.Progress | None) -> str:
        """Stage a job at work (or waiting, without progress) on a dataset or tokenization; returns its id."""
        job_id = self._request(kind, subject)
        folder = self.home.job(job_id)
        lock = protocol.take_lock(folder)
        assert lock is not None
        self._locks.append(lock)
        if progress is not None:
            write_json(folder / protocol.STARTED, {"at": as_json(now())})
            protocol.write_progress(folder, progress)
        return job_id

    def ended(
        self,
        kind: str,
        subject: Dataset | Tokenization,
        error: Mapping[str, str],
        *,
        used_token: bool = False,
        log: str = "",
    ) -> str:
        """Stage a job that failed or was cancelled; returns its id."""
        job_id = self._request(kind, subject, used_token=used_token)
        folder = self.home.job(job_id)
        (folder / protocol.LOG).write_text(log)
        write_json(folder / protocol.STARTED, {"at": as_json(now())})
        status = "cancelled" if error["code"] == "cancelled" else "failed"
        protocol.write_result(folder, protocol.Result(status, as_json(now()), error=error))
        return job_id

    def release(self) -> None:
        """Let go of the locks: the jobs that ran look as if their workers had died."""
        while self._locks:
            os.close(self._locks.pop())

    def _request(self, kind: str, subject: Dataset | Tokenization, *, used_token: bool = False) -> str:
        job_id = new_id("job")
        folder = self.home.job(job_id)
        folder.mkdir(parents=True)
        request = protocol.Request(
            id=job_id, order=next(self._orders), kind=kind, subject_id=subject.id, arguments={}, draft=as_json(subject),
            used_token=used_token, created_at=as_json(now()),
        )  # fmt: skip
        protocol.write_request(folder, request)
        return job_id


@contextmanager
def staged(root: Path) -> Iterator[StagedLibrary]:
    """Open a library to stage, and let go of its locks at the end."""
    library = StagedLibrary(root)
    try:
        yield library
    finally:
        library.release()


def a_dataset(name: str, **changed: Any) -> Dataset:
    """Return the record of a dataset that is on its way."""
    moment = now()
    values: dict[str, Any] = {
        "id": new_id("ds"), "name": name, "source": "huggingface", "repo_id": f"someone/{name}", "revision": "c" * 40,
        "config": None, "splits": {}, "num_samples": 0, "size_bytes": 0, "status": "downloading", "error": None,
        "columns": {}, "text_columns": (), "path": None, "created_at": moment, "updated_at": moment,
    }  # fmt: skip
    return Dataset(**values | changed)


def a_tokenization(dataset_id: str, tokenizer: str = "openai-community/gpt2", **changed: Any) -> Tokenization:
    """Return the record of a tokenization that is on its way."""
    moment = now()
    recipe = Recipe(tokenizer=tokenizer, splits=("train",), columns=("text",), context_length=64)
    values: dict[str, Any] = {
        "id": new_id("tok"), "dataset_id": dataset_id, "tokenizer": tokenizer, "tokenizer_revision": None,
        "vocab_size": None, "recipe": recipe, "context_length": 64, "engine": None, "status": "queued", "error": None,
        "num_sequences": 0, "num_tokens": 0, "num_documents": 0, "size_bytes": 0, "path": None, "created_at": moment,
        "updated_at": moment,
    }  # fmt: skip
    return Tokenization(**values | changed)


def stories(count: int, **columns: Any) -> pa.Table:
    """Return a table of `count` short texts, with further columns."""
    return pa.table({"text": [f"Story number {number}." for number in range(count)], **columns})

"""A small library with one tokenization in it, and jobs on it by real workers, for the tests of exports and pushes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from mistudio_core.checksums import write_sealed
from mistudio_core.files import Home, new_id
from mistudio_core.jobs import protocol
from mistudio_core.raw import column_types, open_splits
from mistudio_core.tokenization.exports.source import Source
from tests.golden import corpus
from tests.support.corpora import raw_entries, write_dataset
from tests.support.tokenized import run, stored, task_of

ROOT = Path(__file__).resolve().parents[2]
JOB_SECONDS = 120


def tokenization(
    home: Home, splits: Mapping[str, pa.Table], *, name: str = "A dataset", tokenizer: str = "plain", **fields: Any
) -> tuple[Source, str, str]:
    """Put a dataset and a tokenization of it into a library; return its folders, and the ids of both."""
    home.prepare()
    dataset_id, tokenization_id = new_id("ds"), new_id("tok")
    source = Source.of(home, dataset_id, tokenization_id)
    write_dataset(source.dataset, splits, group_rows=7)
    manifest = {
        "id": dataset_id, "name": name, "columns": column_types(next(iter(splits.values())).schema),
        "splits": {split: table.num_rows for split, table in splits.items()}, "files": raw_entries(source.dataset),
    }  # fmt: skip
    write_sealed(source.dataset / "dataset.json", manifest)
    kept = stored(home.tokenizers, corpus.TOKENIZERS / tokenizer)
    recipe = {"splits": list(splits), "context_length": 16, "engine": "reference"} | fields
    task = task_of(source.tokenization, open_splits(source.dataset), kept, **recipe)
    run(task, id=tokenization_id, dataset_id=dataset_id, dataset={"id": dataset_id, "name": name, "repo_id": None})
    return source, dataset_id, tokenization_id


def job(
    home: Home, kind: str, subject_id: str, arguments: Mapping[str, Any], token: str | None = None
) -> protocol.Result:
    """Run a job in a worker of its own and return how it ended."""
    job_id = new_id("job")
    folder = home.job(job_id)
    folder.mkdir(parents=True)
    protocol.write_request(
        folder,
        protocol.Request(
            id=job_id, order=1, kind=kind, subject_id=subject_id, arguments=arguments, draft={},
            used_token=token is not None, created_at="2026-01-01T00:00:00.000Z",
        ),
    )  # fmt: skip
    subprocess.run(
        [sys.executable, "-m", "mistudio_core.work", str(folder)],
        input=None if token is None else f"{token}\n",
        env=os.environ | {"PYTHONPATH": str(ROOT), "MISTUDIO_HOME": str(home.root)},
        text=True,
        capture_output=True,
        timeout=JOB_SECONDS,
    )
    result = protocol.read_result(folder)
    assert result is not None
    return result


def asked(script: str, *arguments: str) -> str:
    """Run a Python script in a process of its own and return what it printed."""
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments], text=True, capture_output=True, timeout=JOB_SECONDS,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def texts(count: int) -> list[str]:
    """Return documents in many scripts, some with control tokens, none empty."""
    return [text for text in corpus.documents("short_3001") if text][:count]

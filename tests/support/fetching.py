"""Downloads and imports by real workers, for the tests of both."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa

from mistudio_core.files import file_sha256, read_json
from mistudio_core.jobs import protocol
from mistudio_core.library import Library
from mistudio_core.raw import open_splits
from mistudio_core.records import Dataset, Job
from tests.support.recount import check_counts

WAIT_S = 60.0


def finished(library: Library, dataset: Dataset) -> Job:
    """Wait for the newest job of a dataset and return it."""
    return library.wait(dataset.id, timeout=WAIT_S)


def downloaded(library: Library, repo_id: str, **how: Any) -> tuple[Dataset, dict[str, pa.Table]]:
    """Download a repository; return the dataset and the rows of each split, after checking the files against it."""
    dataset = library.download(repo_id, **how)
    job = finished(library, dataset)
    assert job.status == "succeeded", (job.error, library.log(job.id))
    return whole(library, dataset.id)


def whole(library: Library, dataset_id: str) -> tuple[Dataset, dict[str, pa.Table]]:
    """Return a ready dataset and its rows; what its manifest promises is checked, and so are statistics and index."""
    dataset = library.dataset(dataset_id)
    assert dataset.path is not None
    manifest = read_json(dataset.path / "dataset.json")
    there = {path.name for path in dataset.path.iterdir()}
    assert there - {"search"} == {"dataset.json", "raw", "samples.duckdb", "statistics.json"}, there
    assert {file["path"]: file["sha256"] for file in manifest["files"]} == {
        str(path.relative_to(dataset.path)): file_sha256(path) for path in dataset.path.glob("raw/*/*")
    }
    splits = {name: split.read(0, split.num_samples) for name, split in open_splits(dataset.path).items()}
    assert dict(dataset.splits) == {name: splits[name].num_rows for name in dataset.splits}
    assert list(dataset.splits) == list(manifest["splits"])
    assert dataset.num_samples == sum(dataset.splits.values())
    check_counts(dataset.path)
    return dataset, splits


def failed(library: Library, repo_id: str, **how: Any) -> tuple[Dataset, Job]:
    """Start a download that fails in its worker; return the dataset as it stands then, and the job."""
    dataset = library.download(repo_id, **how)
    job = finished(library, dataset)
    assert job.status == "failed"
    return library.dataset(dataset.id), job


def kill(library: Library, job: Job) -> None:
    """End the worker of a job by SIGKILL, and wait until the library has seen it."""
    path = library.home.job(job.id) / protocol.PROCESS
    until(path.exists)
    os.kill(read_json(path)["pid"], signal.SIGKILL)
    until(lambda: library.job(job.id).status == "failed")


def until(happens: Callable[[], bool], seconds: float = 20.0) -> None:
    """Wait for something to happen."""
    deadline = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def texts_below(folder: Path) -> str:
    """Return the bytes of every file below a folder as one text, to look for what must not be there."""
    return "".join(path.read_bytes().decode("latin-1") for path in folder.rglob("*") if path.is_file())

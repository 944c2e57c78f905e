"""Jobs that follow others by themselves: the search index of a dataset that has become ready."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Final

from mistudio_core.errors import StudioError
from mistudio_core.jobs.kinds import makes_dataset
from mistudio_core.library.context import Context
from mistudio_core.library.start import start
from mistudio_core.manifest_files import dataset_manifest
from mistudio_core.records import Dataset, Job
from mistudio_core.store.catalog import rows

INDEXED_UNASKED_BYTES: Final = 2 << 30
"""Below this much text the ranked index takes a minute or two and half the text's size: nobody need be asked."""

_ID: Final = rows.DATASET_COLUMNS.index("id")


def start_following(context: Context, ended_jobs: Sequence[str]) -> None:
    """Start the search index of each dataset that one of these jobs has just made, if it is not too large.

    What stands against it (too many jobs, a full disk) is no failure: the index can be asked for later.
    """
    if not ended_jobs:
        return
    tables = context.catalog.snapshot()
    datasets = {row[_ID]: rows.dataset_of(row, context.home) for row in tables["datasets"]}
    for job in (rows.job_of(row) for row in tables["jobs"] if row[0] in ended_jobs):
        dataset = datasets.get(job.subject_id)
        if not makes_dataset(job.kind) or job.ended != "succeeded" or dataset is None:
            continue
        with contextlib.suppress(StudioError):
            if 0 < _text_bytes(context, dataset) < INDEXED_UNASKED_BYTES:
                start_index(context, dataset, dataset.owner)


def start_index(context: Context, dataset: Dataset, owner: str) -> Job:
    """Start to build the search index of a ready dataset; return the job, which belongs to `owner`."""
    return start(context, "index", dataset, {"dataset_id": dataset.id}, owner=owner)


def _text_bytes(context: Context, dataset: Dataset) -> int:
    manifest = dataset_manifest(context.home.dataset(dataset.id))
    return 0 if manifest is None else sum(file.get("text_bytes", 0) for file in manifest["files"])

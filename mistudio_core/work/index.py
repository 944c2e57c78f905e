"""The work of an `index` job: what makes the samples of a whole dataset quick to find, built where it is not usable."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from mistudio_core.errors import StudioError
from mistudio_core.file_names import SAMPLE_INDEX, STATISTICS
from mistudio_core.files import folder_bytes, free_bytes
from mistudio_core.store.samples.index import build_index, open_index, stored_bytes
from mistudio_core.store.samples.ranked_index import FOLDER, build_ranked_index, open_ranked_index
from mistudio_core.store.samples.reader import SampleReader
from mistudio_core.work.measuring import build_statistics
from mistudio_core.work.running import RunningJob

_INDEX_SHARE: Final = 0.6
"""Disk that both indexes take of English text; while it is built, the index of words needs no more."""


def run(job: RunningJob) -> dict[str, Any]:
    """Build the sample index and the index of words of the job's dataset, each unless it is there and fits.

    What the argument `again` names is built in any case, and the statistics only then. Returns `dataset_id`, `built`
    (the names of what was built) and `size_bytes` of both. A killed build leaves what was there before; the next one
    starts anew.
    """
    dataset_id = str(job.arguments["dataset_id"])
    folder = job.home.dataset(dataset_id)
    if not folder.is_dir():
        raise StudioError(
            "not_found", f"The dataset {dataset_id} no longer exists.", "See `list` for the datasets of this library."
        )
    reader = SampleReader(folder)
    _check_free_disk(job, reader)
    again, built = set(job.arguments.get("again", ())), []
    if STATISTICS in again:
        build_statistics(folder, partial(_tell, job, "computing statistics"))
        built.append(STATISTICS)
    if SAMPLE_INDEX in again or not _usable(reader, "samples"):
        build_index(folder, partial(_tell, job, "indexing samples"))
        built.append(SAMPLE_INDEX)
    if FOLDER in again or not _usable(reader, "words"):
        build_ranked_index(folder, partial(_tell, job, "indexing words"))
        built.append(FOLDER)
    size = (folder / SAMPLE_INDEX).stat().st_size + folder_bytes(folder / FOLDER)
    return {"dataset_id": dataset_id, "built": built, "size_bytes": size}


def _usable(reader: SampleReader, what: str) -> bool:
    try:
        if what == "samples":
            open_index(reader).close()
        else:
            open_ranked_index(reader)
    except StudioError:
        return False
    return True


def _tell(job: RunningJob, phase: str, done: int, total: int) -> None:
    job.progress(phase, done, total, "samples")


def _check_free_disk(job: RunningJob, reader: SampleReader) -> None:
    needed = int(_INDEX_SHARE * stored_bytes(reader)) + (job.settings.keep_free_mb << 20)
    free = free_bytes(reader.folder)
    if free < needed:
        raise StudioError(
            "disk_full",
            f"Indexing needs about {needed >> 20:,} MB of free disk, and {free >> 20:,} MB are free.",
            "Free disk space; until then word search scans the text.",
        )

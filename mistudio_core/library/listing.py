"""Records for reading: catalog rows, with what running jobs say laid over them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from mistudio_core.errors import check_text, invalid
from mistudio_core.files import Home
from mistudio_core.jobs import protocol
from mistudio_core.jobs.kinds import SOURCES, kind_of
from mistudio_core.records import Dataset, Job, Tokenization
from mistudio_core.store.catalog.rows import JobRow

_SORT_KEYS: Final[Mapping[str, Callable[[Dataset], Any]]] = {
    "name": lambda dataset: dataset.name.casefold(),
    "created": lambda dataset: dataset.created_at,
    "size": lambda dataset: dataset.size_bytes,
    "samples": lambda dataset: dataset.num_samples,
}
_STATUSES: Final = ("downloading", "processing", "ready", "error")


def job_of(home: Home, row: JobRow) -> Job:
    """Return a job; while it is unfinished its state is read from its folder."""
    folder = home.job(row.id)
    unfinished = row.ended is None
    progress = protocol.read_progress(folder) if unfinished else protocol.Progress()
    started_at = protocol.read_started(folder) if unfinished else row.started_at
    status = row.ended if row.ended is not None else ("queued" if started_at is None else "running")
    return Job(
        id=row.id,
        kind=row.kind,
        subject_id=row.subject_id,
        status=status,  # type: ignore[arg-type]
        phase=progress.phase if unfinished else row.phase,
        done=progress.done if unfinished else row.done,
        total=progress.total if unfinished else row.total,
        unit=progress.unit if unfinished else row.unit,
        rate=progress.rate,
        eta_s=progress.eta_s,
        error=row.error,
        created_at=row.created_at,
        started_at=started_at,
        ended_at=row.ended_at,
        needs_token=row.needs_token,
        owner=row.owner,
        progress_seq=progress.seq,
        bytes_done=progress.bytes_done,
        message=progress.message,
        live=progress.live,
    )


def with_progress(dataset: Dataset, job: Job | None) -> Dataset:
    """Return the dataset with the status that its unfinished job has reached."""
    if job is None or dataset.status in ("ready", "error"):
        return dataset
    processing = kind_of(job.kind).lane != "download" or job.phase == "processing"
    return replace(dataset, status="processing" if processing else "downloading")


def tokenization_with_progress(tokenization: Tokenization, job: Job | None) -> Tokenization:
    """Return the tokenization with the status that its unfinished job has reached."""
    if job is None or tokenization.status in ("ready", "error"):
        return tokenization
    return replace(tokenization, status="queued" if job.status == "queued" else "processing")


def arranged(
    datasets: Sequence[Dataset], *, status: str | None, source: str | None, search: str, sort: str, descending: bool
) -> list[Dataset]:
    """Return the datasets that fit, in the order asked for; ties by id, so that the order is stable."""
    if sort not in _SORT_KEYS:
        raise invalid(f"Datasets cannot be sorted by {sort!r}.", f"Choose one of {', '.join(_SORT_KEYS)}.")
    if status is not None and status not in _STATUSES:
        raise invalid(f"There is no status {status!r}.", f"Choose one of {', '.join(_STATUSES)}.")
    if source is not None and source not in SOURCES:
        raise invalid(f"There is no source {source!r}.", f"Choose one of {', '.join(SOURCES)}.")
    check_text("search", search)
    wanted = search.casefold().strip()
    found = [
        dataset
        for dataset in datasets
        if (status is None or dataset.status == status)
        and (source is None or dataset.source == source)
        and (not wanted or wanted in f"{dataset.name}\n{dataset.repo_id or ''}\n{dataset.id}".casefold())
    ]
    found.sort(key=lambda dataset: dataset.id)
    return sorted(found, key=_SORT_KEYS[sort], reverse=descending)

"""What is told of a job: one message for the streams of events and the WebSocket, with the fields of the original's.

`type` is `progress`, `completed` or `error`; `status` is that of what the job works on, `progress` the percent of the
whole job.
"""

from __future__ import annotations

from typing import Any, Final, Literal

from mistudio_core.errors import NotFound
from mistudio_core.library import Library
from mistudio_core.records import Dataset, Job, Tokenization, as_json

Kind = Literal["progress", "completed", "error"]

_PARTS: Final = {
    "processing": (90.0, 100.0),
    "finishing": (90.0, 100.0),
    "indexing samples": (0.0, 20.0),
    "indexing words": (20.0, 100.0),
    "uploading": (50.0, 100.0),
}
"""Which part of a job a phase is, in percent, so that a bar never goes back; what is not here is `_MAIN_PART`."""
_MAIN_PART: Final = (0.0, 90.0)


def message_of(library: Library, job: Job) -> dict[str, Any]:
    """Return what is told of a job as it is."""
    subject = _subject(library, job.subject_id)
    kind: Kind = "progress" if job.active else "completed" if job.status == "succeeded" else "error"
    return (
        _places(subject)
        | {
            "type": kind,
            "job_id": job.id,
            "kind": job.kind,
            "progress": 100.0 if kind == "completed" else percent(job),
            "status": job.status if subject is None else subject.status,
            "message": job.message if job.error is None else job.error.message,
            "phase": job.phase,
            "done": job.done,
            "total": job.total,
            "unit": job.unit,
            "rate": job.rate,
            "eta_s": job.eta_s,
            "error": as_json(job.error),
            "ended_at": as_json(job.ended_at),
        }
        | _amounts(subject)
    )


def message_of_dataset(dataset: Dataset) -> dict[str, Any] | None:
    """Return what is told of a dataset at which no job is at work, None while one is."""
    if dataset.status not in ("ready", "error"):
        return None
    failed = dataset.status == "error"
    told = {
        "type": "error" if failed else "completed",
        "progress": 0.0 if failed else 100.0,
        "status": dataset.status,
        "message": "" if dataset.error is None else dataset.error.message,
        "error": as_json(dataset.error),
    }
    return _places(dataset) | told | _amounts(dataset)


def message_of_a_deleted_job(job_id: str, before: dict[str, Any]) -> dict[str, Any]:
    """Return what is told of a job that was deleted with what it worked on; `before` is what was told last."""
    text = "The job was deleted with what it worked on."
    error = {"code": "cancelled", "message": text, "hint": "", "details": {}}
    return before | {"type": "error", "job_id": job_id, "status": "error", "message": text, "error": error}


def percent(job: Job) -> float:
    """Return how much of the whole job is done, from 0 to 100; a phase whose total is unknown is at its start."""
    first, last = _PARTS.get(job.phase, _MAIN_PART)
    share = min(1.0, max(0.0, job.done / job.total)) if job.total else 0.0
    return round(first + (last - first) * share, 1)


def _subject(library: Library, any_id: str) -> Dataset | Tokenization | None:
    try:
        if any_id.startswith("ds_"):
            return library.dataset(any_id)
        return library.tokenization(any_id) if any_id.startswith("tok_") else None
    except NotFound:  # it was deleted meanwhile
        return None


def _places(subject: Dataset | Tokenization | None) -> dict[str, Any]:
    if isinstance(subject, Dataset):
        return {"dataset_id": subject.id, "tokenization_id": None}
    if isinstance(subject, Tokenization):
        return {"dataset_id": subject.dataset_id, "tokenization_id": subject.id}
    return {"dataset_id": None, "tokenization_id": None}


def _amounts(subject: Dataset | Tokenization | None) -> dict[str, Any]:
    if isinstance(subject, Dataset):
        return {"num_samples": subject.num_samples, "size_bytes": subject.size_bytes}
    if isinstance(subject, Tokenization):
        return {"num_sequences": subject.num_sequences, "size_bytes": subject.size_bytes}
    return {}

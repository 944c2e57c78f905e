"""Bringing the catalog up to what the job folders say: idempotent, and independent of who looks when."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from mistudio_core.errors import LibraryLocked, LimitReached, StudioError
from mistudio_core.file_names import DATASET_MANIFEST, TOKENIZATION_MANIFEST
from mistudio_core.files import Home, Made, damaged
from mistudio_core.jobs import protocol, watch
from mistudio_core.jobs.kinds import makes_dataset, makes_tokenization
from mistudio_core.library import manifests
from mistudio_core.records import ErrorInfo, parse_time
from mistudio_core.store.catalog.database import Catalog, Transaction
from mistudio_core.store.catalog.gathered import Gathered
from mistudio_core.store.catalog.rows import JobRow


def settle(home: Home, catalog: Catalog, unfinished: Sequence[str]) -> list[str]:
    """Write into the catalog which of these jobs have ended since, in one transaction; return the ids of those.

    When nothing has ended this costs one look at a lock for each unfinished job.
    """
    outcomes = {job_id: result for job_id in unfinished if (result := watch.outcome(home.job(job_id))) is not None}
    if not outcomes:
        return []
    try:
        with catalog.transaction(if_free=True, with_reserve=True) as transaction:
            jobs = transaction.jobs()
            for job_id, result in outcomes.items():
                row = jobs.get(job_id)
                if row is not None and row.ended is None:
                    apply(home, transaction, row, result)
    except (LibraryLocked, LimitReached):
        return []  # while somebody writes, or the disk is full, a question is answered with what there was
    return list(outcomes)


def apply(home: Home, transaction: Transaction | Gathered, row: JobRow, result: protocol.Result) -> None:
    """Write how a job ended into its row and into that of the dataset or tokenization it worked on.

    A subject that was deleted meanwhile stays deleted.
    """
    error = None if result.error is None else ErrorInfo(**result.error)
    transaction.put_job(ended_row(home, row, result))
    if makes_dataset(row.kind):
        _settle_dataset(home, transaction, row, result, error)
    elif makes_tokenization(row.kind):
        _settle_tokenization(home, transaction, row, result, error)


def ended_row(home: Home, row: JobRow, result: protocol.Result) -> JobRow:
    """Return the row of a job that ended, with the last progress that it told."""
    folder = home.job(row.id)
    progress = protocol.read_progress(folder)
    return replace(
        row,
        ended=result.status,
        phase=progress.phase,
        done=progress.done,
        total=progress.total,
        unit=progress.unit,
        error=None if result.error is None else ErrorInfo(**result.error),
        started_at=protocol.read_started(folder),
        ended_at=parse_time(result.ended_at),
    )


def _settle_dataset(
    home: Home, transaction: Transaction | Gathered, row: JobRow, result: protocol.Result, error: ErrorInfo | None
) -> None:
    dataset = transaction.datasets().get(row.subject_id)
    if dataset is None or dataset.status == "ready":
        return
    if error is None:
        folder = home.dataset(dataset.id)
        whole = _read(lambda: manifests.read_dataset(home, folder), folder / DATASET_MANIFEST)
        if isinstance(whole, StudioError):
            error = ErrorInfo.of(whole)
        else:
            transaction.put_dataset(whole)
            return
    if result.untouched:
        transaction.remove([dataset.id])
        home.discard(home.dataset_draft(dataset.id))
    else:
        transaction.put_dataset(manifests.failed(dataset, error, parse_time(result.ended_at)))


def _settle_tokenization(
    home: Home, transaction: Transaction | Gathered, row: JobRow, result: protocol.Result, error: ErrorInfo | None
) -> None:
    tokenization = transaction.tokenizations().get(row.subject_id)
    if tokenization is None or tokenization.status == "ready":
        return
    if error is None:
        folder = home.tokenization(tokenization.dataset_id, tokenization.id)
        manifest = folder / TOKENIZATION_MANIFEST
        whole = _read(lambda: manifests.read_tokenization(home, folder, tokenization.owner), manifest)
        if isinstance(whole, StudioError):
            error = ErrorInfo.of(whole)
        else:
            transaction.put_tokenization(whole)
            return
    transaction.put_tokenization(manifests.failed(tokenization, error, parse_time(result.ended_at)))


def _read(read: Callable[[], Made | None], manifest: Path) -> Made | StudioError:
    """Return the record of a manifest, or a `corrupt_data` error when it is missing or damaged."""
    try:
        return read() or damaged(manifest, "the job reported success, and it is missing", "Retry creates it again.")
    except StudioError as error:
        return error

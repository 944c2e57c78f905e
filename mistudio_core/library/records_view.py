"""The records of a library at one moment: looked up once in each call, and handed on from there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, Final

from mistudio_core.errors import StudioError, in_use, invalid
from mistudio_core.files import checked_id
from mistudio_core.jobs.kinds import kind_of
from mistudio_core.library import listing, manifests
from mistudio_core.library.context import Context
from mistudio_core.library.following import start_following
from mistudio_core.library.reconcile import settle
from mistudio_core.records import Dataset, Job, Tokenization
from mistudio_core.store.catalog import rows

Row = Sequence[Any]

_ID: Final = 0
"""Where the id is in the rows of every table."""
_SUBJECT: Final = rows.JOB_COLUMNS.index("subject_id")
_KIND: Final = rows.JOB_COLUMNS.index("kind")
_ENDED: Final = rows.JOB_COLUMNS.index("ended")
_JOB_OWNER: Final = rows.JOB_COLUMNS.index("owner")
_ACCESS: Final = rows.DATASET_COLUMNS.index("access")
_OWNER: Final = rows.DATASET_COLUMNS.index("owner")
_OF_DATASET: Final = rows.TOKENIZATION_COLUMNS.index("dataset_id")


def look(context: Context) -> View:
    """Take over what finished jobs left, and return the records as they are then; cheap when nothing is new."""
    view = View(context)
    ended = settle(context.home, context.catalog, view.unfinished_ids())
    if not ended:
        return view
    start_following(context, ended)
    return View(context)


class View:
    """What the actor sees of one state of the catalog; records are made from rows only as they are asked for."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._tables: Mapping[str, Sequence[Row]] = context.catalog.snapshot()
        self._unfinished = [row for row in self._tables["jobs"] if row[_ENDED] is None]

    def unfinished_ids(self) -> list[str]:
        """Return the ids of the jobs that the catalog holds for unfinished."""
        return [row[_ID] for row in self._unfinished]

    def ended_ids(self) -> frozenset[str]:
        """Return the ids of all jobs that have ended, also of those that the actor does not see."""
        return frozenset(row[_ID] for row in self._tables["jobs"] if row[_ENDED] is not None)

    def datasets(self) -> list[Dataset]:
        """Return the datasets that the actor may see, oldest first."""
        return list(self._visible(self._tables["datasets"]))

    def dataset(self, dataset_id: str) -> Dataset:
        """Return one dataset, or raise `not_found`."""
        checked_id(dataset_id, "ds")
        for dataset in self._visible(self._with_id("datasets", dataset_id)):
            return dataset
        raise StudioError("not_found", f"There is no dataset {dataset_id}.", "It may have been deleted.")

    def tokenizations(self, dataset_id: str | None = None) -> list[Tokenization]:
        """Return the tokenizations of one dataset or of all, oldest first."""
        return [
            self._with_status(rows.tokenization_of(row, self._context.home))
            for row in self._tables["tokenizations"]
            if row[_ID] in self._seen and dataset_id in (None, row[_OF_DATASET])
        ]

    def of_others(self, dataset_id: str) -> list[str]:
        """Return the tokenizations of a dataset that the actor may not delete."""
        return [item.id for item in self.tokenizations(dataset_id) if not self._context.actor.may("delete", item)]

    def tokenization(self, tokenization_id: str) -> Tokenization:
        """Return one tokenization, or raise `not_found`."""
        checked_id(tokenization_id, "tok")
        for row in self._with_id("tokenizations", tokenization_id):
            if row[_ID] in self._seen:
                return self._with_status(rows.tokenization_of(row, self._context.home))
        raise StudioError("not_found", f"There is no tokenization {tokenization_id}.", "It may have been deleted.")

    def record(self, any_id: str) -> Dataset | Tokenization:
        """Return a dataset or a tokenization, or raise `not_found`."""
        return self.tokenization(any_id) if any_id.startswith("tok_") else self.dataset(any_id)

    def jobs(self, subject_id: str | None = None, *, active: bool | None = None) -> list[Job]:
        """Return the jobs, newest first; of one dataset or tokenization, unfinished or finished, if asked."""
        return [
            self._job(row)
            for row in reversed(self._unfinished if active else self._tables["jobs"])
            if subject_id in (None, row[_SUBJECT]) and active in (None, row[_ENDED] is None) and self._sees_job(row)
        ]

    def job(self, job_id: str) -> Job:
        """Return one job, or raise `not_found`."""
        checked_id(job_id, "job")
        for row in self._with_id("jobs", job_id):
            if self._sees_job(row):
                return self._job(row)
        raise StudioError(
            "not_found", f"There is no job {job_id}.", "Jobs are deleted with their dataset or tokenization."
        )

    def last_job(self, any_id: str) -> Job:
        """Return a job by its id, or the last one that made a dataset or tokenization."""
        if any_id.startswith("job_"):
            return self.job(any_id)
        subject = self.record(any_id).id
        for row in reversed(self._tables["jobs"]):
            if row[_SUBJECT] == subject and kind_of(row[_KIND]).makes:
                return self._job(row)
        raise invalid(f"No job has worked on {any_id}.", "Only the subject of a job can be waited for or retried.")

    def ready_dataset(self, dataset_id: str) -> Dataset:
        """Return a dataset that is complete, so that it has a `path`; raise `in_use` for one that is not.

        Raises `corrupt_data` for one whose manifest is damaged.
        """
        dataset = self.dataset(dataset_id)
        _raise_damage(dataset)
        if dataset.path is None:
            state = "could not be created" if dataset.status == "error" else "is not ready yet"
            raise in_use(f"{dataset.name} {state}.", "Wait for its job, or resume it.", dataset.id)
        return dataset

    def ready_tokenization(self, tokenization_id: str) -> Tokenization:
        """Return a tokenization that is complete, likewise."""
        record = self.tokenization(tokenization_id)
        _raise_damage(record)
        if record.path is None:
            raise in_use(f"{tokenization_id} is not ready.", "Wait for its job, or resume it.", record.id)
        return record

    def _with_id(self, table: str, record_id: str) -> list[Row]:
        return [row for row in self._tables[table] if row[_ID] == record_id]

    def _visible(self, found: Sequence[Row]) -> Iterator[Dataset]:
        for row in found:
            if row[_ID] in self._seen:
                dataset = listing.with_progress(rows.dataset_of(row, self._context.home), self._maker(row[_ID]))
                yield manifests.as_found(dataset)

    @cached_property
    def _seen(self) -> set[str]:
        """The ids of the datasets that the actor may see, and of the tokenizations of those."""
        sees = self._context.actor.sees
        seen = {row[_ID] for row in self._tables["datasets"] if sees(row[_ACCESS], row[_OWNER])}
        return seen | {row[_ID] for row in self._tables["tokenizations"] if row[_OF_DATASET] in seen}

    def _sees_job(self, row: Row) -> bool:
        """Tell whether a job is the actor's own, or makes something that the actor sees."""
        actor = self._context.actor
        own = actor.is_host or (actor.role == "member" and row[_JOB_OWNER] == actor.name)
        return own or (row[_SUBJECT] in self._seen and not kind_of(row[_KIND]).personal)

    def _with_status(self, record: Tokenization) -> Tokenization:
        return manifests.as_found(listing.tokenization_with_progress(record, self._maker(record.id)))

    def _maker(self, subject_id: str) -> Job | None:
        """Return the unfinished job that is making a dataset or tokenization."""
        for row in self._unfinished:
            if row[_SUBJECT] == subject_id and kind_of(row[_KIND]).makes:
                return self._job(row)
        return None

    def _job(self, row: Row) -> Job:
        return listing.job_of(self._context.home, rows.job_of(row))


def _raise_damage(record: Dataset | Tokenization) -> None:
    if record.error is not None and record.error.code == "corrupt_data":
        raise record.error.exception()

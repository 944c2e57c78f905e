"""The records of a library: datasets, tokenizations and jobs as they are at this moment."""

from __future__ import annotations

from typing import Final

from mistudio_core.errors import StudioError, invalid
from mistudio_core.files import checked_id
from mistudio_core.jobs import protocol, watch
from mistudio_core.library import listing
from mistudio_core.library.context import Context
from mistudio_core.library.following import start_following
from mistudio_core.library.reconcile import reconcile
from mistudio_core.records import Dataset, Job, Tokenization
from mistudio_core.store.catalog import rows

_SUBJECT: Final = rows.JOB_COLUMNS.index("subject_id")
_KIND: Final = rows.JOB_COLUMNS.index("kind")
_ENDED: Final = rows.JOB_COLUMNS.index("ended")


class Lookup:
    """The methods of `Library` that list and look up records."""

    def __init__(self, context: Context) -> None:
        """Use `Library.open`."""
        self.home = context.home
        self.settings = context.settings
        self.actor = context.actor
        self._catalog = context.catalog
        self._context = context

    def reconcile(self) -> list[str]:
        """Take over what finished jobs left and return their ids; cheap when there is nothing new."""
        ended = reconcile(self.home, self._catalog)
        start_following(self._context, ended)
        return ended

    def datasets(
        self,
        *,
        status: str | None = None,
        source: str | None = None,
        search: str = "",
        sort: str = "created",
        descending: bool = True,
    ) -> list[Dataset]:
        """Return the datasets that fit; `search` looks in name, repository and id."""
        self.reconcile()
        return listing.arranged(
            self._visible(), status=status, source=source, search=search, sort=sort, descending=descending
        )

    def dataset(self, dataset_id: str) -> Dataset:
        """Return one dataset, or raise `not_found`."""
        checked_id(dataset_id, "ds")
        self.reconcile()
        for dataset in self._visible():
            if dataset.id == dataset_id:
                return dataset
        raise StudioError("not_found", f"There is no dataset {dataset_id}.", "It may have been deleted meanwhile.")

    def tokenizations(self, dataset_id: str | None = None) -> list[Tokenization]:
        """Return the tokenizations of one dataset or of all, oldest first."""
        self.reconcile()
        seen = {dataset.id for dataset in self._visible()}
        unfinished = self._unfinished()
        records = (rows.tokenization_of(row, self.home) for row in self._catalog.snapshot()["tokenizations"])
        return [
            listing.tokenization_with_progress(record, unfinished.get(record.id))
            for record in records
            if record.dataset_id in seen and dataset_id in (None, record.dataset_id)
        ]

    def tokenization(self, tokenization_id: str) -> Tokenization:
        """Return one tokenization, or raise `not_found`."""
        checked_id(tokenization_id, "tok")
        for tokenization in self.tokenizations():
            if tokenization.id == tokenization_id:
                return tokenization
        raise StudioError(
            "not_found", f"There is no tokenization {tokenization_id}.", "It may have been deleted meanwhile."
        )

    def jobs(self, subject_id: str | None = None, *, active: bool | None = None) -> list[Job]:
        """Return the jobs, newest first; of one dataset or tokenization, unfinished or finished, if asked."""
        self.reconcile()
        return [
            listing.job_of(self.home, rows.job_of(row))
            for row in reversed(self._catalog.snapshot()["jobs"])
            if subject_id in (None, row[_SUBJECT]) and active in (None, row[_ENDED] is None)
        ]

    def job(self, job_id: str) -> Job:
        """Return one job, or raise `not_found`."""
        checked_id(job_id, "job")
        self.reconcile()
        for row in self._catalog.snapshot()["jobs"]:
            if row[0] == job_id:
                return listing.job_of(self.home, rows.job_of(row))
        raise StudioError("not_found", f"There is no job {job_id}.", "Jobs go with what they made.")

    def log(self, job_id: str) -> str:
        """Return the end of the log that the worker of a job wrote; in a shared library only to who asked for it."""
        job = self.job(job_id)
        if self.actor.shared:
            self._must_own(job.subject_id)
        return watch.read_log(self.home.job(job.id))

    def _unfinished(self) -> dict[str, Job]:
        """Return the job that is making each unfinished dataset or tokenization."""
        return {
            row[_SUBJECT]: listing.job_of(self.home, rows.job_of(row))
            for row in self._catalog.snapshot()["jobs"]
            if row[_ENDED] is None and row[_KIND] in protocol.MAKING
        }

    def _visible(self) -> list[Dataset]:
        unfinished = self._unfinished()
        records = (rows.dataset_of(row, self.home) for row in self._catalog.snapshot()["datasets"])
        return [
            listing.with_progress(record, unfinished.get(record.id)) for record in records if self.actor.sees(record)
        ]

    def _record(self, any_id: str) -> Dataset | Tokenization:
        return self.tokenization(any_id) if any_id.startswith("tok_") else self.dataset(any_id)

    def _must_own(self, any_id: str) -> None:
        if any_id.startswith("job_"):
            return  # a look-up, which is nobody's
        record = self._record(any_id)
        self.actor.must_own(record if isinstance(record, Dataset) else self.dataset(record.dataset_id))

    def _last_job(self, any_id: str) -> Job:
        """Return a job by its id, or the last one that made a dataset or tokenization."""
        if any_id.startswith("job_"):
            return self.job(any_id)
        jobs = [job for job in self.jobs(self._record(any_id).id) if job.kind in protocol.MAKING]
        if not jobs:
            raise invalid(
                f"No job has worked on {any_id}.", "Only what a job was at work on can be waited for or retried."
            )
        return jobs[0]

"""Library: every act of the program, as one method each."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from mistudio_core.errors import StudioError, invalid
from mistudio_core.files import Home, checked_id, folder_bytes, free_bytes, read_json, write_json
from mistudio_core.jobs import watch
from mistudio_core.library import listing, making, manifests, reconcile, remove, verify
from mistudio_core.library.access import Actor, choose_token
from mistudio_core.library.context import Context
from mistudio_core.library.rebuild import rebuild
from mistudio_core.records import (
    Dataset,
    Deleted,
    Job,
    Rebuilt,
    RepoInfo,
    SamplesPage,
    Tokenization,
    Verification,
    as_json,
    now,
)
from mistudio_core.settings import Settings
from mistudio_core.store import rows
from mistudio_core.store.catalog import Catalog

_WAIT_POLL_S: Final = 0.2
_MAX_NAME: Final = 200
_MAX_NOTES: Final = 20_000


class Library:
    """One library folder. Cheap to open; several may be open at once, in one process or in many.

    Methods that start work return at once, with the record of what will be made; `wait` waits for it.
    All raise `StudioError`.
    """

    def __init__(self, context: Context) -> None:
        """Use `Library.open`."""
        self.home = context.home
        self.settings = context.settings
        self.actor = context.actor
        self._catalog = context.catalog
        self._context = context

    @classmethod
    def open(
        cls,
        home: Path | str | None = None,
        *,
        actor: str = "local",
        settings: Settings | None = None,
        memory: MutableMapping[str, Any] | None = None,
    ) -> Library:
        """Open the library in `home` (else `MISTUDIO_HOME`, else `data/` beside the app), making it if need be.

        `memory` keeps the catalog's snapshot between two lives of a `Library` in one process. A catalog
        that was lost is made again from the files. Raises `invalid_request` when the folder cannot be
        written or belongs to a newer program, `library_locked` when it stays locked.
        """
        settings = Settings.from_environment() if settings is None else settings
        if home is not None:
            settings = replace(settings, home=Path(home).expanduser().resolve())
        place = Home(settings.home)
        place.prepare()
        catalog = Catalog(place, settings.lock_timeout_s, memory)
        library = cls(Context(place, settings, Actor(actor, settings.shared), catalog))
        if not place.catalog.exists():
            place.sweep_trash()
            rebuild(place, catalog)
        library.reconcile()
        return library

    # --- looking ----------------------------------------------------------------------------------

    def inspect(
        self, repo: str, *, revision: str | None = None, config: str | None = None, token: str | None = None
    ) -> RepoInfo:
        """Return what the Hub knows of a dataset, at once and without downloading data."""
        from mistudio_core.sources.hub import look
        from mistudio_core.sources.repo_ids import parse_repo_id

        repo_id, pasted_revision = parse_repo_id(repo)
        return look(
            repo_id,
            revision=revision or pasted_revision,
            config=config,
            token=choose_token(self.settings, token),
            home=self.home.root,
        )

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
        unfinished = {job.subject_id: job for job in self._jobs() if job.active}
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

    def samples(self, dataset_id: str, *, split: str | None = None, offset: int = 0, limit: int = 50) -> SamplesPage:
        """Return `limit` samples (1 to 100) from `offset` on, of one split or of all in order."""
        from mistudio_core.store.sample_reader import SampleReader

        return SampleReader(self._whole(dataset_id)).page(split=split, offset=offset, limit=limit)

    def statistics(self, subject_id: str) -> dict[str, Any] | None:
        """Return the stored statistics of a dataset or a tokenization; None until it is ready."""
        path = self._record(subject_id).path
        stored = None if path is None else read_json(path / "statistics.json")
        return None if stored is None else dict(stored)

    def storage(self) -> Mapping[str, int]:
        """Return the bytes of each part of the library, and `free_bytes` of the disk."""
        parts = {"datasets", "tokenizers", "jobs", "uploads", "exports"}
        sizes = {part: folder_bytes(getattr(self.home, part)) for part in sorted(parts)}
        return sizes | {"free_bytes": free_bytes(self.home.root)}

    # --- making -----------------------------------------------------------------------------------

    def download(
        self,
        repo: str,
        *,
        revision: str | None = None,
        config: str | None = None,
        splits: Sequence[str] | None = None,
        max_samples: int | None = None,
        name: str | None = None,
        token: str | None = None,
    ) -> Dataset:
        """Start to download a dataset from the Hub.

        The Hub is asked first, so that what cannot work is refused before a dataset is made. Asking
        again for one that failed resumes it; `duplicate` names one that is ready or on its way.
        """
        making.check_max_samples(max_samples)
        info = self.inspect(repo, revision=revision, config=config, token=token)
        dataset_id = making.download(
            self._context,
            info,
            config=config,
            splits=splits,
            max_samples=max_samples,
            name=_name(name),
            token=token,
        )
        return self.dataset(dataset_id)

    def import_files(
        self, paths: Sequence[str | Path], *, file_format: str | None = None, name: str | None = None
    ) -> Dataset:
        """Start to import local files, or a folder written by `save_to_disk`; they are only read."""
        return self.dataset(
            making.import_files(self._context, [Path(path) for path in paths], file_format, _name(name))
        )

    def make_sample(self, num_samples: int = 5000) -> Dataset:
        """Start to make the built-in sample dataset, which needs no network."""
        return self.dataset(making.make_sample(self._context, num_samples))

    def tokenize(self, dataset_id: str, recipe: Mapping[str, Any], *, token: str | None = None) -> Tokenization:
        """Start to tokenize a dataset by a recipe (its fields, see the contract of the command line)."""
        return self.tokenization(making.tokenize(self._context, self.dataset(dataset_id), recipe, token))

    # --- jobs -------------------------------------------------------------------------------------

    def jobs(self, subject_id: str | None = None, *, active: bool | None = None) -> list[Job]:
        """Return the jobs, newest first; of one dataset or tokenization, unfinished or finished, if asked."""
        self.reconcile()
        return [
            job
            for job in reversed(self._jobs())
            if subject_id in (None, job.subject_id) and active in (None, job.active)
        ]

    def job(self, job_id: str) -> Job:
        """Return one job, or raise `not_found`."""
        checked_id(job_id, "job")
        for job in self.jobs():
            if job.id == job_id:
                return job
        raise StudioError("not_found", f"There is no job {job_id}.", "Jobs go with what they made.")

    def log(self, job_id: str) -> str:
        """Return the end of the log that the worker of a job wrote."""
        return watch.read_log(self.home.job(self.job(job_id).id))

    def wait(
        self, job_or_subject_id: str, on_progress: Callable[[Job], None] | None = None, timeout: float | None = None
    ) -> Job:
        """Return the job when it has ended, in whatever way; raise `in_use` after `timeout` seconds."""
        deadline = None if timeout is None else time.monotonic() + timeout
        job_id = self._last_job(job_or_subject_id).id
        while True:
            job = self.job(job_id)
            if on_progress is not None:
                on_progress(job)
            if not job.active:
                return job
            if deadline is not None and time.monotonic() > deadline:
                raise StudioError("in_use", f"The job {job_id} has not finished.", "Wait longer, or cancel it.")
            time.sleep(_WAIT_POLL_S)

    def cancel(self, job_id: str) -> Job:
        """Stop a job and return when it has stopped; what a resume can use is kept."""
        job = self.job(job_id)
        self._must_own(job.subject_id)
        if job.active:
            watch.stop(self.home.job(job.id))
        return self.job(job_id)

    def retry(self, any_id: str, *, token: str | None = None) -> Job:
        """Go on with a dataset, a tokenization or a job that failed or was cancelled."""
        return self.job(making.retry(self._context, self._last_job(any_id), token))

    def reconcile(self) -> None:
        """Take over what finished jobs left; cheap when there is nothing new."""
        reconcile.reconcile(self.home, self._catalog)

    # --- keeping ----------------------------------------------------------------------------------

    def rename(self, dataset_id: str, *, name: str | None = None, notes: str | None = None) -> Dataset:
        """Give a whole dataset another name or other notes."""
        dataset = self.dataset(dataset_id)
        self.actor.must_own(dataset)
        folder = self._whole(dataset_id)
        notes = dataset.notes if notes is None else notes[:_MAX_NOTES]
        added = {"name": _name(name) or dataset.name, "notes": notes, "updated_at": as_json(now())}
        write_json(folder / manifests.USER_FILE, added, durable=True)
        renamed = manifests.read_dataset(self.home, folder)
        if renamed is not None:
            with self._catalog.transaction() as transaction:
                transaction.put_dataset(renamed)
        return self.dataset(dataset_id)

    def delete(self, any_id: str, *, cascade: bool = False) -> Deleted:
        """Delete a dataset or a tokenization with its files; `in_use` names what stands against it."""
        self._must_own(any_id)
        record = self._record(any_id)
        if isinstance(record, Dataset):
            used_by = self.tokenizations(record.id)
            return remove.delete_dataset(self.home, self._catalog, record, used_by, cascade)
        return remove.delete_tokenization(self.home, self._catalog, record, cascade)

    def verify(self, any_id: str | None = None, *, deep: bool = False) -> Verification:
        """Read the files again and compare them with their manifests: of one record, or of all."""
        records: list[Dataset | Tokenization] = [] if any_id is None else [self._record(any_id)]
        if any_id is None:
            records += self.datasets()
        if any_id is None or isinstance(records[0], Dataset):
            records += self.tokenizations(any_id)
        return verify.joined([verify.verified(record) for record in records])

    def rebuild(self) -> Rebuilt:
        """Make the catalog again from the files."""
        return rebuild(self.home, self._catalog)

    # --- shared by the above ----------------------------------------------------------------------

    def _jobs(self) -> list[Job]:
        return [listing.job_of(self.home, rows.job_of(row)) for row in self._catalog.snapshot()["jobs"]]

    def _visible(self) -> list[Dataset]:
        tables = self._catalog.snapshot()
        unfinished = {
            row[rows.JOB_COLUMNS.index("subject_id")]: listing.job_of(self.home, rows.job_of(row))
            for row in tables["jobs"]
            if row[rows.JOB_COLUMNS.index("ended")] is None
        }
        records = (rows.dataset_of(row, self.home) for row in tables["datasets"])
        return [
            listing.with_progress(record, unfinished.get(record.id)) for record in records if self.actor.sees(record)
        ]

    def _record(self, any_id: str) -> Dataset | Tokenization:
        return self.tokenization(any_id) if any_id.startswith("tok_") else self.dataset(any_id)

    def _must_own(self, any_id: str) -> None:
        record = self._record(any_id)
        self.actor.must_own(record if isinstance(record, Dataset) else self.dataset(record.dataset_id))

    def _last_job(self, any_id: str) -> Job:
        if any_id.startswith("job_"):
            return self.job(any_id)
        jobs = self.jobs(self._record(any_id).id)
        if not jobs:
            raise invalid(
                f"No job has worked on {any_id}.", "Only what a job was at work on can be waited for or retried."
            )
        return jobs[0]

    def _whole(self, dataset_id: str) -> Path:
        dataset = self.dataset(dataset_id)
        if dataset.path is None:
            state = "could not be made" if dataset.status == "error" else "is not ready yet"
            raise StudioError("in_use", f"{dataset.name} {state}.", "Wait for its job, or resume it.")
        return dataset.path


def _name(name: str | None) -> str | None:
    """Return a name as it is kept: one line, trimmed, of bounded length."""
    return " ".join((name or "").split())[:_MAX_NAME] or None

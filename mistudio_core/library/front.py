"""Library: every act of the program, as one method each."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from mistudio_core.checksums import write_sealed
from mistudio_core.errors import StudioError, check_text
from mistudio_core.files import Home
from mistudio_core.jobs import watch
from mistudio_core.library import making, manifests, remove, verify
from mistudio_core.library.access import Actor
from mistudio_core.library.context import Context
from mistudio_core.library.file_looking import FileLooking
from mistudio_core.library.following import start_index
from mistudio_core.library.rebuild import rebuild
from mistudio_core.records import (
    Dataset,
    Deleted,
    Job,
    Rebuilt,
    Tokenization,
    Verification,
    as_json,
    now,
)
from mistudio_core.settings import Settings
from mistudio_core.sources.import_options import ImportOptions
from mistudio_core.store.catalog.database import Catalog

_WAIT_POLL_S: Final = 0.2
_MAX_NAME: Final = 200
_CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
"""Also those that turn the direction of the text around them."""
_MAX_NOTES: Final = 20_000


class Library(FileLooking):
    """One library folder. Cheap to open; several may be open at once, in one process or in many.

    Methods that start work return at once, with the record of what will be made; `wait` waits for it.
    All raise `StudioError`.
    """

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
        place.sweep_trash()
        if not place.catalog.exists():
            rebuild(place, catalog, only_if_lost=True)
        library.reconcile()
        return library

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
        options: ImportOptions | None = None,
    ) -> Dataset:
        """Start to download a dataset from the Hub.

        The Hub is asked first, so that what cannot work is refused before a dataset is made. Asking
        again for one that failed resumes it; `duplicate` names one that is ready or on its way. Of the `options` there
        are `text_columns` and `invalid_utf8`: the card says how files are read.
        """
        for field, text in [("config", config or ""), *(("splits", split) for split in splits or ())]:
            check_text(field, text)
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
            options=options,
        )
        return self.dataset(dataset_id)

    def import_files(
        self,
        paths: Sequence[str | Path],
        *,
        file_format: str | None = None,
        options: ImportOptions | None = None,
        name: str | None = None,
    ) -> Dataset:
        """Start to import local files, or a folder written by `save_to_disk`; they are only read.

        `options` say how, where the files alone cannot: separators, encoding, what one sample of a text file is.
        """
        dataset_id = making.import_files(
            self._context,
            [Path(path) for path in paths],
            file_format=file_format,
            options=options,
            name=_name(name),
        )
        return self.dataset(dataset_id)

    def make_sample(self, num_samples: int = 5000) -> Dataset:
        """Start to make the built-in sample dataset, which needs no network."""
        return self.dataset(making.make_sample(self._context, num_samples))

    def tokenize(self, dataset_id: str, recipe: Mapping[str, Any], *, token: str | None = None) -> Tokenization:
        """Start to tokenize a dataset by a recipe (its fields, see the contract of the command line)."""
        return self.tokenization(
            making.tokenize(self._context, self.dataset(dataset_id), recipe, token, self._kept_or_none)
        )

    def build_search_index(self, dataset_id: str) -> Job:
        """Start to build the ranked index of a dataset, which smaller datasets get by themselves."""
        self._whole(dataset_id)
        return self.job(start_index(self._context, self.dataset(dataset_id)))

    # --- jobs -------------------------------------------------------------------------------------

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

    # --- keeping ----------------------------------------------------------------------------------

    def rename(self, dataset_id: str, *, name: str | None = None, notes: str | None = None) -> Dataset:
        """Give a whole dataset another name or other notes."""
        dataset = self.dataset(dataset_id)
        self.actor.must_own(dataset)
        folder = self._whole(dataset_id)
        check_text("notes", notes or "")
        notes = dataset.notes if notes is None else notes[:_MAX_NOTES]
        added = {"name": _name(name) or dataset.name, "notes": notes, "updated_at": as_json(now())}
        write_sealed(folder / manifests.USER_FILE, added)
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

    def delete_exports(self) -> int:
        """Delete the copies that were made for other programs and return the bytes that were freed."""
        self.actor.must_be_at_home("Deleting all exports")
        return remove.delete_exports(self.home, self._catalog)

    def verify(self, any_id: str | None = None, *, deep: bool = False) -> Verification:
        """Read the files again and compare them with their manifests: of one record, or of all."""
        records: list[Dataset | Tokenization] = [] if any_id is None else [self._record(any_id)]
        if any_id is None:
            records += self.datasets()
        if any_id is None or isinstance(records[0], Dataset):
            records += self.tokenizations(any_id)
        datasets = {dataset.id: dataset for dataset in self.datasets()}
        parts = [
            verify.verified(
                record,
                datasets[record.id if isinstance(record, Dataset) else record.dataset_id],
                self.home.tokenizers,
                deep=deep,
            )
            for record in records
        ]
        return verify.joined(parts)

    def rebuild(self) -> Rebuilt:
        """Make the catalog again from the files."""
        return rebuild(self.home, self._catalog)


def _name(name: str | None) -> str | None:
    """Return a name as it is kept: one line without control characters, trimmed, of bounded length."""
    check_text("name", name or "")
    return " ".join(_CONTROLS.sub(" ", name or "").split())[:_MAX_NAME] or None

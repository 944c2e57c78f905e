"""Datasets: listing them, what the Hub and local files hold, downloading, importing, renaming."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from mistudio_core.checksums import write_sealed
from mistudio_core.errors import StudioError, check_text, in_use, invalid
from mistudio_core.file_names import USER_FILE
from mistudio_core.jobs import protocol
from mistudio_core.library import listing, new_records, uploads
from mistudio_core.library.access import choose_hf_token
from mistudio_core.library.answers import FileLook
from mistudio_core.library.context import Context
from mistudio_core.library.manifests import added_by_people
from mistudio_core.library.records_view import look
from mistudio_core.library.start import start
from mistudio_core.manifest_files import dataset_manifest
from mistudio_core.records import Dataset, Job, JsonDocument, RepoInfo, now
from mistudio_core.sources.import_options import ImportOptions

if TYPE_CHECKING:
    from mistudio_core.sources.hub_search import HubDataset

_MAX_NAME: Final = 200
_CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
"""Also those that turn the direction of the text around them."""
_MAX_NOTES: Final = 20_000


class Datasets:
    """The datasets of a library."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def __call__(
        self,
        *,
        status: str | None = None,
        source: str | None = None,
        search: str = "",
        sort: str = "created",
        descending: bool = True,
    ) -> list[Dataset]:
        """Return the datasets that fit; `search` looks in name, repository and id."""
        return listing.arranged(
            look(self._context).datasets(),
            status=status, source=source, search=search, sort=sort, descending=descending,
        )  # fmt: skip

    def get(self, dataset_id: str) -> Dataset:
        """Return one dataset, or raise `not_found`."""
        return look(self._context).dataset(dataset_id)

    def inspect(
        self, repo: str, *, revision: str | None = None, config: str | None = None, hf_token: str | None = None
    ) -> RepoInfo:
        """Return what the Hub knows of a dataset, at once and without downloading data."""
        from mistudio_core.sources.hub import look as look_at_hub
        from mistudio_core.sources.repo_ids import parse_repo_id

        self._context.actor.must("start")
        repo_id, pasted_revision = parse_repo_id(repo)
        return look_at_hub(
            repo_id,
            revision=revision or pasted_revision,
            config=config,
            hf_token=choose_hf_token(self._context.settings, hf_token),
            home=self._context.home.root,
        )

    def search_hub(self, text: str, *, limit: int = 8, hf_token: str | None = None) -> list[HubDataset]:
        """Return datasets of the Hub whose id holds `text`, most downloaded first: what to complete a name from."""
        from mistudio_core.sources.hub_search import search

        self._context.actor.must("start")
        return search(text, limit=limit, hf_token=choose_hf_token(self._context.settings, hf_token))

    def first_rows(
        self,
        repo: str,
        *,
        revision: str | None = None,
        config: str | None = None,
        split: str | None = None,
        hf_token: str | None = None,
    ) -> FileLook:
        """Return the first ten rows of a split on the Hub, read from its Parquet or the Hub's copy, without a download.

        By default of the default config, and of its first split with rows. Raises `no_data` where the Hub has them in
        no Parquet file, `too_large` where 32 MB do not hold them.
        """
        from mistudio_core.library.hub_rows import hub_rows

        self._context.actor.must("start")
        token = choose_hf_token(self._context.settings, hf_token)
        return hub_rows(repo, revision=revision, config=config, split=split, hf_token=token)

    def download(
        self,
        repo: str,
        *,
        revision: str | None = None,
        config: str | None = None,
        splits: Sequence[str] | None = None,
        max_samples: int | None = None,
        name: str | None = None,
        hf_token: str | None = None,
        options: ImportOptions | None = None,
    ) -> Dataset:
        """Start to download a dataset from the Hub.

        The Hub is asked first, so that what cannot work is refused before a dataset is made. Asking
        again for one that failed resumes it; `duplicate` names one that is ready or on its way. Of the `options` there
        are `text_columns` and `invalid_utf8`: the card says how files are read.
        """
        for field, text in [("config", config or ""), *(("splits", split) for split in splits or ())]:
            check_text(field, text)
        new_records.check_max_samples(max_samples)
        info = self.inspect(repo, revision=revision, config=config, hf_token=hf_token)
        return new_records.download(
            self._context,
            info,
            config=config,
            splits=splits,
            max_samples=max_samples,
            name=_name(name),
            hf_token=hf_token,
            options=options,
        )

    def import_files(
        self,
        paths: Sequence[str | Path],
        *,
        file_format: str | None = None,
        options: ImportOptions | None = None,
        name: str | None = None,
        public: bool = False,
    ) -> Dataset:
        """Start to import local files, or a folder written by `save_to_disk`; they are only read.

        `options` say how, where the files alone cannot: separators, encoding, what one sample of a text file is. In a
        shared library only its owner and the host see the dataset, unless it is `public`.
        """
        self._context.actor.must("start")
        return new_records.import_files(
            self._context,
            [Path(path) for path in paths],
            file_format=file_format,
            options=options,
            name=_name(name),
            public=public,
        )

    def upload(self, files: Sequence[tuple[str, BinaryIO]]) -> list[Path]:
        """Copy files, each with its name, into the library, and return their places for `import_files`.

        They are deleted when they have been imported. In a shared library nobody else can use them.
        """
        self._context.actor.must("start")
        return uploads.store(self._context, files)

    def look_at_files(
        self, paths: Sequence[str | Path], *, file_format: str | None = None, options: ImportOptions | None = None
    ) -> Job:
        """Start to read the first rows of files as `import_files` would; `file_look` returns them afterwards."""
        self._context.actor.must("start")
        places = new_records.local_paths(self._context, [Path(path) for path in paths])
        arguments = new_records.import_arguments(places, file_format, options)
        return start(self._context, "look", None, arguments)

    def file_look(self, job_id: str) -> FileLook:
        """Return what a look at files found.

        Raises `in_use` while it runs, what it failed with, and `not_found` for what somebody else asked for.
        """
        job = look(self._context).job(job_id)
        result = protocol.read_result(self._context.home.job(job.id))
        if job.kind != "look":
            raise StudioError("not_found", f"There is no file preview {job_id}.", "Preview the files again.")
        if job.error is not None:
            raise job.error.exception()
        if result is None or result.answer is None:
            raise in_use("The files are still being read.", "Wait a moment.", job.id)
        return FileLook.of(result.answer)

    def make_example(self, num_samples: int = 5000) -> Dataset:
        """Start to create the built-in example dataset, which needs no network."""
        self._context.actor.must("start")
        return new_records.make_example(self._context, num_samples)

    def replaced_texts(self, dataset_id: str) -> JsonDocument:
        """Return in how many samples of a ready dataset a text had bytes replaced that were no UTF-8, by column."""
        record = look(self._context).dataset(dataset_id)
        manifest = None if record.path is None else dataset_manifest(record.path)
        return JsonDocument((manifest or {}).get("replaced", {}))

    def rename(self, dataset_id: str, *, name: str | None = None, notes: str | None = None) -> Dataset:
        """Give a complete dataset another name or other notes."""
        view = look(self._context)
        self._context.actor.must("rename", view.dataset(dataset_id))
        dataset = view.ready_dataset(dataset_id)
        check_text("notes", notes or "")
        notes = dataset.notes if notes is None else notes[:_MAX_NOTES]
        return self._changed(replace(dataset, name=_name(name) or dataset.name, notes=notes))

    def share(self, dataset_id: str, *, public: bool = True) -> Dataset:
        """Let everybody who uses a shared library see an imported dataset, or only its owner and the host."""
        view = look(self._context)
        self._context.actor.must("share", view.dataset(dataset_id))
        dataset = view.ready_dataset(dataset_id)
        if dataset.repo_id is not None:
            raise invalid("Who may see a dataset of the Hub is decided there.", "Only imported datasets are shared.")
        if not public and (others := view.of_others(dataset.id)):
            raise in_use(
                f"Other users of this shared library have tokenized {dataset.name}.",
                "It can be private again once they have deleted their tokenizations.",
                *others,
            )
        return self._changed(replace(dataset, access="public" if public else "private"))

    def _changed(self, dataset: Dataset) -> Dataset:
        """Store what people may change of a dataset: in the catalog and in its file, or in neither."""
        changed = replace(dataset, updated_at=now())
        with self._context.catalog.transaction() as transaction:
            transaction.put_dataset(changed)
            write_sealed(self._context.home.dataset(dataset.id) / USER_FILE, added_by_people(changed))
        return changed


def _name(name: str | None) -> str | None:
    """Return a name as it is kept: one line without control characters, trimmed, of bounded length."""
    check_text("name", name or "")
    return " ".join(_CONTROLS.sub(" ", name or "").split())[:_MAX_NAME] or None

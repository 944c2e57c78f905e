"""Deleting datasets and tokenizations: into the trash first, so that half a deletion cannot exist."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

from mistudio_core.errors import LimitReached, in_use
from mistudio_core.files import Home, checked_id, delete_trashed
from mistudio_core.jobs import watch
from mistudio_core.jobs.kinds import kind_of
from mistudio_core.library.undo import keep, put_back
from mistudio_core.records import Dataset, Deleted, Tokenization
from mistudio_core.settings import Settings
from mistudio_core.store.catalog.database import Catalog
from mistudio_core.store.catalog.rows import JobRow


class Undo(NamedTuple):
    """Where what is deleted may be kept for a minute, and for whom."""

    settings: Settings
    owner: str


def delete_dataset(
    home: Home,
    catalog: Catalog,
    dataset: Dataset,
    tokenizations: list[Tokenization],
    cascade: bool,
    *,
    undo: Undo | None = None,
) -> Deleted:
    """Delete a dataset; with its tokenizations and unfinished jobs only when `cascade`, else `in_use`."""
    ids = [dataset.id, *(item.id for item in tokenizations)]
    jobs = _jobs_of(catalog, ids)
    _refuse_unless(cascade, dataset.name, [item.id for item in tokenizations], jobs)
    _stop(home, jobs)
    folders = [home.dataset(dataset.id), home.dataset_draft(dataset.id), *_exports(home, tokenizations)]
    folders += uploads_of(home, jobs)
    return _delete(home, catalog, ids, folders, jobs, undo=undo if dataset.status == "ready" else None)


def delete_tokenization(
    home: Home, catalog: Catalog, tokenization: Tokenization, cascade: bool, *, undo: Undo | None = None
) -> Deleted:
    """Delete one tokenization and leave the others; its unfinished job only when `cascade`."""
    jobs = _jobs_of(catalog, [tokenization.id])
    _refuse_unless(cascade, tokenization.id, [], jobs)
    _stop(home, jobs)
    place = (tokenization.dataset_id, tokenization.id)
    folders = [home.tokenization(*place), home.tokenization_draft(*place), *_exports(home, [tokenization])]
    undo = undo if tokenization.status == "ready" else None
    return _delete(home, catalog, [tokenization.id], folders, jobs, undo=undo)


def delete_jobs(home: Home, catalog: Catalog, jobs: list[JobRow]) -> None:
    """Delete jobs that have ended, with their folders; raise `library_locked` while somebody else writes."""
    _delete(home, catalog, [], [], jobs, undo=None, if_free=True)


def delete_exports(home: Home, catalog: Catalog) -> int:
    """Delete all exports but those that a job is at work on; return the bytes that were freed."""
    with catalog.transaction() as transaction:
        busy = {row.subject_id for row in transaction.jobs().values() if row.ended is None}
    # with a dot: a file that is being written
    gone = [path for path in home.exports.iterdir() if path.name not in busy and not path.name.startswith(".")]
    return sum(home.discard(path) for path in gone)


def _exports(home: Home, tokenizations: list[Tokenization]) -> list[Path]:
    return [home.exports / checked_id(tokenization.id, "tok") for tokenization in tokenizations]


def uploads_of(home: Home, jobs: list[JobRow]) -> list[Path]:
    """Return the uploads that wait for the imports among the jobs."""
    paths = [Path(path) for row in jobs if "paths" in row.arguments for path in row.arguments["paths"]]
    return [upload for upload in {home.upload_of(path) for path in paths} if upload is not None]


def _jobs_of(catalog: Catalog, ids: list[str]) -> list[JobRow]:
    with catalog.transaction() as transaction:
        return [row for row in transaction.jobs().values() if row.subject_id in ids]


def _refuse_unless(cascade: bool, name: str, tokenization_ids: list[str], jobs: list[JobRow]) -> None:
    # the search index is the library's own affair: nobody waits for it, so it stands against nothing
    users = tokenization_ids + [row.id for row in jobs if row.ended is None and kind_of(row.kind).blocks_deletion]
    if users and not cascade:
        raise in_use(
            f"{name} is used by {', '.join(users)}.",
            "Delete with --cascade (in the app: confirm) to delete them too, or delete them first.",
            *users,
        )


def _stop(home: Home, jobs: list[JobRow]) -> None:
    for row in jobs:
        if row.ended is None:
            watch.stop(home.job(row.id))


def _delete(
    home: Home,
    catalog: Catalog,
    ids: list[str],
    folders: list[Path],
    jobs: list[JobRow],
    *,
    undo: Undo | None,
    if_free: bool = False,
) -> Deleted:
    """Move into the trash and remove the rows, both or neither, then free the bytes.

    The folders of the jobs go too: their requests would bring the dataset back into a rebuilt catalog. On a disk that
    has no room for the change of the rows, the bytes are freed first.
    """
    folders = [*(home.job(row.id) for row in jobs), *folders]
    rows = [*ids, *(row.id for row in jobs)]
    if any(row.ended is None for row in jobs):
        undo = None
    trashed: dict[Path, Path] = {}
    kept, freed = None, 0
    try:
        with catalog.transaction(if_free=if_free, with_reserve=True) as transaction:
            transaction.remove(rows)
            if undo is not None:
                kept = keep(home, undo.settings, folders, undo.owner)
            for folder in folders if kept is None else ():
                if (place := home.to_trash(folder)) is not None:
                    trashed[folder] = place
    except BaseException as error:
        if kept is not None:
            put_back(home, kept)
        if not isinstance(error, LimitReached):
            for folder, place in trashed.items():
                os.rename(place, folder)
            raise
        if kept is not None:
            return _delete(home, catalog, ids, folders, jobs, undo=None)
        freed = sum(delete_trashed(place) for place in trashed.values())
        trashed.clear()
        _remove_rows(catalog, rows)
    return Deleted(tuple(ids), freed + sum(delete_trashed(place) for place in trashed.values()), kept)


def _remove_rows(catalog: Catalog, ids: list[str]) -> None:
    with catalog.transaction(with_reserve=True) as transaction:
        transaction.remove(ids)

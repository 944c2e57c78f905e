"""Making the catalog from the files of the library, as after its loss."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from mistudio_core.errors import StudioError
from mistudio_core.file_names import DATASET_MANIFEST, TOKENIZATION_MANIFEST, TOKENIZED
from mistudio_core.files import ID_PATTERN, Home, damaged
from mistudio_core.jobs import protocol, watch
from mistudio_core.jobs.kinds import makes_dataset, makes_tokenization
from mistudio_core.library import manifests
from mistudio_core.library.lost_records import DRAFT, lost_dataset, lost_job, lost_tokenization, missing
from mistudio_core.library.permissions import LOCAL
from mistudio_core.library.reconcile import apply
from mistudio_core.library.start import row_of
from mistudio_core.records import Dataset, Rebuilt, Tokenization
from mistudio_core.store.catalog.database import Catalog, Transaction
from mistudio_core.store.catalog.gathered import Gathered
from mistudio_core.store.catalog.rows import JobRow


class _Asked(NamedTuple):
    """A job as its folder has it: its row, and the dataset or tokenization that it is to make."""

    row: JobRow
    subject: Dataset | Tokenization | None


def rebuild(home: Home, catalog: Catalog) -> Rebuilt:
    """Replace every row of the catalog by what manifests and job folders say, in one transaction."""
    with catalog.transaction() as transaction:
        transaction.clear()
        fill(home, transaction)
        return Rebuilt(len(transaction.datasets()), len(transaction.tokenizations()))


def fill(home: Home, transaction: Transaction) -> None:
    """Write into an empty catalog what manifests and job folders say: records equal to those that were lost.

    What is damaged gets a record, too, whose error is `corrupt_data` and names the file.
    """
    gathered = Gathered()
    jobs = sorted(_jobs(home), key=lambda job: (job.row.position, job.row.id))
    asked = {job.row.subject_id: job.subject for job in jobs if job.subject is not None}
    for folder in _folders(home.datasets):
        dataset = _dataset(home, folder, asked)
        gathered.put_dataset(dataset)
        for inner in _folders(folder / TOKENIZED):
            gathered.put_tokenization(_tokenization(home, inner, dataset.owner, asked))
    for job in jobs:
        _replay(home, gathered, job)
    _find_drafts(home, gathered)
    transaction.put_all(gathered)


def _dataset(home: Home, folder: Path, asked: Mapping[str, Dataset | Tokenization]) -> Dataset:
    try:
        found = manifests.read_dataset(home, folder)
        error = missing(folder / DATASET_MANIFEST)
    except StudioError as caught:
        found, error = None, caught
    return lost_dataset(folder, error, asked) if found is None else found


def _tokenization(home: Home, folder: Path, owner: str, asked: Mapping[str, Dataset | Tokenization]) -> Tokenization:
    try:
        found = manifests.read_tokenization(home, folder, owner)
        error = missing(folder / TOKENIZATION_MANIFEST)
    except StudioError as caught:
        found, error = None, caught
    return lost_tokenization(folder, owner, error, asked) if found is None else found


def _folders(parent: Path, ending: str = "") -> list[Path]:
    """Return the folders that are named by an id and this ending, in order."""
    if not parent.is_dir():
        return []
    found = [path for path in parent.iterdir() if path.name.endswith(ending) and path.is_dir()]
    return sorted(
        path for path in found if ID_PATTERN.fullmatch(path.name.removesuffix(ending) if ending else path.name)
    )


def _jobs(home: Home) -> Iterator[_Asked]:
    for folder in _folders(home.jobs):
        try:
            request = protocol.read_request(folder)
            if request is not None:
                yield _asked(folder, request)
            elif not protocol.is_alive(folder):  # else it is just about to be written
                yield _Asked(lost_job(folder, missing(folder / protocol.REQUEST)), None)
        except StudioError as error:
            yield _Asked(lost_job(folder, error), None)


def _asked(folder: Path, request: protocol.Request) -> _Asked:
    subject: Dataset | Tokenization | None = None
    try:
        if request.id != folder.name:
            raise ValueError(request.id)
        if makes_dataset(request.kind):
            subject = manifests.drafted_dataset(request.draft)
        elif makes_tokenization(request.kind):
            subject = manifests.drafted_tokenization(request.draft, owner="")
        return _Asked(row_of(request), subject)
    except (LookupError, TypeError, ValueError, AttributeError):
        raise damaged(folder / protocol.REQUEST, "a field has another form") from None


def _replay(home: Home, gathered: Gathered, job: _Asked) -> None:
    row, subject = job
    if isinstance(subject, Tokenization):
        dataset = gathered.datasets().get(subject.dataset_id)
        if dataset is not None and subject.id not in gathered.tokenizations():
            gathered.put_tokenization(replace(subject, owner=subject.owner or dataset.owner))
    elif subject is not None and subject.id not in gathered.datasets():
        gathered.put_dataset(subject)
    if not row.owner:  # of an older version
        known = gathered.datasets().get(row.subject_id) or gathered.tokenizations().get(row.subject_id)
        row = replace(row, owner=LOCAL if known is None else known.owner)
    gathered.put_job(row)
    if row.ended is None and (result := watch.outcome(home.job(row.id))) is not None:
        apply(home, gathered, row, result)


def _find_drafts(home: Home, gathered: Gathered) -> None:
    """Give records to unfinished datasets and tokenizations whose requests cannot be read."""
    known = {*gathered.datasets(), *gathered.tokenizations()}
    for folder in _folders(home.datasets, DRAFT):
        if folder.name.removesuffix(DRAFT) not in known:
            gathered.put_dataset(lost_dataset(folder, _without_request(folder), {}))
    for dataset in gathered.datasets().values():
        for folder in _folders(home.dataset(dataset.id) / TOKENIZED, DRAFT):
            if folder.name.removesuffix(DRAFT) not in known:
                lost = lost_tokenization(folder, dataset.owner, _without_request(folder), {})
                gathered.put_tokenization(lost)


def _without_request(folder: Path) -> StudioError:
    return damaged(folder, f"the {protocol.REQUEST} of its job is missing or damaged", "Delete it and start it anew.")

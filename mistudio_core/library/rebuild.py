"""Making the catalog from the files of the library, as after its loss."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from mistudio_core.errors import StudioError
from mistudio_core.file_names import TOKENIZED
from mistudio_core.files import ID_PATTERN, Home
from mistudio_core.jobs import protocol, watch
from mistudio_core.jobs.kinds import makes_dataset, makes_tokenization
from mistudio_core.library import manifests
from mistudio_core.library.permissions import LOCAL
from mistudio_core.library.reconcile import apply
from mistudio_core.library.start import row_of
from mistudio_core.records import Dataset, Rebuilt, Tokenization
from mistudio_core.store.catalog.database import Catalog, Transaction


def rebuild(home: Home, catalog: Catalog, *, only_if_lost: bool = False) -> Rebuilt:
    """Replace every row of the catalog by what manifests and job folders say, in one transaction.

    Gives records equal to those that were lost. What is damaged is left out; `verify` names it. With
    `only_if_lost` a catalog that another process has made meanwhile stays as it is.
    """
    with catalog.transaction() as transaction:
        if only_if_lost and not transaction.is_new:
            return Rebuilt(0, 0)
        transaction.clear()
        for dataset in _datasets(home):
            transaction.put_dataset(dataset)
            for tokenization in _tokenizations(home, dataset):
                transaction.put_tokenization(tokenization)
        for request in _requests(home):
            _replay(home, transaction, request)
        return Rebuilt(len(transaction.datasets()), len(transaction.tokenizations()))


def _datasets(home: Home) -> Iterator[Dataset]:
    for folder in _id_folders(home.datasets):
        try:
            dataset = manifests.read_dataset(home, folder)
        except (StudioError, KeyError, TypeError, ValueError):
            continue
        if dataset is not None and dataset.id == folder.name:
            yield dataset


def _tokenizations(home: Home, dataset: Dataset) -> Iterator[Tokenization]:
    for folder in _id_folders(home.dataset(dataset.id) / TOKENIZED):
        try:
            tokenization = manifests.read_tokenization(home, folder, dataset.owner)
        except (StudioError, KeyError, TypeError, ValueError):
            continue
        if tokenization is not None and tokenization.id == folder.name and tokenization.dataset_id == dataset.id:
            yield tokenization


def _id_folders(parent: Path) -> list[Path]:
    if not parent.is_dir():
        return []
    return sorted(folder for folder in parent.iterdir() if ID_PATTERN.fullmatch(folder.name))


def _requests(home: Home) -> list[protocol.Request]:
    requests = []
    for folder in _id_folders(home.jobs):
        try:
            request = protocol.read_request(folder)
        except (StudioError, TypeError):
            continue
        if request is not None and request.id == folder.name:
            requests.append(request)
    return sorted(requests, key=lambda request: request.order)


def _replay(home: Home, transaction: Transaction, request: protocol.Request) -> None:
    if makes_tokenization(request.kind):
        dataset = transaction.datasets().get(str(request.draft["dataset_id"]))
        if dataset is not None and request.subject_id not in transaction.tokenizations():
            transaction.put_tokenization(manifests.drafted_tokenization(request.draft, dataset.owner))
    elif makes_dataset(request.kind) and request.subject_id not in transaction.datasets():
        transaction.put_dataset(manifests.drafted_dataset(request.draft))
    row = row_of(request)
    if not row.owner:  # of an older version
        subject = transaction.subject(row.subject_id)
        row = replace(row, owner=LOCAL if subject is None else subject.owner)
    transaction.put_job(row)
    result = watch.outcome(home.job(request.id))
    if result is not None:
        apply(home, transaction, row, result)

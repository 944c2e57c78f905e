"""The records of a catalog in memory, while they are gathered from the files of the library."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mistudio_core.records import Dataset, Tokenization
from mistudio_core.store.catalog import rows


class Gathered:
    """Records in memory, to be put into an empty catalog at once; read and written as a transaction is."""

    def __init__(self) -> None:
        self._datasets: dict[str, Dataset] = {}
        self._tokenizations: dict[str, Tokenization] = {}
        self._jobs: dict[str, rows.JobRow] = {}

    def put_dataset(self, dataset: Dataset) -> None:
        """Take a dataset, in the place of one with its id."""
        self._datasets[dataset.id] = dataset

    def put_tokenization(self, tokenization: Tokenization) -> None:
        """Take a tokenization, likewise."""
        self._tokenizations[tokenization.id] = tokenization

    def put_job(self, job: rows.JobRow) -> None:
        """Take a job, likewise."""
        self._jobs[job.id] = job

    def datasets(self) -> Mapping[str, Dataset]:
        """Return all datasets by id."""
        return self._datasets

    def tokenizations(self) -> Mapping[str, Tokenization]:
        """Return all tokenizations by id."""
        return self._tokenizations

    def jobs(self) -> Mapping[str, rows.JobRow]:
        """Return all jobs by id."""
        return self._jobs

    def remove(self, ids: list[str]) -> None:
        """Forget the records with these ids."""
        tables: tuple[dict[str, Any], ...] = (self._datasets, self._tokenizations, self._jobs)
        for table in tables:
            for record_id in ids:
                table.pop(record_id, None)

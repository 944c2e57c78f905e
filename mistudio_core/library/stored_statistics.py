"""The statistics that were stored with datasets and tokenizations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mistudio_core.file_names import STATISTICS, STATISTICS_ARRAYS, TOKENIZATION_MANIFEST
from mistudio_core.files import damaged
from mistudio_core.manifest_files import dataset_manifest, listed_bytes, listed_document, tokenization_manifest
from mistudio_core.records import Dataset, JsonDocument, Tokenization

if TYPE_CHECKING:
    from mistudio_core.statistics.tokens import TokenStatistics


def stored_statistics(record: Dataset | Tokenization) -> JsonDocument | None:
    """Return the statistics of a dataset or a tokenization; None until it is ready. Raises `corrupt_data`."""
    if record.path is None:
        return None
    manifest = (dataset_manifest if isinstance(record, Dataset) else tokenization_manifest)(record.path)
    stored = listed_document(record.path, manifest or {}, STATISTICS)
    return None if stored is None else JsonDocument(stored)


def stored_counts(record: Tokenization) -> TokenStatistics:
    """Return how often a complete tokenization has each id, and where; raises `corrupt_data` where that is lost."""
    from mistudio_core.statistics.tokens import TokenStatistics

    assert record.path is not None
    if listed_bytes(record.path, stored_manifest(record), STATISTICS_ARRAYS) is None:
        raise damaged(record.path / STATISTICS_ARRAYS, "it is missing", "Delete the tokenization and tokenize again.")
    return TokenStatistics.load(record.path / STATISTICS_ARRAYS)


def stored_manifest(record: Tokenization) -> JsonDocument:
    """Return the manifest of a complete tokenization, or raise `corrupt_data`."""
    assert record.path is not None
    stored = tokenization_manifest(record.path)
    if stored is None:
        raise damaged(record.path / TOKENIZATION_MANIFEST, "it is missing", "Delete it and tokenize again.")
    return JsonDocument(stored)


def repeated_share(dataset: Dataset, column: str | None) -> float | None:
    """Return the share of texts of a column (not empty) that have come before, None where that was not counted."""
    stored = stored_statistics(dataset)
    for one in () if stored is None else stored.get("columns", ()):
        if one["name"] == column and one.get("kind") == "text":
            present = one["characters"]["count"] - one["empties"]
            copies = one["duplicates"]["copies"] - max(0, one["empties"] - 1)
            return max(0, copies) / present if present else 0.0
    return None

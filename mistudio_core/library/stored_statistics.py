"""The statistics that were stored with datasets and tokenizations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mistudio_core.errors import StudioError
from mistudio_core.file_names import STATISTICS, STATISTICS_ARRAYS, TOKENIZATION_MANIFEST
from mistudio_core.files import read_json
from mistudio_core.records import Dataset, JsonDocument, Tokenization

if TYPE_CHECKING:
    from mistudio_core.statistics.tokens import TokenStatistics


def stored_statistics(record: Dataset | Tokenization) -> JsonDocument | None:
    """Return the statistics of a dataset or a tokenization; None until it is ready."""
    stored = None if record.path is None else read_json(record.path / STATISTICS)
    return None if stored is None else JsonDocument(stored)


def stored_counts(record: Tokenization) -> TokenStatistics:
    """Return how often a complete tokenization has each id, and where; raises `corrupt_data` where that is lost."""
    from mistudio_core.statistics.tokens import TokenStatistics

    assert record.path is not None
    try:
        return TokenStatistics.load(record.path / STATISTICS_ARRAYS)
    except FileNotFoundError:
        raise StudioError(
            "corrupt_data", f"The counts of {record.id} are missing.", "Delete it and tokenize again."
        ) from None


def stored_manifest(record: Tokenization) -> JsonDocument:
    """Return the manifest of a complete tokenization, or raise `corrupt_data`."""
    assert record.path is not None
    stored = read_json(record.path / TOKENIZATION_MANIFEST)
    if not isinstance(stored, dict):
        raise StudioError("corrupt_data", f"{record.id} has lost its manifest.", "Delete it and tokenize again.")
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

"""The statistics that were stored with datasets and tokenizations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mistudio_core.errors import StudioError
from mistudio_core.files import read_json
from mistudio_core.library.manifests import TOKENIZATION_MANIFEST
from mistudio_core.library.records_view import View
from mistudio_core.records import Dataset, JsonDocument, Tokenization

if TYPE_CHECKING:
    from mistudio_core.statistics.tokens import TokenStatistics


def stored_statistics(view: View, record: Dataset | Tokenization) -> JsonDocument | None:
    """Return the statistics of a dataset or a tokenization; None until it is ready."""
    from mistudio_core.statistics.joining import lacks_words, with_words

    stored = None if record.path is None else read_json(record.path / "statistics.json")
    if stored is not None and isinstance(record, Tokenization) and lacks_words(stored):
        column = _only_text(view, record)
        return JsonDocument(stored if column is None else with_words(stored, column))
    return None if stored is None else JsonDocument(stored)


def stored_counts(record: Tokenization) -> TokenStatistics:
    """Return how often a complete tokenization has each id, and where; raises `corrupt_data` where that is lost."""
    from mistudio_core.statistics.tokens import TokenStatistics

    assert record.path is not None
    try:
        return TokenStatistics.load(record.path / "statistics.npz")
    except FileNotFoundError:
        raise StudioError(
            "corrupt_data", f"The counts of {record.id} are missing.", "Delete it and tokenize again."
        ) from None


def stored_manifest(record: Tokenization) -> JsonDocument:
    """Return the manifest of a complete tokenization, or raise `corrupt_data`."""
    assert record.path is not None
    stored = read_json(record.path / TOKENIZATION_MANIFEST)
    if not isinstance(stored, dict):
        raise StudioError("corrupt_data", f"{record.id} has lost its manifest.", "Delete it and make it anew.")
    return JsonDocument(stored)


def repeated_share(view: View, dataset: Dataset, column: str | None) -> float | None:
    """Return the share of texts of a column (not empty) that have come before, None where that was not counted."""
    stored = stored_statistics(view, dataset)
    for one in () if stored is None else stored.get("columns", ()):
        if one["name"] == column and one.get("kind") == "text":
            present = one["characters"]["count"] - one["empties"]
            copies = one["duplicates"]["copies"] - max(0, one["empties"] - 1)
            return max(0, copies) / present if present else 0.0
    return None


def _only_text(view: View, record: Tokenization) -> Mapping[str, Any] | None:
    """Return the statistics of the column whose texts a tokenization took as they are."""
    recipe = record.recipe
    if len(recipe.columns) != 1 or recipe.template or recipe.chat:
        return None
    stored = stored_statistics(view, view.dataset(record.dataset_id))
    columns = () if stored is None else stored.get("columns", ())
    found = (item for item in columns if item["kind"] == "text" and item["name"] == recipe.columns[0])
    return next(found, None)

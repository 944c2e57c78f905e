"""Datasets: listing and showing them."""

from __future__ import annotations

from typing import Any

from mistudio_core.api.acts import Acts, Opened
from mistudio_core.records import as_json

routes = Acts(prefix="/datasets", tags=["datasets"])


@routes.get("/{dataset_id}", summary="Show a dataset")
def show_dataset(library: Opened, dataset_id: str) -> Any:
    """Return a dataset with its tokenizations."""
    dataset = library.dataset(dataset_id)
    return as_json(dataset) | {"tokenizations": as_json(library.tokenizations(dataset.id))}


@routes.get("", summary="List the datasets")
def list_datasets(
    library: Opened,
    status: str | None = None,
    source: str | None = None,
    search: str = "",
    sort: str = "created",
) -> Any:
    """Return the datasets that fit."""
    return library.datasets(status=status, source=source, search=search, sort=sort, descending=sort != "name")

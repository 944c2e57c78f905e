"""Datasets: listing, showing, renaming and deleting them."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Annotated, Any, Final, Literal

from fastapi import Query
from pydantic import BaseModel, ConfigDict

from mistudio_core.api.acts import Acts, Opened
from mistudio_core.api.hub_token import HubToken
from mistudio_core.api.ids import DatasetId
from mistudio_core.errors import in_use
from mistudio_core.library.queries import SampleColumn, TextSources
from mistudio_core.records import Dataset, Deleted, Job, JsonDocument, Record, Tokenization

routes = Acts(prefix="/datasets", tags=["datasets"])

MOST_LISTED: Final = 1000


@dataclass(frozen=True, slots=True)
class Pagination(Record):
    """Which page of a list this is, counted from 1, and how much there is in all."""

    page: int
    limit: int
    total: int
    total_pages: int
    has_next: bool
    has_prev: bool


@dataclass(frozen=True, slots=True)
class DatasetsPage(Record):
    """One page of a list of datasets."""

    data: tuple[Dataset, ...]
    pagination: Pagination


@dataclass(frozen=True, slots=True)
class ShownDataset(Dataset):
    """A dataset with its tokenizations, oldest first."""

    tokenizations: tuple[Tokenization, ...] = ()


class DatasetChanges(BaseModel):
    """What people may change of a dataset; what is left out stays."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"name": "Stories"}]})

    name: str | None = None
    notes: str | None = None


class Visibility(BaseModel):
    """Who sees an imported dataset in a shared library."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"public": True}]})

    public: bool = True


Cascade = Annotated[bool, Query(description="Also delete its tokenizations and cancel unfinished jobs.")]
Undoable = Annotated[bool, Query(description="Keep it for a minute, so that it can be restored.")]


@routes.get("", summary="List the datasets")
def list_datasets(
    library: Opened,
    *,
    status: Annotated[str | None, Query(description="`downloading`, `processing`, `ready` or `error`.")] = None,
    source: Annotated[str | None, Query(description="`huggingface`, `local` or `sample`.")] = None,
    search: Annotated[str, Query(description="A part of a name, a repository or an id.")] = "",
    sort: Annotated[str, Query(description="`name`, `created`, `size` or `samples`.")] = "created",
    order: Annotated[
        Literal["asc", "desc"] | None, Query(description="By default ascending for names, descending otherwise.")
    ] = None,
    page: Annotated[int, Query(ge=1, le=1_000_000)] = 1,
    limit: Annotated[int, Query(ge=1, le=MOST_LISTED)] = 50,
) -> DatasetsPage:
    """Return one page of the datasets that fit."""
    descending = sort != "name" if order is None else order == "desc"
    found = library.datasets(status=status, source=source, search=search, sort=sort, descending=descending)
    first, total_pages = (page - 1) * limit, -(-len(found) // limit)
    place = Pagination(page, limit, len(found), total_pages, has_next=page < total_pages, has_prev=page > 1)
    return DatasetsPage(tuple(found[first : first + limit]), place)


@routes.get("/{dataset_id}", summary="Show a dataset")
def show_dataset(library: Opened, dataset_id: DatasetId) -> ShownDataset:
    """Return a dataset with its tokenizations."""
    dataset = library.dataset(dataset_id)
    held: dict[str, Any] = {item.name: getattr(dataset, item.name) for item in fields(dataset)}
    return ShownDataset(**held, tokenizations=tuple(library.tokenizations(dataset.id)))


@routes.patch("/{dataset_id}", summary="Rename a dataset, or change its notes")
def change_dataset(library: Opened, dataset_id: DatasetId, changes: DatasetChanges) -> Dataset:
    """Give a complete dataset another name or other notes."""
    return library.rename(dataset_id, name=changes.name, notes=changes.notes)


@routes.delete("/{dataset_id}", summary="Delete a dataset")
def delete_dataset(
    library: Opened, dataset_id: DatasetId, *, cascade: Cascade = False, undoable: Undoable = False
) -> Deleted:
    """Delete a dataset with its files; `in_use` names the tokenizations and jobs that stand against it."""
    return library.delete(library.dataset(dataset_id).id, cascade=cascade, undoable=undoable)


@routes.put("/{dataset_id}/access", summary="Share an imported dataset, or keep it to oneself")
def share_dataset(library: Opened, dataset_id: DatasetId, visibility: Visibility) -> Dataset:
    """Let everybody who uses a shared library see an imported dataset, or only its owner and the host."""
    return library.share(dataset_id, public=visibility.public)


@routes.post("/{dataset_id}/retry", summary="Resume a dataset that failed or was cancelled", status_code=202)
def retry_dataset(library: Opened, dataset_id: DatasetId, *, hf_token: HubToken = None) -> Job:
    """Go on with a download or an import; finished parts are kept."""
    return library.retry(library.dataset(dataset_id).id, hf_token=hf_token)


@routes.get("/{dataset_id}/statistics", summary="Statistics of a dataset")
def dataset_statistics(library: Opened, dataset_id: DatasetId) -> JsonDocument:
    """Return the stored statistics; what is in them is described in docs/statistics.md."""
    return stored_statistics(library, library.dataset(dataset_id).id)


@routes.get("/{dataset_id}/columns", summary="Columns of a dataset, and what can be asked of each")
def dataset_columns(library: Opened, dataset_id: DatasetId) -> tuple[SampleColumn, ...]:
    """Return the columns in their order."""
    return library.sample_columns(dataset_id)


@routes.get("/{dataset_id}/text-sources", summary="Columns that a recipe can read")
def dataset_text_sources(library: Opened, dataset_id: DatasetId) -> TextSources:
    """Return the columns with texts, conversations and lists of token ids."""
    return library.text_sources(dataset_id)


@routes.get("/{dataset_id}/replaced-texts", summary="Texts in which bytes were replaced")
def replaced_texts(library: Opened, dataset_id: DatasetId) -> JsonDocument:
    """Return in how many samples a text had bytes replaced that were no UTF-8, by column."""
    return library.replaced_texts(dataset_id)


def stored_statistics(library: Opened, subject_id: str) -> JsonDocument:
    """Return the statistics of a dataset or a tokenization; raise `in_use` until there are any."""
    found = library.statistics(subject_id)
    if found is None:
        raise in_use(f"{subject_id} has no statistics yet.", "They are available once it is ready.", subject_id)
    return found

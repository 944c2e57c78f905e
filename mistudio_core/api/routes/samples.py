"""Samples: reading, searching, filtering, sorting and exporting the documents of a dataset."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from fastapi import Query
from fastapi.responses import FileResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.background import BackgroundTask

from mistudio_core.api.acts import Acts, Opened, Shared
from mistudio_core.api.ids import DatasetId
from mistudio_core.library.queries import EXPORT_KINDS, MODES, TOKEN_SORTS, Concordance, list_of
from mistudio_core.records import Job, SamplesPage

routes = Acts(prefix="/datasets/{dataset_id}", tags=["samples"])

Count = Annotated[int | None, Field(ge=0, le=2**53)]
Kind = Literal["parquet", "jsonl", "csv", "spreadsheet"]
assert set(EXPORT_KINDS) == set(Kind.__args__)  # type: ignore[attr-defined]
_MEDIA_TYPES: Final[Mapping[str, str]] = {
    "parquet": "application/vnd.apache.parquet",
    "jsonl": "application/jsonl",
    "csv": "text/csv; charset=utf-8",
    "spreadsheet": "text/csv; charset=utf-8",
}


class SampleFields(BaseModel):
    """Which samples, and in which order; docs/samples.md describes filters and sorting."""

    model_config = ConfigDict(extra="forbid")

    split: str | None = None
    search: str | None = Field(None, description="Text to search for.")
    mode: str | None = Field(None, description=f"How to search: {', '.join(MODES)}.")
    ignore_case: bool | None = Field(None, description="For substring and regex.")
    column: str | None = Field(None, description="The text column to search and to show.")
    min_chars: Count = None
    max_chars: Count = None
    min_bytes: Count = None
    max_bytes: Count = None
    min_words: Count = None
    max_words: Count = None
    min_tokens: Count = None
    max_tokens: Count = None
    tokenization: str | None = Field(None, description="The tokenization whose tokens are counted.")
    where: list[str] | None = Field(None, description="Conditions such as `label=positive`; may be repeated.")
    duplicates: bool | None = Field(None, description="Only samples whose text occurs more than once.")
    documents: bool | None = Field(None, description="Only samples that the tokenization used.")
    control_tokens: bool | None = Field(None, description="Only samples with control tokens in the text.")
    sort: str | None = Field(None, description="position, relevance, chars, bytes, words, tokens or a column.")
    descending: bool | None = None

    def chosen(self) -> dict[str, Any]:
        """Return the fields of a query that were given."""
        return self.model_dump(exclude_none=True)


class SamplePlace(SampleFields):
    """One page of a query: from `offset`, or the `page` counted from 1."""

    offset: Count = None
    limit: Count = None
    page: Annotated[int | None, Field(ge=1, le=2**40)] = None

    def chosen(self) -> dict[str, Any]:
        """Return the fields of a query that were given."""
        given = self.model_dump(exclude_none=True, exclude={"page"})
        if self.page is not None:
            limit = 50 if self.limit is None else self.limit
            given |= {"offset": (self.page - 1) * limit, "limit": limit}
        return given


class SampleContexts(SamplePlace):
    """The same, where `offset` and `limit` count hits, and `sort` is their order."""

    sort: str | None = Field(None, description=f"By {', '.join(TOKEN_SORTS)}: the words that stand there.")
    descending: None = None


class SampleExport(SampleFields):
    """All samples of a query as one file."""

    kind: Kind = "jsonl"


@dataclass(frozen=True, slots=True)
class SamplesFound(SamplesPage):
    """A page of samples and how it was found: `by` position, filters, ranked or scan; `note` is for people."""

    by: str = "position"
    note: str = ""


@routes.get("/samples", summary="Samples of a dataset, searched, filtered and sorted")
def read_samples(
    library: Opened, dataset_id: DatasetId, query: Annotated[SamplePlace, Query()], shared: Shared
) -> SamplesFound:
    """Return one page of samples.

    A request that accepts `application/vnd.apache.arrow.stream` gets all of the result as an Arrow stream, or `limit`
    samples from `offset` on, with the columns of the dataset or those that `columns` names.
    """
    found = shared.indexes.search(library, dataset_id, query.chosen())
    held: dict[str, Any] = {item.name: getattr(found.page, item.name) for item in fields(found.page)}
    return SamplesFound(**held, by=found.by, note=found.note)


@routes.get("/concordance", summary="Every place of a word or a phrase in the samples")
def concordance(library: Opened, dataset_id: DatasetId, query: Annotated[SampleContexts, Query()]) -> Concordance:
    """Return one page of hits with what stands beside them, and the words that do so most often."""
    asked = query.chosen()
    sort = asked.pop("sort", TOKEN_SORTS[0])
    return library.concordance(dataset_id, asked, sort=sort)


@routes.get(
    "/samples/export",
    summary="All samples of a query as a file",
    responses={200: {"content": {name: {} for name in dict.fromkeys(_MEDIA_TYPES.values())}}},
)
def export_samples(library: Opened, dataset_id: DatasetId, query: Annotated[SampleExport, Query()]) -> FileResponse:
    """Write the whole result and send it; the file is deleted afterwards. `spreadsheet` is CSV without formulas."""
    asked = query.chosen()
    path = library.export_samples(dataset_id, asked.pop("kind"), asked)
    gone = BackgroundTask(_delete, path, list_of(path))
    name = f"{dataset_id}{path.suffix}"
    return FileResponse(path, media_type=_MEDIA_TYPES[query.kind], filename=name, background=gone)


def _delete(*paths: Path) -> None:
    for path in paths:
        path.unlink(missing_ok=True)


@routes.post("/index", summary="Build the index of words", status_code=202)
def build_index(library: Opened, dataset_id: DatasetId) -> Job:
    """Start to build or rebuild the index of words, which smaller datasets get by themselves."""
    return library.build_search_index(dataset_id)

"""Tokenizations: listing and showing them, their sequences, searching for tokens, handing them to other programs."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Path, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from mistudio_core.api.acts import Acts, Opened
from mistudio_core.api.hub_token import HubToken
from mistudio_core.api.ids import DatasetId, TokenizationId
from mistudio_core.api.routes.datasets import Cascade, Undoable, stored_statistics
from mistudio_core.library.answers import Comparison, RareId, Snippet, TokenHits
from mistudio_core.library.queries import TOKEN_SORTS, Export, TokenSequence
from mistudio_core.records import Deleted, Job, JsonDocument, Tokenization

routes = Acts(tags=["tokenizations"])

_ONE: Final = "/tokenizations/{tokenization_id}"
_MOST_SEQUENCES: Final = 50
"""Each is read with the text of its tokens and its samples; for training there are Arrow streams."""
Number = Annotated[int, Query(ge=0, le=2**53)]


class CopyWanted(BaseModel):
    """In which format a copy is to be made."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"kind": "parquet"}]})

    kind: str = Field("parquet", description="`parquet`, `bin` (sparsify), `text` or `jsonl`.")
    max_samples: int | None = Field(None, description="Text only: most samples per split.", le=2**53)


class Push(BaseModel):
    """Where the sequences are to be pushed."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"repo_id": "me/my-tokens"}]})

    repo_id: str = Field(description="A dataset repository of the user's own.")
    private: bool = True


@routes.get("/tokenizations", summary="List all tokenizations")
def all_tokenizations(library: Opened) -> list[Tokenization]:
    """Return the tokenizations of all datasets, oldest first."""
    return library.tokenizations()


@routes.get("/datasets/{dataset_id}/tokenizations", summary="List the tokenizations of a dataset")
def tokenizations_of(library: Opened, dataset_id: DatasetId) -> list[Tokenization]:
    """Return the tokenizations of a dataset, oldest first."""
    return library.tokenizations(library.dataset(dataset_id).id)


@routes.get(_ONE, summary="Show a tokenization")
def show_tokenization(library: Opened, tokenization_id: TokenizationId) -> Tokenization:
    """Return a tokenization with its recipe."""
    return library.tokenization(tokenization_id)


@routes.delete(_ONE, summary="Delete a tokenization")
def delete_tokenization(
    library: Opened, tokenization_id: TokenizationId, *, cascade: Cascade = False, undoable: Undoable = False
) -> Deleted:
    """Delete a tokenization with its files; the other ones stay."""
    return library.delete(library.tokenization(tokenization_id).id, cascade=cascade, undoable=undoable)


@routes.post(f"{_ONE}/retry", summary="Resume a tokenization that failed or was cancelled", status_code=202)
def retry_tokenization(library: Opened, tokenization_id: TokenizationId, *, hf_token: HubToken = None) -> Job:
    """Go on with a tokenization; finished parts are kept."""
    return library.retry(library.tokenization(tokenization_id).id, hf_token=hf_token)


@routes.get(f"{_ONE}/manifest", summary="What is kept about a tokenization")
def manifest(library: Opened, tokenization_id: TokenizationId) -> JsonDocument:
    """Return recipe, policy, engines, counts and files; docs/tokenization.md describes the fields."""
    return library.manifest(tokenization_id)


@routes.get(f"{_ONE}/statistics", summary="Statistics of a tokenization")
def tokenization_statistics(library: Opened, tokenization_id: TokenizationId) -> JsonDocument:
    """Return the stored statistics; what is in them is described in docs/statistics.md."""
    return stored_statistics(library, library.tokenization(tokenization_id).id)


@routes.get(f"{_ONE}/sequences", summary="Sequences, token by token")
def sequences(
    library: Opened,
    tokenization_id: TokenizationId,
    *,
    offset: Number = 0,
    limit: Annotated[int, Query(ge=1, le=_MOST_SEQUENCES)] = 10,
) -> list[TokenSequence]:
    """Return some sequences with the samples that their tokens come from; none behind the last one.

    A request that accepts `application/vnd.apache.arrow.stream` gets the ids of all sequences as an Arrow stream, those
    of one `split`, or `limit` sequences from `offset` on.
    """
    last = min(offset + limit, library.tokenization(tokenization_id).num_sequences)
    return [library.sequence(tokenization_id, number) for number in range(offset, last)]


@routes.get(f"{_ONE}/sequences/{{number}}", summary="A sequence, token by token")
def sequence(
    library: Opened,
    tokenization_id: TokenizationId,
    number: Annotated[int, Path(ge=0, le=2**53, description="Sequences count from 0.")],
) -> TokenSequence:
    """Return a sequence with the samples that its tokens come from; sequences count from 0."""
    return library.sequence(tokenization_id, number)


@routes.get(f"{_ONE}/search", summary="Find tokens that follow each other")
def search_tokens(
    library: Opened,
    tokenization_id: TokenizationId,
    *,
    text: Annotated[str | None, Query(description="Tokenized as in the middle of a document.")] = None,
    ids: Annotated[list[int] | None, Query(description="Token ids, instead of a text.")] = None,
    offset: Number = 0,
    limit: Number = 50,
    across: Annotated[bool, Query(description="Include hits that span two documents.")] = False,
    sort: Annotated[str, Query(description=f"By {', '.join(TOKEN_SORTS)}: the tokens that stand there.")] = "position",
) -> TokenHits:
    """Return the places of some tokens in the sequences, and what stands beside them."""
    return library.search_tokens(
        tokenization_id, text=text, ids=ids, offset=offset, limit=limit, across=across, sort=sort
    )


@routes.get(f"{_ONE}/rare-ids", summary="Ids that hardly occur")
def rare_ids(
    library: Opened, tokenization_id: TokenizationId, *, most: Annotated[int, Query(ge=0, le=2**53)] = 0
) -> tuple[RareId, ...]:
    """Return the ids of the vocabulary that occur at most `most` times, the rarest first."""
    return library.rare_ids(tokenization_id, most=most)


@routes.get("/compare", summary="Compare tokenizations")
def compare(library: Opened, ids: Annotated[list[str], Query(description="Two to four tokenizations.")]) -> Comparison:
    """Return two to four tokenizations side by side."""
    return library.compare(ids)


@routes.get(f"{_ONE}/exports", summary="Copies for other programs")
def exports(library: Opened, tokenization_id: TokenizationId) -> tuple[Export, ...]:
    """Return the copies that were made, at most one of each kind."""
    return library.exports(tokenization_id)


@routes.post(f"{_ONE}/exports", summary="Make a copy for another program", status_code=202)
def export(library: Opened, tokenization_id: TokenizationId, wanted: CopyWanted) -> Job:
    """Start to write a copy into the library's exports."""
    return library.export_tokenization(tokenization_id, wanted.kind, max_samples=wanted.max_samples)


@routes.get(
    f"{_ONE}/download",
    summary="The folder of a tokenization as a zip file",
    responses={200: {"content": {"application/zip": {}}}},
)
def download(library: Opened, tokenization_id: TokenizationId) -> StreamingResponse:
    """Send all files of a tokenization; unpacked, `datasets.load_from_disk` opens them."""
    pieces = library.exports.archive(tokenization_id)
    name = {"Content-Disposition": f'attachment; filename="{tokenization_id}.zip"'}
    return StreamingResponse(pieces, media_type="application/zip", headers=name)


@routes.post(f"{_ONE}/push", summary="Push a tokenization to the Hub", status_code=202)
def push(library: Opened, tokenization_id: TokenizationId, wanted: Push, *, hf_token: HubToken = None) -> Job:
    """Start to push the sequences to a dataset repository of the user's own."""
    return library.push(tokenization_id, wanted.repo_id, private=wanted.private, hf_token=hf_token)


@routes.get(f"{_ONE}/snippets", summary="Code that hands the sequences to a trainer")
def snippets(library: Opened, tokenization_id: TokenizationId) -> list[Snippet]:
    """Return the code to copy for each program, or why it cannot take the sequences."""
    return library.snippets(tokenization_id)

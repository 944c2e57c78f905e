"""The paths of the miStudio web service that have other names or fields here, so that what calls it can call us."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final

from fastapi import Body

from mistudio_core.api.acts import Acts, Opened
from mistudio_core.api.ids import DatasetId, TokenizationId
from mistudio_core.errors import StudioError, invalid
from mistudio_core.library.presets import presets
from mistudio_core.library.queries import Preview
from mistudio_core.records import Deleted, Job, Tokenization

routes = Acts(prefix="/datasets", tags=["paths of the miStudio web service"])

_OURS: Final[Mapping[str, str]] = {
    "tokenizer_name": "tokenizer",
    "model_id": "tokenizer",
    "max_length": "context_length",
}
"""Fields of a tokenization there, and their names here."""
_WITHOUT_PADDING: Final = "do_not_pad"
_AS_HERE: Final = ("longest_first", "only_first", True)
"""Ways of truncating there that are what a document too long for its sequence comes to here."""
_EXAMPLE: Final[dict[str, Any]] = {"tokenizer_name": "sample", "text": "Hello", "max_length": 128}


@routes.get("/{dataset_id}/task-status", summary="The last job of a dataset")
def task_status(library: Opened, dataset_id: DatasetId) -> Job:
    """Return the newest job that worked on a dataset; here also `GET /jobs?subject_id=`."""
    jobs = library.jobs(library.dataset(dataset_id).id)
    if not jobs:
        raise StudioError("not_found", f"No job has worked on {dataset_id}.", "Jobs that ended long ago are deleted.")
    return jobs[0]


@routes.delete("/{dataset_id}/cancel", summary="Cancel the jobs of a dataset")
def cancel_jobs(library: Opened, dataset_id: DatasetId) -> list[Job]:
    """Stop the unfinished jobs that make a dataset and return them; here also `POST /jobs/{job_id}/cancel`."""
    return [library.cancel(job.id) for job in library.jobs(library.dataset(dataset_id).id, active=True)]


@routes.post("/tokenize-preview", summary="Show a text as tokens")
def tokenize_preview(library: Opened, wanted: Annotated[dict[str, Any], Body(examples=[_EXAMPLE])]) -> Preview:
    """Return the tokens of a `text`; the other fields are those of a recipe; here also `POST /preview`."""
    text = wanted.pop("text", None)
    if not isinstance(text, str):
        raise invalid("text: give a text.", 'For example {"text": "Hello", "tokenizer_name": "sample"}.')
    return library.preview(recipe_of(wanted), text=text)


@routes.delete("/{dataset_id}/tokenization", summary="Delete the tokenizations of a dataset")
def delete_tokenizations(library: Opened, dataset_id: DatasetId) -> list[Deleted]:
    """Delete all tokenizations of a dataset; what a job works on is refused and stays."""
    return [library.delete(made.id) for made in library.tokenizations(library.dataset(dataset_id).id)]


@routes.get("/{dataset_id}/tokenizations/{tokenization_id}", summary="Show a tokenization of a dataset")
def show_tokenization(library: Opened, dataset_id: DatasetId, tokenization_id: TokenizationId) -> Tokenization:
    """Return a tokenization; here also `GET /tokenizations/{tokenization_id}`."""
    return _of(library, dataset_id, tokenization_id)


@routes.delete("/{dataset_id}/tokenizations/{tokenization_id}", summary="Delete a tokenization of a dataset")
def delete_tokenization(library: Opened, dataset_id: DatasetId, tokenization_id: TokenizationId) -> Deleted:
    """Delete a tokenization; here also `DELETE /tokenizations/{tokenization_id}`."""
    return library.delete(_of(library, dataset_id, tokenization_id).id)


@routes.post("/{dataset_id}/tokenizations/{tokenization_id}/cancel", summary="Cancel a tokenization")
def cancel_tokenization(library: Opened, dataset_id: DatasetId, tokenization_id: TokenizationId) -> list[Job]:
    """Stop the unfinished jobs that make a tokenization and return them."""
    made = _of(library, dataset_id, tokenization_id)
    return [library.cancel(job.id) for job in library.jobs(made.id, active=True)]


def recipe_of(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return a recipe in our words; one that is in ours already stays as it is.

    There each document is a sequence of its own, truncated and padded to the same length unless something else is said.
    """
    if not set(fields) & set(_OURS):
        return dict(fields)
    recipe = {_OURS.get(name, name): value for name, value in fields.items()}
    pads = next(preset.name for preset in presets() if {"padding", "truncation"} <= preset.fields)
    recipe = {"preset": pads, "padding": "max_length"} | recipe
    if recipe["padding"] == _WITHOUT_PADDING:
        recipe["padding"] = "none"
    if recipe.pop("return_attention_mask", False) and recipe["padding"] != "none":
        recipe["padding_column"] = "attention_mask"
    if recipe.get("truncation") in _AS_HERE:
        del recipe["truncation"]
    return recipe


def _of(library: Opened, dataset_id: str, tokenization_id: str) -> Tokenization:
    made = library.tokenization(tokenization_id)
    if made.dataset_id != dataset_id:
        raise StudioError("not_found", f"{dataset_id} has no tokenization {tokenization_id}.", "It is of another one.")
    return made

"""Recipes: what one will do, and starting a tokenization by it."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import Body
from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

from mistudio_core.api.acts import Acts, Opened
from mistudio_core.api.hub_token import HubToken
from mistudio_core.api.ids import DatasetId
from mistudio_core.api.routes.original import recipe_of
from mistudio_core.api.schemas import recipe_schema
from mistudio_core.library.answers import Forecast
from mistudio_core.library.queries import Preview, StoredTokenizer, TextCuts
from mistudio_core.records import Job, Tokenization

routes = Acts(tags=["recipes"])

_EXAMPLE: Final[dict[str, Any]] = {"tokenizer": "sample", "context_length": 128}
Recipe = Annotated[dict[str, Any], WithJsonSchema(recipe_schema())]
"""The fields of a recipe; the library checks them."""
RecipeBody = Annotated[Recipe, Body(examples=[_EXAMPLE], description="The fields of a recipe: docs/tokenization.md.")]


class TextAndRecipe(BaseModel):
    """A text, or a sample of a dataset, and the recipe that makes tokens of it."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"text": "Hello", "recipe": _EXAMPLE}]})

    recipe: Recipe
    text: str | None = Field(None, description="By default a sample of the dataset.")
    dataset_id: str | None = None
    split: str | None = None
    index: int = Field(0, description="The index of the sample in its split, from 0.", le=2**53)


class TextAndTokenizers(BaseModel):
    """A text, and the tokenizers that cut it."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"text": "Hello", "tokenizers": ["sample", "sample"]}]}
    )

    text: str
    tokenizers: list[str] = Field(description="Names of tokenizers, or ids of tokenizations for theirs.")


class TokenizerWanted(BaseModel):
    """Which tokenizer to load."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"name": "openai-community/gpt2"}]})

    name: str = Field(description="A repository id, a path, or `sample`.")
    revision: str | None = None
    source: str = Field("auto", description="`file`, `transformers` or `auto`.")


@routes.post("/datasets/{dataset_id}/tokenize", summary="Tokenize a dataset", status_code=202)
def tokenize(
    library: Opened, dataset_id: DatasetId, recipe: RecipeBody, *, on_cluster: bool = False, hf_token: HubToken = None
) -> Tokenization:
    """Start to tokenize a dataset by a recipe."""
    return library.tokenize(dataset_id, recipe_of(recipe), hf_token=hf_token, on_cluster=on_cluster)


@routes.post("/datasets/{dataset_id}/estimate", summary="What each preset would give and cost")
def estimate(library: Opened, dataset_id: DatasetId, recipe: RecipeBody) -> Forecast:
    """Return sequences, time and size for each preset; `tokenizer_not_found` until the tokenizer is loaded."""
    return library.estimate(dataset_id, recipe)


@routes.post("/preview", summary="Show a text as tokens")
def preview(library: Opened, wanted: TextAndRecipe) -> Preview:
    """Return the tokens of a text or a sample; `tokenizer_not_found` until the tokenizer is loaded."""
    split = wanted.split or (wanted.recipe.get("splits") or [None])[0]
    return library.preview(
        wanted.recipe, text=wanted.text, dataset_id=wanted.dataset_id, split=split, index=wanted.index
    )


@routes.post("/compare-text", summary="One text in the tokens of two to four tokenizers")
def compare_text(library: Opened, wanted: TextAndTokenizers) -> TextCuts:
    """Return the tokens of each, and the parts of the text that they cut differently."""
    return library.compare_text(wanted.tokenizers, wanted.text)


@routes.get("/tokenizers", summary="List the tokenizers that the library keeps")
def list_tokenizers(library: Opened) -> list[StoredTokenizer]:
    """Return the tokenizers by name."""
    return library.tokenizers()


@routes.post("/tokenizers", summary="Load a tokenizer into the library", status_code=202)
def load_tokenizer(library: Opened, wanted: TokenizerWanted, *, hf_token: HubToken = None) -> Job:
    """Start to load a tokenizer from the Hub, a path or the built-in example."""
    return library.load_tokenizer(wanted.name, revision=wanted.revision, hf_token=hf_token, source=wanted.source)

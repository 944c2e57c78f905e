"""Questions about recipes before a tokenization starts: previews, the texts of samples, cautions, estimates."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from mistudio_core.raw import open_splits
from mistudio_core.tokenization.packing.cautions import cautions, refusal_ahead
from mistudio_core.tokenization.packing.preset import resolve_policy
from mistudio_core.tokenization.previews.edges import look_at_edges
from mistudio_core.tokenization.previews.estimate import estimate
from mistudio_core.tokenization.previews.sampled import Sampled, sample
from mistudio_core.tokenization.previews.values import recipe_values
from mistudio_core.tokenization.recipes.recipe import Recipe
from mistudio_core.tokenization.texts.chat import dated
from mistudio_core.tokenization.texts.reader import TextReader
from mistudio_core.work.looks.opened import previewer, tokenizer_of


def preview(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the tokens of a text as columns, which are a third of the size of a list of records."""
    found = previewer(tokenizer_of(arguments["tokenizer"])).preview(_recipe(arguments), arguments["text"])
    columns = zip(*(dataclasses.astuple(token) for token in found.tokens), strict=True)
    return {
        "tokens": [list(column) for column in columns],
        "policy": dict(found.policy),
        "cautions": list(found.cautions),
    }


def cut(arguments: Mapping[str, Any]) -> list[list[Any]]:
    """Return the tokens of a text alone, as columns."""
    found = previewer(tokenizer_of(arguments["tokenizer"])).cut(arguments["text"])
    return [list(column) for column in zip(*(dataclasses.astuple(token) for token in found), strict=True)]


def source_text(arguments: Mapping[str, Any]) -> str | None:
    """Return the text that a recipe with a chat template makes of a sample, None where it skips it."""
    recipe, index = _recipe(arguments), arguments["index"]
    table = open_splits(Path(arguments["dataset"]))[arguments["split"]].read(index, index + 1, recipe.source_columns())
    texts = TextReader(recipe, tokenizer_of(arguments["tokenizer"])).read(table).kept
    return str(texts[0].as_py()) if len(texts) else None


def chat_date(arguments: Mapping[str, Any]) -> str | None:
    """Return the day of a recipe if its chat template asks for it: its own, else today."""
    day = date.fromisoformat(arguments["today"])
    return dated(_recipe(arguments), tokenizer_of(arguments["tokenizer"]), day).chat_date


def recipe_cautions(arguments: Mapping[str, Any]) -> list[str]:
    """Return what may not be meant about a recipe, alone or with a dataset."""
    recipe, tokenizer = _recipe(arguments), tokenizer_of(arguments["tokenizer"])
    if arguments["dataset"] is None:
        return cautions(recipe, resolve_policy(recipe, tokenizer), tokenizer)
    edges = look_at_edges(recipe, open_splits(Path(arguments["dataset"])), tokenizer)
    policy = resolve_policy(recipe, tokenizer)
    found = cautions(recipe, policy, tokenizer, edges.repeats, about=not edges.exact)
    return found + refusal_ahead(recipe, edges.refusal)


def values(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a recipe comes to, in words."""
    return recipe_values(_recipe(arguments), tokenizer_of(arguments["tokenizer"])).to_json()


def forecast(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return an estimate for each preset, and the share of samples that the recipe leaves out."""
    recipe, tokenizer = _recipe(arguments), tokenizer_of(arguments["tokenizer"])
    sampled = _sampled(arguments, recipe)

    def part(other: Recipe) -> Sampled:
        same = other.document_fields() == recipe.document_fields()
        return sampled if same else _sampled(arguments, other)

    found = estimate(recipe, part, tokenizer)
    return {"presets": [one.to_json() for one in found], "left_out": dict(sampled.left_out)}


def left_out(arguments: Mapping[str, Any]) -> dict[str, float | None]:
    """Return the share of samples that a recipe leaves out, by reason."""
    return dict(_sampled(arguments, _recipe(arguments)).left_out)


def _sampled(arguments: Mapping[str, Any], recipe: Recipe) -> Sampled:
    """Read a part of the data; `copies` of the arguments is the share of texts that have come before, if known."""
    copies = arguments["copies"] if recipe.drop_duplicates else None
    splits = open_splits(Path(arguments["dataset"]))
    return sample(recipe, splits, tokenizer_of(arguments["tokenizer"]), copies)


def _recipe(arguments: Mapping[str, Any]) -> Recipe:
    return Recipe.from_stored(arguments["recipe"])

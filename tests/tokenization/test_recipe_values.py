"""What a recipe comes to with a tokenizer, in words, compared with the policy that makes the sequences."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mistudio_core.errors import StudioError
from mistudio_core.tokenization.packing.preset import resolve_policy
from mistudio_core.tokenization.previews.answers import RecipeValues
from mistudio_core.tokenization.previews.values import recipe_values
from mistudio_core.tokenization.recipes.recipe import Recipe
from mistudio_core.tokenization.recipes.registry import presets
from mistudio_core.tokenization.tokenizer.stored import StoredTokenizer
from tests.support.tokenizer_families import family


def a_recipe(**fields: Any) -> Recipe:
    return Recipe.from_fields({"tokenizer": "any", "columns": ["text"], "context_length": 64} | fields)


def shown(found: RecipeValues) -> dict[str, tuple[str, bool]]:
    return {one.label: (one.value, one.changed) for one in found.values}


def test_tokens_are_named_with_their_part_and_their_id(tmp_path: Path) -> None:
    tokenizer = family(tmp_path, "own")
    assert shown(recipe_values(a_recipe(), tokenizer)) == {
        "Around each sequence": ("BOS <bos> (0) …", False),
        "Around each document": ("nothing", False),
        "After each document": ("EOS <eos> (1)", False),
        "Packing": ("joined, cut at 64, remainder dropped", False),
    }
    changed = shown(recipe_values(a_recipe(bos="never", separator=5, remainder="keep"), tokenizer))
    assert changed["Around each sequence"] == ("nothing", True)
    assert changed["After each document"] == ("id 5", True)
    assert changed["Packing"] == ("joined, cut at 64, remainder kept shorter", True)


def test_sequences_of_one_document_have_nothing_between_documents(tmp_path: Path) -> None:
    tokenizer = family(tmp_path, "wordpiece")
    found = shown(recipe_values(a_recipe(preset="per_document", stride=8), tokenizer))
    assert found == {
        "Around each sequence": ("CLS [CLS] (2) … SEP [SEP] (3)", False),
        "Packing": ("windows of 64 that share 8", True),
    }


@pytest.mark.parametrize("name", ["plain", "own", "wordpiece"])
def test_a_default_in_words_is_the_choice_that_gives_the_same_policy(tmp_path: Path, name: str) -> None:
    tokenizer = family(tmp_path, name)
    for preset in presets():
        recipe = a_recipe(preset=preset.name)
        try:
            found = recipe_values(recipe, tokenizer).defaults
        except StudioError:
            continue  # this tokenizer has no EOS
        assert set(found) <= preset.fields | {"dtype"}
        said = {"At each sequence": "row", "At each document": "document", "Never": "never"}
        if "bos" in found:
            _gives_the_same(recipe, tokenizer, bos=said[found["bos"]])
        own = {"Add": True, "Leave out": False}.get(found.get("add_special_tokens", ""))
        if own is not None:
            _gives_the_same(recipe, tokenizer, add_special_tokens=own)
        if preset.batch_rows is not None:
            assert found["batch_rows"] == f"{preset.batch_rows:,}"


def _gives_the_same(recipe: Recipe, tokenizer: StoredTokenizer, **fields: Any) -> None:
    """Say the default out loud, past the check that refuses what changes nothing."""
    said = Recipe(**recipe.values() | fields)
    assert resolve_policy(said, tokenizer) == resolve_policy(recipe, tokenizer), fields

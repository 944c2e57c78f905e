"""The documentation names every field of a recipe and of a manifest, every file, and every reason to skip a sample."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest

from mistudio_core.tokenization.recipes.recipe import Recipe
from mistudio_core.tokenization.recipes.registry import presets
from mistudio_core.tokenization.texts.reader import SKIP_REASONS
from tests.support.tokenized import tokenized
from tests.support.tokenizer_families import family

DOCUMENTATION = (Path(__file__).parent.parent.parent / "docs" / "tokenization.md").read_text()
NAMED = set(re.findall(r"`([^`\n]+)`", DOCUMENTATION))


def test_every_field_of_a_recipe_is_documented() -> None:
    assert sorted({field.name for field in dataclasses.fields(Recipe)} - NAMED) == []


@pytest.mark.parametrize("fields", [{}, {"preset": "saelens"}, {"preset": "per_document", "padding": "longest"}])
def test_every_file_and_every_field_of_a_manifest_is_documented(tmp_path: Path, fields: dict[str, str]) -> None:
    texts = ["water over the river"] * 20
    result = tokenized(tmp_path, texts, family(tmp_path / "kept", "own"), context_length=8, **fields)
    assert sorted(set(result.manifest) - NAMED) == []
    files = {re.sub(r"data-\d.*", "data-*.arrow", path.name) for path in result.folder.iterdir()}
    assert sorted(files - NAMED) == []


def test_presets_versions_and_reasons_are_documented() -> None:
    for preset in presets():
        assert f"**{preset.name}**" in DOCUMENTATION
        assert preset.peer_version is None or preset.peer_version in DOCUMENTATION
    assert ", ".join(SKIP_REASONS[1:]) in DOCUMENTATION

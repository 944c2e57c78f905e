"""The permutations of a shuffle: functions of the seed and the number of things alone."""

from __future__ import annotations

from typing import Any

import numpy as np

from mistudio_core.tokenization.packing.sequences import Places
from mistudio_core.tokenization.recipes.recipe import Recipe


def document_order(recipe: Recipe, place: int, num_documents: int) -> Places:
    """Return the order in which the documents of the split at `place` of the recipe's splits are packed."""
    return _generator(recipe, place).permutation(num_documents)


def sequence_order(recipe: Recipe, place: int, num_sequences: int) -> Places:
    """Return the order of a split's sequences: as `datasets.Dataset.shuffle` permutes one split."""
    if recipe.shuffle_seed is None or recipe.shuffle != "sequences":
        return np.arange(num_sequences)
    return _generator(recipe, place).permutation(num_sequences)


def _generator(recipe: Recipe, place: int) -> np.random.Generator:
    assert recipe.shuffle_seed is not None
    seed: Any = recipe.shuffle_seed if place == 0 else [recipe.shuffle_seed, place]
    return np.random.default_rng(seed)

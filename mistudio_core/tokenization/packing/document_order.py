"""The orders of a shuffle: functions of the seed and the number of things alone."""

from __future__ import annotations

from typing import Any

import numpy as np

from mistudio_core.tokenization.packing.bijection import Bijection
from mistudio_core.tokenization.packing.sequences import Places
from mistudio_core.tokenization.recipes.recipe import Recipe


def turns(recipe: Recipe, place: int, count: int) -> Bijection:
    """Return the turn of each of the `count` samples or sequences of the split at `place` of the recipe's splits."""
    assert recipe.shuffle_seed is not None
    return Bijection(count, recipe.shuffle_seed, place)


def document_order_1(recipe: Recipe, place: int, num_documents: int) -> Places:
    """Return the order in which rule 1 packed the documents of a split."""
    return _generator(recipe, place).permutation(num_documents)


def sequence_order_1(recipe: Recipe, place: int, num_sequences: int) -> Places:
    """Return the order in which rule 1 put a split's sequences: as `datasets.Dataset.shuffle` permutes one split."""
    return _generator(recipe, place).permutation(num_sequences)


def _generator(recipe: Recipe, place: int) -> np.random.Generator:
    assert recipe.shuffle_seed is not None
    seed: Any = recipe.shuffle_seed if place == 0 else [recipe.shuffle_seed, place]
    return np.random.default_rng(seed)

"""The orders of a shuffle: functions of the seed and the number of things alone."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from mistudio_core.tokenization.packing.bijection import Bijection, Numbers
from mistudio_core.tokenization.packing.sequences import Places
from mistudio_core.tokenization.recipes.recipe import Recipe

_ORDERS_KEPT: Final = 4
"""Splits whose order is remembered, at 8 bytes for each document."""


class Table:
    """The permutation of rule 1, which is a table of all numbers: as `datasets.Dataset.shuffle` permutes one split."""

    def __init__(self, order: Places) -> None:
        """Take which number comes to each place."""
        self._order = order

    def forward(self, numbers: npt.NDArray[np.integer]) -> Numbers:
        """Return where each number goes."""
        return np.argsort(self._order)[numbers].astype(np.uint64)

    def backward(self, places: npt.NDArray[np.integer]) -> Numbers:
        """Return which number comes to each place."""
        return self._order[places].astype(np.uint64)


def sequence_turns(recipe: Recipe, place: int, count: int, rule: int | None) -> Bijection | Table:
    """Return the turn of each of the `count` sequences of the split at `place` of the recipe's splits."""
    return Table(document_order_1(recipe, place, count)) if rule == 1 else document_turns(recipe, place, count)


def document_turns(recipe: Recipe, place: int, num_samples: int) -> Bijection:
    """Return the turn of the document of each sample of the split at `place` of the recipe's splits, by rule 2."""
    assert recipe.shuffle_seed is not None
    return Bijection(num_samples, recipe.shuffle_seed, place)


def document_order_1(recipe: Recipe, place: int, count: int) -> Places:
    """Return the order in which rule 1 put the documents, or the sequences, of a split."""
    assert recipe.shuffle_seed is not None
    return _permutation(recipe.shuffle_seed, place, count)


@lru_cache(maxsize=_ORDERS_KEPT)
def _permutation(shuffle_seed: int, place: int, count: int) -> Places:
    seed: Any = shuffle_seed if place == 0 else [shuffle_seed, place]
    return np.random.default_rng(seed).permutation(count)

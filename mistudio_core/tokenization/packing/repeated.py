"""Tokens that would stand twice: a document begins or ends with a control token that the recipe adds there, too."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from mistudio_core.tokenization.engines.encoded import Encoded
from mistudio_core.tokenization.packing.policy import Policy
from mistudio_core.tokenization.packing.preset import packing_preset
from mistudio_core.tokenization.recipes.recipe import Recipe
from mistudio_core.tokenization.tokenizer.stored import StoredTokenizer

Ids = frozenset[int]


@dataclass(frozen=True, slots=True)
class Repeats:
    """How many documents begin (`first`) and end (`last`) with each of the tokens that are added there, too.

    The keys are ids as texts, the form in which JSON keeps them.
    """

    first: Mapping[str, int] = field(default_factory=dict)
    last: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def total(cls, parts: Iterable[Repeats]) -> Repeats:
        """Return the sums of several counts."""
        sums: tuple[dict[str, int], dict[str, int]] = {}, {}
        for part in parts:
            for counts, more in zip(sums, (part.first, part.last), strict=True):
                for ident, count in more.items():
                    counts[ident] = counts.get(ident, 0) + count
        return cls(*sums)


def added_ids(recipe: Recipe, policy: Policy, tokenizer: StoredTokenizer) -> tuple[Ids, Ids]:
    """Return the control tokens that a recipe puts right before a document, and right after it."""
    control = frozenset(tokenizer.control.values())
    around = packing_preset(recipe).added_around(recipe, policy)
    return control.intersection(around.before), control.intersection(around.after)


class RepeatCounter:
    """Counts the documents of one shard that begin or end with a token that is added there, too."""

    def __init__(self, before: Ids, after: Ids) -> None:
        """Take the ids that are added before and after documents."""
        self._wanted = [np.array(sorted(ids), np.uint32) for ids in (before, after)]
        self._counts = [np.zeros(len(ids), np.int64) for ids in self._wanted]

    def add(self, documents: Encoded, used: int) -> None:
        """Count the first `used` of these documents."""
        if not any(len(ids) for ids in self._wanted):
            return
        offsets = documents.offsets[: used + 1]
        begins, ends = offsets[:-1], offsets[1:]
        filled = ends > begins
        for counts, wanted, places in zip(self._counts, self._wanted, (begins, ends - 1), strict=True):
            at_edge = documents.ids[places[filled]]
            for number, ident in enumerate(wanted):
                counts[number] += np.count_nonzero(at_edge == ident)

    def result(self) -> Repeats:
        """Return the counts so far."""
        return Repeats(*(_by_id(ids, counts) for ids, counts in zip(self._wanted, self._counts, strict=True)))


def _by_id(ids: npt.NDArray[np.uint32], counts: npt.NDArray[np.int64]) -> dict[str, int]:
    return {str(ident): count for ident, count in zip(ids.tolist(), counts.tolist(), strict=True) if count}

"""The plan: which samples make which shard. A function of the data and the recipe alone, never of the machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np

from mistudio_core.errors import invalid
from mistudio_core.raw import RawSplit
from mistudio_core.tokenization.engines.encoded import ends_of
from mistudio_core.tokenization.packing.peers import emulated_parts
from mistudio_core.tokenization.packing.preset import packing_preset
from mistudio_core.tokenization.packing.sequences import Places
from mistudio_core.tokenization.recipes.recipe import Recipe

SHARD_BYTES: Final = 64 << 20
"""Most text of one shard: enough to hide the cost of a shard, little enough to lose in a crash."""
LEAST_SHARD_BYTES: Final = 4 << 20
SHARDS_WANTED: Final = 16
"""Small data is cut finer, so that every thread has work and a page sees it move."""


@dataclass(frozen=True, slots=True)
class Shard:
    """The samples `[first, last)` of a split; `index` counts through all splits."""

    index: int
    split: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Plan:
    """The shards in order and the samples of each split."""

    splits: Mapping[str, int]
    shards: tuple[Shard, ...]

    def of_split(self, split: str) -> tuple[Shard, ...]:
        """Return the shards of one split."""
        return tuple(shard for shard in self.shards if shard.split == split)

    def to_json(self) -> dict[str, Any]:
        """Return the plan as JSON takes it."""
        return {"splits": dict(self.splits), "shards": [asdict(shard) for shard in self.shards]}


def make_plan(splits: Mapping[str, RawSplit], recipe: Recipe, *, shard_bytes: int | None = None) -> Plan:
    """Cut the recipe's splits into shards of about `shard_bytes`, at whole batches where the preset needs them."""
    if shard_bytes is None:
        total = sum(group.num_bytes for name in recipe.splits for group in splits[name].row_groups)
        shard_bytes = min(SHARD_BYTES, max(LEAST_SHARD_BYTES, total // SHARDS_WANTED))
    shards: list[Shard] = []
    for name in recipe.splits:
        split = splits[name]
        for first, last in pairwise(_cuts(split, recipe, shard_bytes)):
            shards.append(Shard(len(shards), name, first, last))
    return Plan({name: splits[name].num_samples for name in recipe.splits}, tuple(shards))


def part_bounds(total: int, parts: int) -> Places:
    """Return where each of `parts` about equal parts begins, and the end: as `numpy.array_split` cuts."""
    size, longer = divmod(total, parts)
    return ends_of(np.array([size + 1] * longer + [size] * (parts - longer), np.int64))


def plan_like(splits: Mapping[str, RawSplit], recipe: Recipe, made: Mapping[str, Any]) -> Plan:
    """Return the plan by which a tokenization was made, from its manifest, for the same samples in any other files.

    Raises `invalid_request` where the splits have other numbers of samples. Beyond a token budget that was met, where
    the manifest names no shards, the seams are new.
    """
    shards: list[Shard] = []
    for name in recipe.splits:
        count, there = made["splits"].get(name, {}).get("num_samples"), splits[name].num_samples
        if count != there:
            raise invalid(
                f"The split {name!r} has {there:,} samples, and that of the tokenization {count or 0:,}.",
                "Plan like a tokenization of the same samples.",
            )
        seams = {shard["first"] for shard in made["plan"] if shard["split"] == name}
        last = max((shard["last"] for shard in made["plan"] if shard["split"] == name), default=0)
        seams |= {seam for seam in _cuts(splits[name], recipe, SHARD_BYTES) if seam > last} | {0, last, there}
        shards += [Shard(len(shards) + at, name, *ends) for at, ends in enumerate(pairwise(sorted(seams)))]
    return Plan({name: splits[name].num_samples for name in recipe.splits}, tuple(shards))


def _cuts(split: RawSplit, recipe: Recipe, shard_bytes: int) -> list[int]:
    """Return the seams of a split, from 0 to its number of samples."""
    if not split.num_samples:
        return [0]
    rows = packing_preset(recipe).rows_a_batch(recipe)
    parts = [0, split.num_samples] if rows is None else emulated_parts(split.num_samples, recipe.emulate_num_proc)
    align = rows or 1
    wanted = _seams_by_bytes(split, shard_bytes)
    seams = set(parts)
    for start, end in pairwise(parts):
        inside = (start + -(-(seam - start) // align) * align for seam in wanted if start < seam < end)
        seams.update(seam for seam in inside if seam < end)
    return sorted(seams)


def _seams_by_bytes(split: RawSplit, shard_bytes: int) -> Sequence[int]:
    seams, filled = [], 0
    for group in split.row_groups:
        if filled >= shard_bytes:
            seams.append(group.first)
            filled = 0
        filled += group.num_bytes
    return seams

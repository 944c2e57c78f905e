"""A token budget: where in the order of the samples the sequences hold exactly so many tokens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mistudio_core.tokenization.pipeline.sequence_sink import Packed
from mistudio_core.tokenization.pipeline.task import Task


@dataclass(frozen=True, slots=True)
class Cut:
    """The shard in which the budget is met, and how many tokens it may use (in the unit of its packer)."""

    index: int
    limit: int


def find_cut(task: Task, packed: Mapping[int, Packed]) -> Cut | None:
    """Return where the budget is met, judging by the shards known so far; None as long as it is not.

    Shards count only up to the first one that is not known, so the answer does not depend on their order of coming.
    """
    left = task.recipe.token_budget
    if left is None:
        return None
    for split in task.plan.splits:
        limit = task.preset.budget(task.recipe, task.policy, left)
        used = 0
        for shard in task.plan.of_split(split):
            if shard.index not in packed:
                return None
            here = packed[shard.index].used_tokens
            if used + here >= limit:
                return Cut(shard.index, limit - used)
            used += here
        left -= _sequence_tokens(task, used, split, packed)
    return None


def _sequence_tokens(task: Task, used: int, split: str, packed: Mapping[int, Packed]) -> int:
    """Return the tokens that the sequences of a whole split hold."""
    if not task.preset.joins_shards:
        return sum(packed[shard.index].sequence_tokens for shard in task.plan.of_split(split))
    sequences, rest = divmod(used, task.policy.content_length)
    extra = task.policy.sequence_length - task.policy.content_length
    return sequences * task.policy.sequence_length + (rest + extra if rest and task.recipe.remainder != "drop" else 0)

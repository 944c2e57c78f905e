"""A preset with its rule: what a recipe comes to, how documents become sequences, and what stands round them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from mistudio_core.errors import invalid
from mistudio_core.tokenization.packing.policy import Few, Policy
from mistudio_core.tokenization.packing.stream import Packer
from mistudio_core.tokenization.recipes.recipe import Recipe
from mistudio_core.tokenization.recipes.registry import Preset, preset
from mistudio_core.tokenization.tokenizer.stored import StoredTokenizer

_UINT16_IDS: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class Around:
    """Ids on the two sides of a document."""

    before: Few
    after: Few


class PackingPreset(Preset, ABC):
    """A preset: two rules to write, and facts that the rest of the pipeline goes by.

    The defaults are those of documents that are joined within a shard and lose what fills no sequence.
    """

    joins_shards: bool = False
    """Whether the documents of a split are one stream: what fills no sequence of a shard is the packer's `tail`, and
    the tails of all shards are packed at the end, as the recipe's `remainder` says."""
    compares_ids: bool = False
    """Whether a token is put in only where the next one is another: where such ids stand in documents is then stored,
    so that the sequences can be traced to their samples."""
    encodes_between_separators: bool = False
    """Whether the separator is written as text at both ends of a document when it is encoded, and then removed."""
    separator_place: Literal["after", "between", "before"] = "between"
    """Whether the separator stands after each document, between two of them, or before each."""

    @abstractmethod
    def resolve(self, recipe: Recipe, tokenizer: StoredTokenizer, common: Policy) -> Policy:
        """Return `common` with the ids that the recipe asks for; raise `invalid_request` naming the field at fault."""

    @abstractmethod
    def packer(self, recipe: Recipe, policy: Policy, num_samples: int, limit: int | None = None) -> Packer:
        """Return a new packer for one shard of a split of `num_samples`; it stops at `limit` used tokens."""

    def is_alone(self, recipe: Recipe) -> bool:  # noqa: ARG002 - some presets look
        """Tell whether each sequence holds one document, so that what is lost is cut from documents."""
        return False

    def budget(self, recipe: Recipe, policy: Policy, tokens: int) -> int:  # noqa: ARG002
        """Return the limit of a packer for `tokens` tokens in sequences: by default those of complete sequences."""
        return tokens // policy.sequence_length * policy.sequence_length

    def packing_in_words(self, recipe: Recipe, policy: Policy) -> str:
        """Return how documents become sequences with this recipe, in a few words."""
        rows = self.rows_a_batch(recipe)
        batch = "" if rows is None else f"in batches of {rows:,} documents, "
        return f"joined {batch}cut at {policy.sequence_length:,}"

    def cautions(self, recipe: Recipe, policy: Policy) -> list[str]:  # noqa: ARG002
        """Return sentences on what may not be meant."""
        return []

    def rows_a_batch(self, recipe: Recipe) -> int | None:
        """Return the documents of one batch where sequences depend on batches, else None."""
        return None if self.batch_rows is None else recipe.batch_rows or self.batch_rows

    def shown_around(self, policy: Policy, own: Sequence[int]) -> Around:
        """Return what stands round a document with the ids `own` that is alone in a sequence: what a preview shows."""
        before = [*policy.separator * (self.separator_place == "before"), *policy.document_start]
        for prefix in (policy.begin_sequence, policy.sequence_start):
            if not self.compares_ids or list(prefix) != [*before, *own][:1]:
                before = [*prefix, *before]
        after = policy.separator * (self.separator_place == "after")
        return Around(tuple(before), (*policy.document_end, *after, *policy.sequence_end))

    def added_around(self, recipe: Recipe, policy: Policy) -> Around:
        """Return the ids that are put right before and right after documents, whatever stands there already."""
        after = (*policy.document_end, *policy.separator, *policy.sequence_end)
        if self.compares_ids:
            return Around(policy.document_start, after)
        joined = () if self.is_alone(recipe) else policy.separator
        return Around((*policy.sequence_start, *policy.document_start, *joined), after)

    def seams(self, policy: Policy) -> Around:
        """Return the ids that tell where one document ends and the next begins: first ids, and last ids."""
        first = (*policy.document_start[:1], *policy.begin_sequence[:1])
        last = policy.document_end[-1:]
        if self.separator_place == "before":
            return Around((*policy.separator[:1], *first), last)
        return Around(first, (*policy.separator[-1:], *last))


def packing_preset(recipe: Recipe) -> PackingPreset:
    """Return the preset of a recipe with its rule."""
    found = preset(recipe.preset)
    assert isinstance(found, PackingPreset), f"{found.name} has no rule"
    return found


def resolve_policy(recipe: Recipe, tokenizer: StoredTokenizer) -> Policy:
    """Return what the recipe comes to; raise `invalid_request` naming the field that the tokenizer cannot follow."""
    dtype = "int32" if recipe.dtype == "int32" else "uint16" if tokenizer.vocab_size <= _UINT16_IDS else "uint32"
    common = Policy(recipe.context_length, padding_side=recipe.padding_side, dtype=dtype)
    policy = packing_preset(recipe).resolve(recipe, tokenizer, common)
    least_content = recipe.stride + 1
    if policy.content_length < least_content:
        raise invalid(
            f"context_length is {policy.sequence_length:,}, which leaves too little room beside the special tokens.",
            f"Use at least {policy.sequence_length - policy.content_length + least_content:,}.",
        )
    return policy

"""A preset that the project does not have: EOS before each document, cut within a shard, the rest lost."""

from __future__ import annotations

from dataclasses import replace

from mistudio_core.tokenization.packing.peers import BatchPacker, BatchSeams
from mistudio_core.tokenization.packing.policy import Policy
from mistudio_core.tokenization.packing.preset import PackingPreset
from mistudio_core.tokenization.packing.sequences import NO_SEQUENCES, Sequences
from mistudio_core.tokenization.packing.special_tokens import required_eos
from mistudio_core.tokenization.packing.stream import Documents, Packer, StreamCutter, surrounded
from mistudio_core.tokenization.recipes.recipe import Recipe
from mistudio_core.tokenization.tokenizer.stored import StoredTokenizer


class Toy(PackingPreset):
    """All that a preset has to say, and no more."""

    name = "toy"
    title = "A toy"
    summary = "Documents after one another, each behind an EOS."
    separator_place = "before"
    snippet = "# toy: {num_tokens} tokens\n{sequences}\n"

    def resolve(self, recipe: Recipe, tokenizer: StoredTokenizer, common: Policy) -> Policy:
        """Put EOS before each document."""
        return replace(common, separator=(required_eos(recipe, tokenizer),))

    def packer(self, recipe: Recipe, policy: Policy, num_samples: int, limit: int | None = None) -> Packer:
        """Return a packer that takes a whole shard for one batch."""
        return ToyPacker(policy, BatchSeams(max(1, num_samples), [0, num_samples]), limit)

    def cautions(self, recipe: Recipe, policy: Policy) -> list[str]:
        """Say what it is."""
        return ["This preset is a toy."]


class ToyPacker(BatchPacker):
    """Cuts the stream of a shard."""

    def __init__(self, policy: Policy, seams: BatchSeams, limit: int | None = None) -> None:
        """Start with an empty stream."""
        super().__init__(policy, seams, limit)
        self._cutter = StreamCutter(policy.content_length)

    def _add(self, documents: Documents, *, starts: bool) -> Sequences:
        return self._cutter.add(*surrounded(documents.encoded, self._policy.separator, ()))

    def _end_batch(self) -> Sequences:
        return NO_SEQUENCES


TOY = Toy()

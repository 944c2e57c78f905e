"""The preset `continuous`: documents joined and cut into full sequences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import numpy as np

from mistudio_core.tokenization.packing.policy import Few, Policy
from mistudio_core.tokenization.packing.preset import PackingPreset
from mistudio_core.tokenization.packing.sequences import NO_SEQUENCES, Sequences
from mistudio_core.tokenization.packing.special_tokens import bos_id, named_token, own_specials, pad_id, written_edges
from mistudio_core.tokenization.packing.stream import Documents, Packer, Stream, StreamCutter, surrounded
from mistudio_core.tokenization.recipes.columns import holds_conversations
from mistudio_core.tokenization.recipes.recipe import Recipe
from mistudio_core.tokenization.tokenizer.stored import StoredTokenizer


class Continuous(PackingPreset):
    """All documents of a split in one stream, cut every so many tokens."""

    name = "continuous"
    title = "Continuous"
    summary = "BOS at each start if there is one, EOS after each document; only the last part of a sequence is dropped."
    position = 10
    fields = frozenset(
        {"bos", "separator", "add_special_tokens", "control_tokens", "remainder", "padding_side", "padding_column",
         "shuffle"}
    )  # fmt: skip
    joins_shards = True
    separator_place = "after"

    def resolve(self, recipe: Recipe, tokenizer: StoredTokenizer, common: Policy) -> Policy:
        """Put the BOS at each sequence where the tokenizer has one, and EOS after each document."""
        start, end = own_specials(recipe, tokenizer, by_default=False)
        sequence_start: Few = ()
        if recipe.bos == "row":
            sequence_start = (bos_id("bos", tokenizer),)
        elif recipe.bos == "auto" and not recipe.add_special_tokens and recipe.chat is None:
            sequence_start = tokenizer.prefix
        ends = (*end, *written_edges(recipe, tokenizer)[1][-1:])
        eos = () if tokenizer.eos_id is None or tokenizer.eos_id in ends else (tokenizer.eos_id,)
        separator = eos if recipe.separator == "auto" else named_token("separator", recipe.separator, tokenizer)
        return replace(
            common,
            sequence_start=sequence_start,
            document_start=start,
            document_end=end,
            separator=separator,
            pad_id=pad_id(tokenizer) if recipe.remainder == "pad" else None,
            fixed=recipe.remainder != "keep",
        )

    def packer(self, recipe: Recipe, policy: Policy, num_samples: int, limit: int | None = None) -> Packer:  # noqa: ARG002
        """Return a packer that leaves its tail to the others."""
        return ContinuousPacker(policy, limit)

    def budget(self, recipe: Recipe, policy: Policy, tokens: int) -> int:
        """Return the tokens of the stream: what stands round sequences is no part of it."""
        sequences, rest = divmod(tokens, policy.sequence_length)
        extra = policy.sequence_length - policy.content_length
        return sequences * policy.content_length + (max(0, rest - extra) if recipe.remainder != "drop" else 0)

    def packing_in_words(self, recipe: Recipe, policy: Policy) -> str:
        """Return how the stream is cut, and what becomes of its end."""
        end = {"drop": "dropped", "keep": "kept shorter", "pad": "padded"}[recipe.remainder]
        return f"joined, cut at {policy.sequence_length:,}, remainder {end}"

    def implied(self, values: Mapping[str, Any]) -> dict[str, tuple[Any, ...]]:
        """Return what is done by default: no tokens of the tokenizer's own, and EOS after texts."""
        found: dict[str, tuple[Any, ...]] = {"add_special_tokens": (False,)}
        if not values["add_special_tokens"] and holds_conversations(values) is not None:
            found |= {"bos": ("never",)} if holds_conversations(values) else {"separator": ("eos",)}
        return found


class ContinuousPacker:
    """Puts all documents in one stream; what fills no sequence at the end is the tail.

    The stream is, for each document, `document_start`, its ids, `document_end` and the separator.
    """

    def __init__(self, policy: Policy, limit: int | None = None) -> None:
        """Start with an empty stream; it ends after `limit` tokens."""
        self._start = policy.document_start
        self._end = (*policy.document_end, *policy.separator)
        self._cutter = StreamCutter(policy.content_length, policy.sequence_start, policy.sequence_end)
        self.used_tokens = 0
        self.repeated = self.cut = 0
        self.limit = limit
        self.unused_documents = 0

    def add(self, documents: Documents) -> Sequences:
        """Append documents and return the sequences that are full now."""
        ids, begins, ends = surrounded(documents.encoded, self._start, self._end)
        if self.limit is not None and self.used_tokens + len(ids) > self.limit:
            keep = self.limit - self.used_tokens
            used = np.searchsorted(begins - len(self._start), keep)
            self.unused_documents = len(documents) - int(used)
            self.cut += int(np.maximum(ends[:used] - np.maximum(begins[:used], keep), 0).sum())
            ids, begins, ends = ids[:keep], np.minimum(begins, keep), np.minimum(ends, keep)
        self.used_tokens += len(ids)
        return self._cutter.add(ids, begins, ends)

    def finish(self) -> Sequences:
        """Return nothing: the tail is packed with those of the other shards."""
        return NO_SEQUENCES

    def tail(self) -> Stream:
        """Return the tokens that fill no sequence, and where documents begin and end in them."""
        return self._cutter.take()


PRESET: Final = Continuous()

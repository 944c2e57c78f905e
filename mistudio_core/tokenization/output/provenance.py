"""Where the tokens of a sequence come from: worked out from document lengths and the packing rule, not stored."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any, Final

import numpy as np

from mistudio_core.errors import StudioError
from mistudio_core.manifest_files import must_hold_its_files, tokenization_manifest
from mistudio_core.tokenization.output.shard_sequences import Mark, PackedSequences, Shard, Source, StreamedSequences
from mistudio_core.tokenization.packing.document_order import document_order_1, document_turns, sequence_turns
from mistudio_core.tokenization.packing.plan import part_bounds
from mistudio_core.tokenization.packing.policy import Policy
from mistudio_core.tokenization.packing.preset import packing_preset
from mistudio_core.tokenization.packing.sequences import Places
from mistudio_core.tokenization.recipes.recipe import Recipe
from mistudio_core.tokenization.texts.reader import USED, skip_code

_KEPT_DOCUMENTS: Final = 1 << 20
"""Of so many documents what their sequences are made of stays known, about 100 bytes each; of one shard in any case."""


class Provenance:
    """Answers for a finished tokenization which samples each sequence is made of; needs its folder and nothing else."""

    def __init__(self, folder: Path) -> None:
        """Open the folder; raise `not_found` when it holds no tokenization, `corrupt_data` for a damaged one."""
        manifest = tokenization_manifest(folder)
        if manifest is None:
            raise StudioError("not_found", f"There is no tokenization in {folder.name!r}.", "Check the id.")
        must_hold_its_files(folder, manifest)
        self.manifest: Mapping[str, Any] = manifest
        self.recipe = Recipe.from_stored(manifest["recipe"])
        self.policy = Policy.from_json(manifest["policy"])
        self._preset = packing_preset(self.recipe)
        self._folder = folder
        self._lock = Lock()
        self._kept: OrderedDict[tuple[str, int], StreamedSequences | PackedSequences] = OrderedDict()

    def sources(self, sequence: int) -> tuple[Source, ...]:
        """Return the pieces of a sequence, in their order; raise `invalid_request` beyond the last sequence.

        The first sequence of a shard takes longer than those near it. Any number of threads may ask.
        """
        split, number = self._place(sequence)
        with self._lock:
            if self.recipe.shuffle_seed is not None and self.recipe.shuffle == "sequences":
                number = self._before_shuffle(split, number)
            if self._preset.joins_shards:
                return tuple(self._of_stream(split, number))
            for place, planned in enumerate(self._planned(split)):
                if number < planned["num_sequences"]:
                    return self._packed(split, place).sources(number)
                number -= planned["num_sequences"]
        raise AssertionError(sequence)

    def _place(self, sequence: int) -> tuple[str, int]:
        if sequence < 0 or sequence >= self.manifest["num_sequences"]:
            raise StudioError(
                "invalid_request",
                f"There is no sequence {sequence:,}.",
                f"Sequences go from 0 to {self.manifest['num_sequences'] - 1:,}.",
            )
        for split, facts in self.manifest["splits"].items():
            if sequence < facts["num_sequences"]:
                return split, sequence
            sequence -= facts["num_sequences"]
        raise AssertionError(sequence)

    @property
    def _shuffle_rule(self) -> int:
        return int(self.manifest.get("shuffle_rule", 1))

    def _before_shuffle(self, split: str, number: int) -> int:
        """Return the number that a sequence had before the sequences of its split were shuffled."""
        count = self.manifest["splits"][split]["num_sequences"]
        turns = sequence_turns(self.recipe, self._split_place(split), count, self._shuffle_rule)
        return int(turns.backward(np.array([number]))[0])

    def _split_place(self, split: str) -> int:
        return list(self.manifest["splits"]).index(split)

    def _planned(self, split: str) -> list[Mapping[str, Any]]:
        return [shard for shard in self.manifest["plan"] if shard["split"] == split]

    def _streamed(self, split: str, place: int) -> StreamedSequences:
        kept = self._cached_sequences(split, place, lambda: StreamedSequences(self._shard(split, place), self.policy))
        assert isinstance(kept, StreamedSequences)
        return kept

    def _packed(self, split: str, place: int) -> PackedSequences:
        def made() -> PackedSequences:
            shard = self._shard(split, place)
            num_samples = self.manifest["splits"][split]["num_samples"]
            packer = self._preset.packer(self.recipe, self.policy, num_samples, shard.limit)
            to_the_right = self.recipe.padding == "longest" and self.recipe.padding_side == "left"
            width = self.manifest["context_length"] if to_the_right else None
            return PackedSequences(shard, packer, self._marks_of(split), width)

        kept = self._cached_sequences(split, place, made)
        assert isinstance(kept, PackedSequences)
        return kept

    def _cached_sequences(
        self, split: str, place: int, make: Callable[[], StreamedSequences | PackedSequences]
    ) -> StreamedSequences | PackedSequences:
        """Return the sequences of a shard, the last ones asked for from memory."""
        key = split, place
        if key not in self._kept:
            self._kept[key] = make()
            documents = [len(sequences.shard.samples) for sequences in self._kept.values()]
            while len(documents) > 1 and sum(documents) > _KEPT_DOCUMENTS:
                self._kept.popitem(last=False)
                del documents[0]
        self._kept.move_to_end(key)
        return self._kept[key]

    def _shard(self, split: str, place: int) -> Shard:
        """Return a shard of a split, by its place among them, with the documents that it packed."""
        planned = self._planned(split)
        shard = planned[place]
        if self.recipe.shuffle_seed is None or self.recipe.shuffle != "documents":
            return Shard.of_plan(shard, *self._documents(split, shard["first"], shard["last"]))
        count = self.manifest["splits"][split]["num_samples"]
        samples, lengths = self._documents(split, 0, count)
        if self._shuffle_rule == 1:
            order = document_order_1(self.recipe, self._split_place(split), len(samples))
            mine = np.array_split(order, len(planned))[place]
            return Shard.of_plan(shard, samples[mine], lengths[mine])
        begin, end = part_bounds(count, len(planned))[place : place + 2].tolist()
        turns = document_turns(self.recipe, self._split_place(split), count)
        mine = turns.backward(np.arange(begin, end)).astype(np.int64)
        all_lengths = np.full(count, -1, np.int64)  # -1 where a sample gave no document
        all_lengths[samples] = lengths
        mine = mine[all_lengths[mine] >= 0]
        return Shard.of_plan(shard, mine, all_lengths[mine])

    def _documents(self, split: str, first: int, last: int) -> tuple[Places, Places]:
        """Return the samples of a range that gave tokens, and how many each."""
        before = 0
        for name, facts in self.manifest["splits"].items():
            if name == split:
                break
            before += facts["num_samples"]
        skipped = np.fromfile(self._folder / "skipped", np.uint8, last - first, offset=before + first)
        lengths = np.fromfile(self._folder / "lengths", np.uint32, last - first, offset=4 * (before + first))
        used = skipped == USED
        if self.recipe.shuffle_seed is not None and self.recipe.shuffle == "documents":
            used |= skipped == skip_code("token_budget")  # they have their turn, but it never came
        return np.flatnonzero(used) + first, lengths[used].astype(np.int64)

    def _of_stream(self, split: str, number: int) -> Iterator[Source]:
        """Yield the pieces of a sequence cut from a stream; after the shards' sequences come those of the tails."""
        room, start = self.policy.content_length, len(self.policy.sequence_start)
        shards = self._planned(split)
        loose = number - sum(shard["num_sequences"] for shard in shards)
        begin, end = loose * room, (loose + 1) * room  # where the sequence lies in the joined tails
        if loose >= 0 and self.recipe.remainder == "pad" and self.policy.padding_side == "left":
            tails = sum(shard["used_tokens"] - shard["num_sequences"] * room for shard in shards)
            start += max(0, end - tails)
        for place, shard in enumerate(shards):
            if loose < 0:
                if number < shard["num_sequences"]:
                    yield from self._streamed(split, place).between(number * room, (number + 1) * room, start)
                    return
                number -= shard["num_sequences"]
                continue
            cut = shard["num_sequences"] * room
            tail = shard["used_tokens"] - cut
            first, last = max(begin, 0), min(end, tail)
            if first < last:
                yield from self._streamed(split, place).between(cut + first, cut + last, start + first - begin)
            begin, end = begin - tail, end - tail

    def _marks_of(self, split: str) -> list[Mark]:
        """Return where documents hold ids that the rule of packing compares with: sample, place and id."""
        if not self._preset.compares_ids:
            return []
        return self._marks[split]

    @cached_property
    def _marks(self) -> dict[str, list[Mark]]:
        marks = np.fromfile(self._folder / "marks", np.uint32).reshape(-1, 3)
        found = {}
        for split, count in self.manifest["marks"].items():
            found[split] = [(int(mark[0]), int(mark[1]), int(mark[2])) for mark in marks[:count]]
            marks = marks[count:]
        return found

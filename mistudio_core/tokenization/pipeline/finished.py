"""What the steps of a tokenization have finished so far, read from their receipts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate
from pathlib import Path

from mistudio_core.tokenization.pipeline.budget import Cut, find_cut
from mistudio_core.tokenization.pipeline.repack import read_packed
from mistudio_core.tokenization.pipeline.sequence_sink import Packed
from mistudio_core.tokenization.pipeline.shards import Receipt
from mistudio_core.tokenization.pipeline.tails import Tails
from mistudio_core.tokenization.pipeline.task import Task
from mistudio_core.tokenization.pipeline.writers import WrittenFile


@dataclass(frozen=True)
class Finished:
    """The shards that count, in order: their receipts, and what packing came to by number.

    With a token budget that is met, shards beyond it do not count. Shuffled documents count all as shards, and those
    parts as packed that are within the budget.
    """

    task: Task
    receipts: Sequence[Receipt]
    packed: Mapping[int, Packed]

    @classmethod
    def read(cls, task: Task, known: Mapping[int, Receipt] | None = None) -> Finished:
        """Read the receipts, but for those that are `known`."""
        receipts = read_receipts(task) if known is None else dict(known)
        if task.shuffles_documents:
            packed = read_all_packed(task)
            cut = find_cut(task, packed)
            if cut is not None and (last := read_packed(task, cut.index, "recut")) is not None:
                packed = {index: one for index, one in packed.items() if index < cut.index} | {cut.index: last}
            return cls(task, [receipts[index] for index in sorted(receipts)], packed)
        cut = find_cut(task, packed_of(receipts))
        if cut is not None and (shard := Receipt.read(task, cut.index, "cut")) is not None:
            receipts = {index: one for index, one in receipts.items() if index < cut.index} | {cut.index: shard}
        return cls(task, [receipts[index] for index in sorted(receipts)], packed_of(receipts))

    def again(self) -> Finished:
        """Return the same when more stages are done, without reading the receipts of shards once more."""
        return replace(self)

    @cached_property
    def by_index(self) -> dict[int, Receipt]:
        """The shards that count by number."""
        return {receipt.index: receipt for receipt in self.receipts}

    def side(self, receipt: Receipt) -> Path:
        """Return the side file of the step that encoded a shard."""
        return self.task.part(receipt.index, "side", receipt.stage)

    def files(self, place: int) -> list[tuple[Path, WrittenFile]]:
        """Return the files of the split at `place` as they were packed, in order, the tails last."""
        return self._files[place]

    def firsts(self, place: int) -> list[int]:
        """Return the number of the first sequence of each of those files, and how many there are."""
        return list(accumulate((written.num_sequences for _, written in self._files[place]), initial=0))

    @cached_property
    def _files(self) -> list[list[tuple[Path, WrittenFile]]]:
        found = []
        for place, split in enumerate(self.task.plan.splits):
            written = [self.packed[s.index].written for s in self.task.plan.of_split(split) if s.index in self.packed]
            if self.task.preset.joins_shards and (tails := Tails.read(self.task, place)) is not None:
                written.append(tails.written)
            found.append([(self.task.work / one.file, one) for one in written])
        return found


def read_receipts(task: Task) -> dict[int, Receipt]:
    """Return the receipts of the shards that are encoded, by number."""
    return {shard.index: found for shard in task.plan.shards if (found := Receipt.read(task, shard.index)) is not None}


def read_all_packed(task: Task) -> dict[int, Packed]:
    """Return what repacking came to for the shards that are repacked."""
    return {shard.index: found for shard in task.plan.shards if (found := read_packed(task, shard.index)) is not None}


def packed_of(receipts: Mapping[int, Receipt]) -> dict[int, Packed]:
    """Return what packing came to where documents are packed as they are encoded."""
    return {index: receipt.packed for index, receipt in receipts.items() if receipt.packed is not None}


def cut_of(task: Task) -> Cut | None:
    """Return where a token budget is met, by the receipts that there are."""
    return find_cut(task, read_all_packed(task) if task.shuffles_documents else packed_of(read_receipts(task)))

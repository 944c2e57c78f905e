"""The second stage of a shuffle of documents: gathered in a permuted order, then packed like any others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Final

import numpy as np

from mistudio_core.files import read_json, write_json
from mistudio_core.tokenization.packing.document_order import document_order
from mistudio_core.tokenization.packing.sequences import Places
from mistudio_core.tokenization.pipeline.document_store import StoredDocuments
from mistudio_core.tokenization.pipeline.sequence_sink import Packed, SequenceSink
from mistudio_core.tokenization.pipeline.task import Task

REPACK_STATISTICS: Final = "repack.npz"
"""The statistics of a shard of the second stage, beside the shard."""


def run_repack(task: Task, index: int, limit: int | None = None) -> Packed:
    """Pack the documents whose turn comes in shard `index`; pure and idempotent like `run_shard`."""
    done = read_json(task.part(index, "repack"))
    if done is not None and done["limit"] == limit:
        return Packed.from_json(done["packed"])
    shard = task.plan.shards[index]
    stored = StoredDocuments.open(task, shard.split)
    with SequenceSink(task, index, shard.split, limit) as sink:
        for documents in stored.gathered(_turns(task, shard.split, stored)[index]):
            if sink.full:
                break
            sink.add(documents)
        packed = sink.finish(lambda: None)
    sink.statistics.save(task.part(index, REPACK_STATISTICS))
    write_json(task.part(index, "repack"), {"packed": asdict(packed), "limit": limit}, durable=True)
    return packed


def left_out(task: Task, packed: Mapping[int, Packed]) -> Iterator[tuple[str, Places, int]]:
    """Yield for each split the samples whose documents a token budget left out, and their tokens."""
    for split in task.plan.splits:
        stored = StoredDocuments.open(task, split)
        unused = [
            mine[packed[index].documents :] if index in packed else mine
            for index, mine in _turns(task, split, stored).items()
        ]
        chosen = np.concatenate([np.empty(0, np.int64), *unused])
        yield split, stored.samples[chosen], int(stored.lengths[chosen].sum())


def _turns(task: Task, split: str, stored: StoredDocuments) -> dict[int, Places]:
    """Return for each shard of a split which documents it packs, in which order."""
    shards = task.plan.of_split(split)
    order = document_order(task.recipe, list(task.plan.splits).index(split), len(stored.samples))
    parts = np.array_split(order, max(1, len(shards)))
    return {shard.index: part for shard, part in zip(shards, parts, strict=False)}

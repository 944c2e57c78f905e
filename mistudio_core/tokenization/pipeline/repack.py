"""The second stage of a shuffle of documents: gathered in a permuted order, then packed like any others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict

import numpy as np

from mistudio_core.tokenization.packing.sequences import Places
from mistudio_core.tokenization.pipeline.document_store import document_exchange, documents_of, turns_of
from mistudio_core.tokenization.pipeline.receipts import read_receipt, write_receipt, write_side_file
from mistudio_core.tokenization.pipeline.sequence_sink import Packed, SequenceSink, statistics_arrays
from mistudio_core.tokenization.pipeline.task import Task


def run_repack(task: Task, index: int, *, limit: int | None = None, stage: str = "repack") -> Packed:
    """Pack the documents whose turns come in shard `index`; pure and idempotent like `run_shard`."""
    done = read_packed(task, index, stage)
    if done is not None and done.limit == limit:
        return done
    shard = task.plan.shards[index]
    with SequenceSink(task, task.part(index, "arrow", stage), shard.split, limit) as sink:
        for documents in documents_of(task, shard.split, _number(task, index)):
            if sink.full:
                break
            sink.add(documents)
        packed, side = sink.finish(lambda: None)
    side |= statistics_arrays(sink.statistics)
    files = [packed.written.sum, write_side_file(task.part(index, "side", stage), side)]
    write_receipt(task.part(index, "json", stage), {"packed": asdict(packed)}, files)
    return packed


def read_packed(task: Task, index: int, stage: str = "repack") -> Packed | None:
    """Return what repacking a shard came to, None where that is not done."""
    done = read_receipt(task.part(index, "json", stage))
    return None if done is None else Packed.from_json(done["packed"])


def left_out(task: Task, packed: Mapping[int, Packed]) -> Iterator[tuple[str, Places, int]]:
    """Yield for each split the samples whose documents a token budget left out, and their tokens."""
    for split in task.plan.splits:
        samples, tokens = [np.empty(0, np.int64)], 0
        exchange, turns = document_exchange(task, split), turns_of(task, split)
        for number, shard in enumerate(task.plan.of_split(split)):
            used = packed[shard.index].documents if shard.index in packed else 0
            items = exchange.items(number)
            samples.append(turns.backward(items.places[used:]).astype(np.int64))
            tokens += int(items.lengths[used:].sum())
        yield split, np.concatenate(samples), tokens


def _number(task: Task, index: int) -> int:
    """Return which shard of its split a shard is."""
    return index - task.plan.of_split(task.plan.shards[index].split)[0].index

"""The second stage of a shuffle of documents: gathered in a permuted order, then packed like any others."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np

from mistudio_core.files import read_json, write_json
from mistudio_core.tokenization.document_store import StoredDocuments, document_order
from mistudio_core.tokenization.row_sink import Packed, RowSink
from mistudio_core.tokenization.task import Task
from mistudio_core.tokenization.writers import WrittenFile


def run_repack(task: Task, index: int, limit: int | None = None) -> Packed:
    """Pack the documents whose turn comes in shard `index`; pure and idempotent like `run_shard`."""
    done = read_json(task.part(index, "repack"))
    if done is not None and done["limit"] == limit:
        return Packed(**(done["packed"] | {"written": WrittenFile(**done["packed"]["written"])}))
    shard = task.plan.shards[index]
    stored = StoredDocuments.open(task, shard.split)
    order = document_order(task, shard.split, len(stored.samples))
    place = [other.index for other in task.plan.of_split(shard.split)].index(index)
    mine = np.array_split(order, len(task.plan.of_split(shard.split)))[place]
    with RowSink(task, index, shard.split, limit) as sink:
        for documents in stored.gathered(mine):
            if sink.full:
                break
            sink.add(documents)
        packed = sink.finish(lambda: None)
    sink.statistics.save(task.part(index, "repack.npz"))
    write_json(task.part(index, "repack"), {"packed": asdict(packed), "limit": limit}, durable=True)
    return packed

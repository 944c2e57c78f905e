"""Side files of consecutive shards joined into one, so that the merge reads few files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from mistudio_core.statistics.tokens import TokenStatistics
from mistudio_core.tokenization.pipeline.finished import Finished
from mistudio_core.tokenization.pipeline.receipts import (
    read_receipt,
    read_side_file,
    write_receipt,
    write_side_file,
)
from mistudio_core.tokenization.pipeline.sequence_sink import SEQUENCE_TOKENS, side_statistics, statistics_arrays
from mistudio_core.tokenization.pipeline.task import Task
from mistudio_core.tokenization.texts.reader import skip_code

RUN: Final = 32
"""Shards that are summed by one step: 2 GB of text."""


def num_sums(task: Task) -> int:
    """Return how many steps there are."""
    return -(-len(task.plan.shards) // RUN)


def sum_shards(finished: Finished, number: int) -> None:
    """Sum the statistics of a run of shards and join what is known of their samples; pure and idempotent."""
    task = finished.task
    receipt = task.part(number, "json", "sums")
    if read_receipt(receipt) is not None:
        return
    statistics, counted = task.statistics(), finished.by_index
    joined: dict[str, list[npt.NDArray[Any]]] = {
        "lengths": [np.empty(0, np.uint32)], "skipped": [np.empty(0, np.uint8)],
        "marks": [np.empty((0, 3), np.uint32)], SEQUENCE_TOKENS: [np.empty(0, np.uint32)],
    }  # fmt: skip
    for shard in task.plan.shards[number * RUN : (number + 1) * RUN]:
        size = shard.last - shard.first
        side: dict[str, npt.NDArray[Any]] = {
            "lengths": np.zeros(size, np.uint32),
            "skipped": np.full(size, skip_code("token_budget"), np.uint8),
        }
        if shard.index in counted:
            side = read_side_file(finished.side(counted[shard.index]))
            statistics.merge(side_statistics(side))
        if task.shuffles_documents and shard.index in finished.packed:
            packed = read_side_file((task.work / finished.packed[shard.index].written.file).with_suffix(".side"))
            statistics.merge(side_statistics(packed))
            side |= {SEQUENCE_TOKENS: packed[SEQUENCE_TOKENS]}
        for name in joined.keys() & side.keys():
            joined[name].append(side[name])
    arrays = {name: np.concatenate(parts) for name, parts in joined.items()}
    arrays |= statistics_arrays(statistics)
    file = write_side_file(task.part(number, "side", "sums"), arrays, durable=False)
    write_receipt(receipt, {}, [file], durable=False)


def joined_column(task: Task, name: str) -> Iterator[npt.NDArray[Any]]:
    """Yield what all runs of shards have under a name: `lengths`, `skipped`, `marks` or `sequence_tokens`."""
    for number in range(num_sums(task)):
        yield read_side_file(task.part(number, "side", "sums"), name)[name]


def summed_statistics(finished: Finished) -> TokenStatistics:
    """Return the statistics of all shards; shuffled documents and the sequences made of them are counted apart."""
    statistics = finished.task.statistics()
    for number in range(num_sums(finished.task)):
        statistics.merge(side_statistics(read_side_file(finished.task.part(number, "side", "sums"))))
    return statistics

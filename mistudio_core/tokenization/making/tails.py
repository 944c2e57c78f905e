"""The tails of the preset `continuous`: what the shards of a split left, packed into rows by one last pure step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mistudio_core.files import write_bytes
from mistudio_core.statistics.tokens import TokenStatistics
from mistudio_core.tokenization.engines.encoded import Ids, Offsets
from mistudio_core.tokenization.making.row_sink import count_rows, load_stream, row_writer
from mistudio_core.tokenization.making.task import Task
from mistudio_core.tokenization.making.writers import WrittenFile
from mistudio_core.tokenization.packing.continuous import StreamCutter
from mistudio_core.tokenization.packing.peers import one_row
from mistudio_core.tokenization.packing.rows import Rows, padded_rows


@dataclass(frozen=True, slots=True)
class Tails:
    """The rows made of the tails of one split, and the documents' own tokens that the recipe's remainder dropped."""

    path: Path
    written: WrittenFile
    statistics: TokenStatistics
    dropped: int


def pack_tails(task: Task, split: str, indexes: Sequence[int]) -> Tails:
    """Pack the tails of the shards `indexes` of a split in their order."""
    policy = task.policy
    place = list(task.plan.splits).index(split)
    path = task.work / f"tails-{place}.arrow"
    statistics = task.statistics()
    cutter = StreamCutter(policy.row_room, policy.row_start, policy.row_end)
    tokens = [np.empty(0, np.int64)]
    dropped = 0
    with row_writer(task, path) as writer:

        def take(rows: Rows) -> None:
            if len(rows):
                writer.write(rows)
                tokens.append(rows.tokens)
                statistics.add_own(int(rows.own.sum()))
                count_rows(task, statistics, rows, split)

        for index in indexes:
            take(cutter.add(*load_stream(task.part(index, "tail"))))
        left, begins, ends = cutter.take()
        if len(left) and task.recipe.remainder == "drop":
            dropped = int((ends - begins).sum())
        elif len(left):
            take(_last_row(task, left, begins, ends))
        written = writer.finish()
    write_bytes(path.with_suffix(".row_tokens"), np.concatenate(tokens).astype(np.uint32).tobytes())
    return Tails(path, written, statistics, dropped)


def _last_row(task: Task, left: Ids, begins: Offsets, ends: Offsets) -> Rows:
    policy = task.policy
    surrounded = [np.array(policy.row_start, np.uint32), left, np.array(policy.row_end, np.uint32)]
    row = one_row(np.concatenate(surrounded), begins, ends)
    if task.recipe.remainder == "keep":
        return row
    assert policy.pad_id is not None
    return padded_rows(row, policy.row_length, policy.pad_id, policy.padding_side)

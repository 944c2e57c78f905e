"""The tails of a stream: what the shards of a split left, packed by one last pure step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mistudio_core.files import write_bytes
from mistudio_core.statistics.tokens import TokenStatistics
from mistudio_core.tokenization.engines.encoded import Ids, Offsets
from mistudio_core.tokenization.packing.peers import one_sequence
from mistudio_core.tokenization.packing.sequences import Sequences, padded_sequences
from mistudio_core.tokenization.packing.stream import StreamCutter
from mistudio_core.tokenization.pipeline.sequence_sink import count_sequences, load_stream, sequence_writer
from mistudio_core.tokenization.pipeline.task import Task
from mistudio_core.tokenization.pipeline.writers import WrittenFile


@dataclass(frozen=True, slots=True)
class Tails:
    """The sequences made of one split's tails, and the documents' own tokens that the recipe's remainder dropped."""

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
    cutter = StreamCutter(policy.sequence_room, policy.sequence_start, policy.sequence_end)
    tokens = [np.empty(0, np.int64)]
    dropped = 0
    with sequence_writer(task, path) as writer:

        def take(sequences: Sequences) -> None:
            if len(sequences):
                writer.write(sequences)
                tokens.append(sequences.tokens)
                statistics.add_own(int(sequences.own.sum()))
                count_sequences(task, statistics, sequences, split)

        for index in indexes:
            take(cutter.add(*load_stream(task.part(index, "tail"))))
        left, begins, ends = cutter.take()
        if len(left) and task.recipe.remainder == "drop":
            dropped = int((ends - begins).sum())
        elif len(left):
            take(_last_sequence(task, left, begins, ends))
        written = writer.finish()
    write_bytes(path.with_suffix(".sequence_tokens"), np.concatenate(tokens).astype(np.uint32).tobytes())
    return Tails(path, written, statistics, dropped)


def _last_sequence(task: Task, left: Ids, begins: Offsets, ends: Offsets) -> Sequences:
    policy = task.policy
    surrounded = [np.array(policy.sequence_start, np.uint32), left, np.array(policy.sequence_end, np.uint32)]
    sequence = one_sequence(np.concatenate(surrounded), begins, ends)
    if task.recipe.remainder == "keep":
        return sequence
    assert policy.pad_id is not None
    return padded_sequences(sequence, policy.sequence_length, policy.pad_id, policy.padding_side)

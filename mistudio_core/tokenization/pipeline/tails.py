"""The tails of a stream: what the shards of a split left, packed by one last pure step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from mistudio_core.tokenization.engines.encoded import Ids, Offsets
from mistudio_core.tokenization.packing.peers import one_sequence
from mistudio_core.tokenization.packing.sequences import Sequences, padded_sequences
from mistudio_core.tokenization.packing.stream import StreamCutter
from mistudio_core.tokenization.pipeline.receipts import read_receipt, write_receipt, write_side_file
from mistudio_core.tokenization.pipeline.sequence_sink import (
    SEQUENCE_TOKENS,
    count_sequences,
    load_tail,
    sequence_writer,
    statistics_arrays,
)
from mistudio_core.tokenization.pipeline.task import Task
from mistudio_core.tokenization.pipeline.writers import WrittenFile


@dataclass(frozen=True, slots=True)
class Tails:
    """The sequences made of one split's tails, and the documents' own tokens that the recipe's remainder dropped."""

    written: WrittenFile
    dropped: int

    @classmethod
    def read(cls, task: Task, place: int) -> Tails | None:
        """Return what the tails of the split at `place` came to, None where they are not packed."""
        done = read_receipt(task.part(place, "json", "tails"))
        return None if done is None else cls(WrittenFile(**done["written"]), done["dropped"])


def pack_tails(task: Task, place: int, side_files: Sequence[Path]) -> Tails:
    """Pack the tails in the side files of the shards of the split at `place`; pure and idempotent."""
    done = Tails.read(task, place)
    if done is not None:
        return done
    policy, split = task.policy, list(task.plan.splits)[place]
    statistics = task.statistics()
    cutter = StreamCutter(policy.content_length, policy.sequence_start, policy.sequence_end)
    tokens = [np.empty(0, np.int64)]
    dropped = 0
    with sequence_writer(task, task.part(place, "arrow", "tails")) as writer:

        def take(sequences: Sequences) -> None:
            if len(sequences):
                writer.write(sequences)
                tokens.append(sequences.tokens)
                statistics.add_own(int(sequences.own.sum()))
                count_sequences(task, statistics, sequences, split)

        for side_file in side_files:
            take(cutter.add(*load_tail(side_file)))
        left, begins, ends = cutter.take()
        if len(left) and task.recipe.remainder == "drop":
            dropped = int((ends - begins).sum())
        elif len(left):
            take(_last_sequence(task, left, begins, ends))
        written = writer.finish()
    side = {SEQUENCE_TOKENS: np.concatenate(tokens).astype(np.uint32), **statistics_arrays(statistics)}
    files = [written.sum, write_side_file(task.part(place, "side", "tails"), side)]
    write_receipt(task.part(place, "json", "tails"), {"written": asdict(written), "dropped": dropped}, files)
    return Tails(written, dropped)


def _last_sequence(task: Task, left: Ids, begins: Offsets, ends: Offsets) -> Sequences:
    policy = task.policy
    surrounded = [np.array(policy.sequence_start, np.uint32), left, np.array(policy.sequence_end, np.uint32)]
    sequence = one_sequence(np.concatenate(surrounded), begins, ends)
    if task.recipe.remainder == "keep":
        return sequence
    assert policy.pad_id is not None
    return padded_sequences(sequence, policy.sequence_length, policy.pad_id, policy.padding_side)

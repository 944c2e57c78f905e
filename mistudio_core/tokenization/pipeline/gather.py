"""The last stage where sequences are shuffled or padded to the longest: gathered from the finished ones by number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from mistudio_core.files import read_json, write_json
from mistudio_core.tokenization.engines.encoded import ends_of
from mistudio_core.tokenization.packing.document_order import sequence_order
from mistudio_core.tokenization.packing.sequences import Places, Sequences, padded_sequences, spans
from mistudio_core.tokenization.pipeline.task import Task
from mistudio_core.tokenization.pipeline.writers import SequenceWriter, WrittenFile

_GATHERED_TOKENS: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class StoredSequences:
    """Sequences of several files, memory-mapped and numbered through: where each lies."""

    values: list[npt.NDArray[Any]]
    """The ids of each record batch."""
    firsts: Places
    """The number of the first sequence of each record batch, and the end."""
    offsets: list[Places]

    @classmethod
    def open(cls, paths: Sequence[Path]) -> StoredSequences:
        """Map the files."""
        values, offsets, counts = [], [], []
        for path in paths:
            for batch in pa.ipc.open_stream(pa.memory_map(str(path))):
                lists = batch.column(0)
                values.append(lists.flatten().to_numpy())
                if pa.types.is_fixed_size_list(lists.type):
                    offsets.append(np.arange(len(lists) + 1) * lists.type.list_size)
                else:
                    ends = lists.offsets.to_numpy().astype(np.int64)
                    offsets.append(ends - ends[0])
                counts.append(len(lists))
        return cls(values, ends_of(np.array(counts, np.int64)), offsets)

    def __len__(self) -> int:
        """Return how many sequences there are."""
        return int(self.firsts[-1])

    def widths(self) -> Places:
        """Return the ids of each sequence."""
        return np.concatenate([np.empty(0, np.int64), *(np.diff(ends) for ends in self.offsets)])

    def gathered(self, chosen: Places) -> tuple[npt.NDArray[np.uint32], Places]:
        """Return the ids of sequences by their numbers, in that order, and n + 1 offsets."""
        owners = np.searchsorted(self.firsts, chosen, side="right") - 1
        starts, widths = np.empty(len(chosen), np.int64), np.empty(len(chosen), np.int64)
        for owner in np.unique(owners).tolist():
            mine = owners == owner
            sequences = chosen[mine] - self.firsts[owner]
            starts[mine] = self.offsets[owner][sequences]
            widths[mine] = self.offsets[owner][sequences + 1] - starts[mine]
        offsets = ends_of(widths)
        ids = np.empty(int(offsets[-1]), np.uint32)
        for owner in np.unique(owners).tolist():
            mine = owners == owner
            ids[spans(offsets[:-1][mine], widths[mine])] = self.values[owner][spans(starts[mine], widths[mine])]
        return ids, offsets


def run_gather(task: Task, place: tuple[str, int, int], source: Sequence[Path], width: int | None) -> WrittenFile:
    """Write part `place` = (split, number, of how many) of a split's sequences in final order; pure and idempotent.

    `source` are all files of the split; `width` is what shorter sequences are padded to, None where they are not.
    """
    split, number, count = place
    stem = f"gathered-{list(task.plan.splits).index(split)}-{number:05d}"
    done = read_json(task.work / f"{stem}.json")
    if done is not None:
        return WrittenFile(**done)
    stored = StoredSequences.open(source)
    order = np.array_split(sequence_order(task.recipe, list(task.plan.splits).index(split), len(stored)), count)[number]
    tokens = np.fromfile(task.work / f"{split_stem(task, split)}.sequence_tokens", np.uint32).astype(np.int64)
    policy = task.policy
    length = width or policy.sequence_length
    rows_at_once = max(1, _GATHERED_TOKENS // length)
    with SequenceWriter(
        task.work / f"{stem}.arrow", length, policy.dtype, fixed=policy.fixed,
        padding_column=task.recipe.padding_column, padding_side=policy.padding_side,
    ) as writer:  # fmt: skip
        for first in range(0, len(order), rows_at_once):
            chosen = order[first : first + rows_at_once]
            sequences = Sequences(*stored.gathered(chosen), tokens[chosen], *np.zeros((2, len(chosen)), np.int64))
            if width is not None and policy.pad_id is not None:
                sequences = padded_sequences(sequences, width, policy.pad_id, policy.padding_side)
            writer.write(sequences)
        written = writer.finish()
    write_json(task.work / f"{stem}.json", asdict(written), durable=True)
    return written


def split_stem(task: Task, split: str) -> str:
    """Return how the files of a whole split begin."""
    return f"split-{list(task.plan.splits).index(split)}"

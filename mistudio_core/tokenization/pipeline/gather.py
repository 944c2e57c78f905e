"""The last stage where sequences are shuffled or padded to the longest: gathered from the finished ones by number."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from mistudio_core.tokenization.engines.encoded import ends_of
from mistudio_core.tokenization.packing.document_order import sequence_turns
from mistudio_core.tokenization.packing.plan import part_bounds
from mistudio_core.tokenization.packing.sequences import Places, Sequences, padded_sequences, spans
from mistudio_core.tokenization.pipeline.exchange import Exchange, Items, num_cells, write_items
from mistudio_core.tokenization.pipeline.finished import Finished
from mistudio_core.tokenization.pipeline.receipts import (
    read_receipt,
    read_side_file,
    write_receipt,
    write_side_file,
)
from mistudio_core.tokenization.pipeline.sequence_sink import SEQUENCE_TOKENS
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


@dataclass(frozen=True, slots=True)
class Gathered:
    """A part of a split's sequences in their last order."""

    written: WrittenFile
    split: str

    @classmethod
    def read(cls, task: Task, index: int) -> Gathered | None:
        """Return a part, None where it is not gathered."""
        done = read_receipt(task.part(index, "json", "gather"))
        return None if done is None else cls(WrittenFile(**done["written"]), done["split"])


def num_scattered(finished: Finished) -> int:
    """Return in how many files sequences lie before they are shuffled."""
    return sum(len(finished.files(place)) for place in range(len(finished.task.plan.splits)))


def run_scatter(finished: Finished, index: int) -> None:
    """Sort the sequences of one file by their turns; pure and idempotent."""
    task = finished.task
    receipt = task.part(index, "json", "scatter")
    if read_receipt(receipt) is not None:
        return
    place, number = _located([len(finished.files(place)) for place in range(len(task.plan.splits))], index)
    exchange = sequence_exchange(finished, place)
    path, written = finished.files(place)[number]
    stored = StoredSequences.open([path])
    numbers = np.arange(written.num_sequences)
    ids, offsets = stored.gathered(numbers)
    turns = sequence_turns(task.recipe, place, exchange.total, task.recipe.shuffle_rule)
    places = turns.forward(numbers + finished.firsts(place)[number])
    items = Items(places, np.diff(offsets), _tokens(path).astype(np.int64), ids.astype(exchange.dtype)).sorted()
    write_receipt(receipt, {}, [write_items(task.part(index, "items", "scatter"), items, exchange.bounds, 0)])


def sequence_exchange(finished: Finished, place: int) -> Exchange:
    """Return the way of the sequences of the split at `place` from the files where they were packed to their last."""
    task, parts = finished.task, gather_parts(finished.task)
    counts = [len(finished.files(other)) for other in range(place + 1)]
    index, cells = (
        sum(counts[:place]),
        sum(num_cells(count, parts[other]) for other, count in enumerate(counts[:place])),
    )
    sources = [task.part(index + number, "items", "scatter") for number in range(counts[place])]
    return Exchange(task, sources, finished.firsts(place)[-1], parts[place], cells)


def gather_parts(task: Task) -> list[int]:
    """Return into how many files the sequences of each split are gathered."""
    return [max(1, len(task.plan.of_split(split))) for split in task.plan.splits]


def longest(finished: Finished) -> int | None:
    """Return the length to which all sequences are padded, None where they are not padded to the longest."""
    if finished.task.recipe.padding != "longest":
        return None
    return max([1, *(int(widths.max(initial=1)) for _, widths in packed_widths(finished))])


def packed_widths(finished: Finished) -> Iterator[tuple[str, Places]]:
    """Yield for each split the ids of each sequence before it is padded to the longest."""
    for place, split in enumerate(finished.task.plan.splits):
        yield split, StoredSequences.open([path for path, _ in finished.files(place)]).widths()


def run_gather(finished: Finished, index: int, width: int | None) -> Gathered:
    """Write part `index` of all sequences in their last order, padded to `width` if any; pure and idempotent."""
    task = finished.task
    done = Gathered.read(task, index)
    if done is not None:
        return done
    place, number = _located(gather_parts(task), index)
    policy, tokens = task.policy, [np.empty(0, np.int64)]
    with SequenceWriter(
        task.part(index, "arrow", "gather"), width or policy.sequence_length, policy.dtype, fixed=policy.fixed,
        padding_column=task.recipe.padding_column, padding_side=policy.padding_side,
    ) as writer:  # fmt: skip
        for sequences in _in_last_order(finished, place, number, width or policy.sequence_length):
            tokens.append(sequences.tokens)
            if width is not None and policy.pad_id is not None:
                writer.write(padded_sequences(sequences, width, policy.pad_id, policy.padding_side))
            else:
                writer.write(sequences)
        written = writer.finish()
    side = {SEQUENCE_TOKENS: np.concatenate(tokens).astype(np.uint32)}
    files = [written.sum, write_side_file(task.part(index, "side", "gather"), side)]
    split = list(task.plan.splits)[place]
    write_receipt(task.part(index, "json", "gather"), {"written": asdict(written), "split": split}, files)
    return Gathered(written, split)


def _in_last_order(finished: Finished, place: int, number: int, length: int) -> Iterator[Sequences]:
    """Yield the sequences of part `number` of a split, about a million tokens at a time."""
    at_once = max(1, _GATHERED_TOKENS // length)
    if finished.task.shuffles_sequences:
        items = sequence_exchange(finished, place).items(number)
        offsets = ends_of(items.lengths)
        for first in range(0, len(items.lengths), at_once):
            last = min(first + at_once, len(items.lengths))
            ids = items.ids[offsets[first] : offsets[last]].astype(np.uint32)
            yield _sequences(ids, offsets[first : last + 1] - offsets[first], items.tokens[first:last])
        return
    firsts = finished.firsts(place)
    begin, end = part_bounds(firsts[-1], gather_parts(finished.task)[place])[number : number + 2].tolist()
    low, high = max(0, bisect_right(firsts, begin) - 1), bisect_right(firsts, max(begin, end - 1))
    paths = [path for path, _ in finished.files(place)[low:high]]
    stored, before = StoredSequences.open(paths), firsts[low]
    tokens = np.concatenate([np.empty(0, np.uint32), *map(_tokens, paths)]).astype(np.int64)
    for first in range(begin, end, at_once):
        chosen = np.arange(first, min(first + at_once, end)) - before
        yield _sequences(*stored.gathered(chosen), tokens[chosen])


def _sequences(ids: npt.NDArray[np.uint32], offsets: Places, tokens: Places) -> Sequences:
    return Sequences(ids, offsets, tokens, *np.zeros((2, len(tokens)), np.int64))


def _tokens(path: Path) -> npt.NDArray[np.uint32]:
    """Return the tokens of each sequence of a file as they were counted when it was packed."""
    return read_side_file(path.with_suffix(".side"), SEQUENCE_TOKENS)[SEQUENCE_TOKENS]


def _located(counts: Sequence[int], index: int) -> tuple[int, int]:
    """Return in which split, and as the how-manieth of it, a number lies that counts through all splits."""
    for place, count in enumerate(counts):
        if index < count:
            return place, index
        index -= count
    raise IndexError(index)

"""Shuffled items on their way: each source sorts its own by where they go, each part takes one slice of each source.

With many sources and many parts there is a stage between, so that nothing opens more than `GROUP` files: a cell of it
takes the items of a group of sources for a group of parts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt

from mistudio_core.tokenization.engines.encoded import ends_of
from mistudio_core.tokenization.packing.plan import part_bounds
from mistudio_core.tokenization.packing.sequences import Places, spans
from mistudio_core.tokenization.pipeline.receipts import FileSum, read_receipt, write_data, write_receipt
from mistudio_core.tokenization.pipeline.task import Task

GROUP: Final = 128
"""Most files that a step of an exchange reads."""
STAGE: Final = "exchange"
_HEADER: Final = 3


@dataclass(frozen=True, slots=True)
class Items:
    """n runs of ids: the place that each goes to, how many ids it has, and how many of those are no padding."""

    places: npt.NDArray[np.uint64]
    lengths: Places
    tokens: Places
    ids: npt.NDArray[Any]

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """Return the items of several parts, sorted by their places."""
        return cls(
            np.concatenate([part.places for part in parts]),
            np.concatenate([part.lengths for part in parts]),
            np.concatenate([part.tokens for part in parts]),
            np.concatenate([part.ids for part in parts]),
        ).sorted()

    def sorted(self) -> Self:
        """Return the items in the order of their places."""
        order = np.argsort(self.places, kind="stable")
        if np.array_equal(order, np.arange(len(order))):
            return self
        starts = ends_of(self.lengths)[:-1]
        ids = self.ids[spans(starts[order], self.lengths[order])]
        return type(self)(self.places[order], self.lengths[order], self.tokens[order], ids)


def write_items(path: Path, items: Items, bounds: Places, first_part: int) -> FileSum:
    """Write sorted items and where those of each part end; `bounds` are the places at which the parts begin and end."""
    item_ends = np.searchsorted(items.places, bounds.astype(np.uint64))
    id_ends = ends_of(items.lengths)[item_ends]
    head = np.concatenate([[first_part, len(bounds) - 1, len(items.places)], item_ends, id_ends]).astype(np.uint64)
    columns = head, items.places, items.lengths.astype(np.uint32), items.tokens.astype(np.uint32), items.ids
    return write_data(path, b"".join(column.tobytes() for column in columns))


def read_items(path: Path, first: int, last: int, dtype: npt.DTypeLike) -> Items:
    """Return the items for the parts `[first, last)`; only those are read."""
    data = np.memmap(path, np.uint8, mode="r")
    first_part, parts, count = data[: 8 * _HEADER].view(np.uint64).tolist()
    ends = data[8 * _HEADER : 8 * (_HEADER + 2 * parts + 2)].view(np.uint64)
    begin, end = int(ends[first - first_part]), int(ends[last - first_part])
    id_begin, id_end = int(ends[parts + 1 + first - first_part]), int(ends[parts + 1 + last - first_part])
    start = 8 * (_HEADER + 2 * parts + 2)

    def column(kind: Any, begin: int, end: int) -> npt.NDArray[Any]:
        width = np.dtype(kind).itemsize
        return data[start + width * begin : start + width * end].view(kind)

    places = column(np.uint64, begin, end)
    start += 8 * count
    lengths = column(np.uint32, begin, end).astype(np.int64)
    start += 4 * count
    tokens = column(np.uint32, begin, end).astype(np.int64)
    start += 4 * count
    return Items(places, lengths, tokens, column(dtype, id_begin, id_end))


def num_cells(sources: int, parts: int) -> int:
    """Return how many cells there are between so many sources and parts: none where a part can open all sources."""
    return -(-sources // GROUP) * -(-parts // GROUP) if sources > GROUP else 0


@dataclass(frozen=True, slots=True)
class Exchange:
    """The way of one split's items, of `total` places, from their sources to `parts` parts."""

    task: Task
    sources: Sequence[Path]
    total: int
    parts: int
    first_cell: int
    """The number of its first cell among those of all splits."""

    @property
    def num_cells(self) -> int:
        """How many steps there are between sources and parts."""
        return num_cells(len(self.sources), self.parts)

    @property
    def _rows(self) -> int:
        return -(-len(self.sources) // GROUP)

    @property
    def _columns(self) -> int:
        return -(-self.parts // GROUP)

    @property
    def dtype(self) -> Any:
        """The type in which ids are kept meanwhile."""
        return np.uint16 if self.task.policy.dtype == "uint16" else np.uint32

    @property
    def bounds(self) -> Places:
        """The places at which the parts begin, and the end."""
        return part_bounds(self.total, self.parts)

    def run_cell(self, cell: int) -> None:
        """Take the items of a group of sources for a group of parts; pure and idempotent."""
        task, number = self.task, self.first_cell + cell
        receipt = task.part(number, "json", STAGE)
        if read_receipt(receipt) is not None:
            return
        row, column = divmod(cell, self._columns)
        first, last = column * GROUP, min((column + 1) * GROUP, self.parts)
        found = [read_items(path, first, last, self.dtype) for path in self.sources[row * GROUP : (row + 1) * GROUP]]
        items, bounds = Items.joined(found), self.bounds[first : last + 1]
        write_receipt(receipt, {}, [write_items(task.part(number, "items", STAGE), items, bounds, first)])

    def items(self, part: int) -> Items:
        """Return what goes to a part, in its order."""
        paths = self.sources
        if self.num_cells:
            column, width = part // GROUP, self._columns
            cells = [self.first_cell + row * width + column for row in range(self._rows)]
            paths = [self.task.part(number, "items", STAGE) for number in cells]
        nothing = np.empty(0, np.int64)
        none = Items(np.empty(0, np.uint64), nothing, nothing, np.empty(0, self.dtype))
        return Items.joined([none, *(read_items(path, part, part + 1, self.dtype) for path in paths)])

"""Documents kept between two stages, sorted by their turns, so that they can be packed in a shuffled order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from mistudio_core.tokenization.engines.encoded import Encoded, Ids, ends_of
from mistudio_core.tokenization.packing.bijection import Bijection
from mistudio_core.tokenization.packing.document_order import document_turns
from mistudio_core.tokenization.packing.plan import part_bounds
from mistudio_core.tokenization.packing.sequences import Places
from mistudio_core.tokenization.packing.stream import Documents
from mistudio_core.tokenization.pipeline.exchange import Exchange, Items, write_items
from mistudio_core.tokenization.pipeline.receipts import FileSum
from mistudio_core.tokenization.pipeline.task import Task

_GATHERED_TOKENS: Final = 1 << 20


class DocumentSink:
    """Keeps the ids of one shard's documents; use it in a `with` block."""

    full = False
    statistics = None

    def __init__(self, task: Task, index: int) -> None:
        """Prepare the file of shard `index`."""
        self._task, self._index = task, index
        self._split = task.plan.shards[index].split
        self._dtype = np.dtype(np.uint16 if task.policy.dtype == "uint16" else np.uint32)
        self._ids: list[npt.NDArray[np.integer]] = []
        self._lengths: list[Places] = []
        self._samples: list[Places] = []
        self._counts = task.statistics()

    def __enter__(self) -> Self:
        """Nothing is open before the end."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing is left after an exception."""

    @property
    def frequencies(self) -> npt.NDArray[np.int64]:
        """How often each id stands in the documents so far."""
        return self._counts.frequencies

    def add(self, documents: Documents) -> int:
        """Take documents; return how many, for all of them are used."""
        self._ids.append(documents.encoded.ids.astype(self._dtype))
        self._lengths.append(documents.encoded.lengths)
        self._samples.append(documents.samples)
        self._counts.add_tokens(documents.encoded.ids)
        return len(documents)

    def finish(self, publish: Callable[[], None]) -> FileSum:
        """Write the documents by their turns, return the file's checksum; `publish` is called first, and may raise."""
        publish()
        none = np.empty(0, np.int64)
        lengths = np.concatenate([none, *self._lengths])
        places = turns_of(self._task, self._split).forward(np.concatenate([none, *self._samples]))
        ids = np.concatenate([np.empty(0, self._dtype), *self._ids])
        path = self._task.part(self._index, "items")
        bounds = part_bounds(self._task.plan.splits[self._split], len(self._task.plan.of_split(self._split)))
        return write_items(path, Items(places, lengths, lengths, ids).sorted(), bounds, 0)


def turns_of(task: Task, split: str) -> Bijection:
    """Return at which turn the document of each sample of a split is packed."""
    return document_turns(task.recipe, list(task.plan.splits).index(split), task.plan.splits[split])


def document_exchange(task: Task, split: str) -> Exchange:
    """Return the way of a split's documents from the shards that encoded them to those that pack them."""
    shards = task.plan.of_split(split)
    before = 0
    for name, count in task.plan.splits.items():
        sources = [task.part(shard.index, "items") for shard in task.plan.of_split(name)]
        exchange = Exchange(task, sources, count, max(1, len(sources)), before)
        if name == split:
            assert len(shards) == len(sources)
            return exchange
        before += exchange.num_cells
    raise KeyError(split)


def documents_of(task: Task, split: str, part: int) -> Iterator[Documents]:
    """Yield the documents whose turns come in part `part` of a split, about a million tokens at a time."""
    items = document_exchange(task, split).items(part)
    samples = turns_of(task, split).backward(items.places).astype(np.int64)
    offsets = ends_of(items.lengths)
    calls = offsets[1:] // _GATHERED_TOKENS
    for chosen in np.split(np.arange(len(samples)), np.flatnonzero(np.diff(calls)) + 1):
        if len(chosen):
            first, last = int(chosen[0]), int(chosen[-1]) + 1
            ids: Ids = items.ids[offsets[first] : offsets[last]].astype(np.uint32)
            yield Documents(Encoded(ids, offsets[first : last + 1] - offsets[first]), samples[first:last])

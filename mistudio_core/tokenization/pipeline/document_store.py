"""Documents kept between two stages, so that they can be packed in a shuffled order."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt

from mistudio_core.tokenization.engines.encoded import Encoded, ends_of
from mistudio_core.tokenization.packing.sequences import Places, spans
from mistudio_core.tokenization.packing.stream import Documents
from mistudio_core.tokenization.pipeline.task import Task
from mistudio_core.tokenization.texts.reader import USED

_GATHERED_TOKENS: Final = 1 << 20


class DocumentSink:
    """Stores the ids of one shard's documents, one after the other; use it in a `with` block."""

    full = False
    statistics = None

    def __init__(self, task: Task, index: int) -> None:
        """Prepare the file of shard `index`."""
        self._path = task.part(index, "documents")
        self._draft = self._path.with_name(f".{self._path.name}.{os.getpid()}")
        self._dtype = np.dtype(np.uint16 if task.policy.dtype == "uint16" else np.uint32)
        self._counts = task.statistics()

    def __enter__(self) -> Self:
        """Open the file."""
        self._file = open(self._draft, "wb")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file, and remove it after an exception."""
        self._file.close()
        self._draft.unlink(missing_ok=True)

    @property
    def frequencies(self) -> npt.NDArray[np.int64]:
        """How often each id stands in the documents so far."""
        return self._counts.frequencies

    def add(self, documents: Documents) -> int:
        """Append documents; return how many, for all of them are used."""
        self._file.write(documents.encoded.ids.astype(self._dtype).tobytes())
        self._counts.add_tokens(documents.encoded.ids)
        return len(documents)

    def finish(self, publish: Callable[[], None]) -> None:
        """Give the file its name; `publish` is called just before, and may raise."""
        publish()
        self._file.flush()
        os.fsync(self._file.fileno())
        os.replace(self._draft, self._path)


@dataclass(frozen=True, slots=True)
class StoredDocuments:
    """The documents of a split in the order of their samples: where each lies, and how to get them in another order."""

    samples: Places
    lengths: Places
    starts: Places
    """Place of each document among all ids of the split."""
    files: list[npt.NDArray[Any]]
    file_starts: Places

    @classmethod
    def open(cls, task: Task, split: str) -> StoredDocuments:
        """Open what the shards of a split have stored."""
        samples, lengths, files = [], [], []
        for shard in task.plan.of_split(split):
            tokens = np.fromfile(task.part(shard.index, "lengths"), np.uint32).astype(np.int64)
            used = np.fromfile(task.part(shard.index, "skipped"), np.uint8) == USED
            samples.append(np.flatnonzero(used) + shard.first)
            lengths.append(tokens[used])
            path = task.part(shard.index, "documents")
            dtype = np.uint16 if task.policy.dtype == "uint16" else np.uint32
            files.append(np.memmap(path, dtype, mode="r") if path.stat().st_size else np.empty(0, dtype))
        none = np.empty(0, np.int64)
        all_lengths = np.concatenate([none, *lengths])
        return cls(
            np.concatenate([none, *samples]), all_lengths, ends_of(all_lengths)[:-1], files,
            ends_of(np.array([len(file) for file in files], np.int64)),
        )  # fmt: skip

    def gathered(self, order: Places) -> Iterator[Documents]:
        """Yield the documents in the given order, about a million tokens at a time."""
        calls = np.cumsum(self.lengths[order]) // _GATHERED_TOKENS
        for chosen in np.split(order, np.flatnonzero(np.diff(calls)) + 1):
            yield Documents(self._encoded(chosen), self.samples[chosen])

    def _encoded(self, chosen: Places) -> Encoded:
        lengths, starts = self.lengths[chosen], self.starts[chosen]
        offsets = ends_of(lengths)
        ids = np.empty(int(offsets[-1]), np.uint32)
        owners = np.searchsorted(self.file_starts, starts, side="right") - 1
        for owner in np.unique(owners[lengths > 0]).tolist():
            mine = (owners == owner) & (lengths > 0)
            source = spans(starts[mine] - self.file_starts[owner], lengths[mine])
            ids[spans(offsets[:-1][mine], lengths[mine])] = self.files[owner][source]
        return Encoded(ids, offsets)

"""The second half of a shard: documents packed into sequences, counted and written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt

from mistudio_core.statistics.tokens import TokenStatistics
from mistudio_core.tokenization.engines.encoded import Ids, Offsets
from mistudio_core.tokenization.packing.repeated import RepeatCounter, Repeats, added_ids
from mistudio_core.tokenization.packing.sequences import Sequences
from mistudio_core.tokenization.packing.stream import Documents
from mistudio_core.tokenization.pipeline.receipts import Arrays, read_side_file
from mistudio_core.tokenization.pipeline.task import Task
from mistudio_core.tokenization.pipeline.writers import SequenceWriter, WrittenFile

SEQUENCE_TOKENS: Final = "sequence_tokens"
_TAIL: Final = ("tail_ids", "tail_begins", "tail_ends")
_STATISTICS: Final = "statistics."


@dataclass(frozen=True, slots=True)
class Packed:
    """What packing a shard came to. `used_tokens` and `limit` are in the unit of a token budget.

    `lost_tokens` are the documents' own tokens that the rule of packing dropped, `cut_tokens` those beyond the limit,
    `repeats` the documents that begin or end with a token that is added there, too.
    """

    written: WrittenFile
    documents: int
    sequence_tokens: int
    used_tokens: int
    lost_tokens: int
    cut_tokens: int
    limit: int | None
    repeats: Repeats = field(default_factory=Repeats)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Return what `asdict` made JSON of."""
        inner = {"written": WrittenFile(**stored["written"]), "repeats": Repeats(**stored["repeats"])}
        return cls(**{**stored, **inner})


class SequenceSink:
    """Packs the documents of one shard and writes their sequences; use it in a `with` block."""

    def __init__(self, task: Task, path: Path, split: str, limit: int | None = None) -> None:
        """Prepare the file at `path`; stop packing at `limit` used tokens."""
        self._task, self._split = task, split
        self._packer = task.packer(split, limit)
        self._writer = sequence_writer(task, path)
        self._tokens: list[Offsets] = []
        self._documents = self._document_tokens = self._own_tokens = 0
        self._repeats = RepeatCounter(*added_ids(task.recipe, task.policy, task.tokenizer))
        self.statistics: TokenStatistics = task.statistics()

    def __enter__(self) -> Self:
        """Open the file."""
        self._writer.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file, and remove it after an exception."""
        self._writer.__exit__(kind, error, trace)

    @property
    def frequencies(self) -> npt.NDArray[np.int64]:
        """How often each id stands in the sequences so far."""
        return self.statistics.frequencies

    @property
    def full(self) -> bool:
        """Whether the limit has been reached."""
        return self._packer.limit is not None and self._packer.used_tokens >= self._packer.limit

    def add(self, documents: Documents) -> int:
        """Pack documents and write the complete sequences; return how many documents, from the first, were used."""
        self._take(self._packer.add(documents))
        used = len(documents) - self._packer.unused_documents
        self._documents += used
        self._document_tokens += int(documents.encoded.offsets[used])
        self._repeats.add(documents.encoded, used)
        return used

    def finish(self, publish: Callable[[], None]) -> tuple[Packed, dict[str, npt.NDArray[Any]]]:
        """Write the last sequences; return what packing came to, and for the side file the tail and all tokens.

        `publish` is called before the file gets its name, and may raise.
        """
        self._take(self._packer.finish())
        tail = self._packer.tail()
        publish()
        written = self._writer.finish()
        self.statistics.add_own(self._own_tokens, self._packer.repeated)
        once = self._own_tokens - self._packer.repeated
        waiting = 0 if tail is None else int((tail[2] - tail[1]).sum())
        tokens = np.concatenate([np.empty(0, np.int64), *self._tokens])
        side: dict[str, npt.NDArray[Any]] = {SEQUENCE_TOKENS: tokens.astype(np.uint32)}
        if tail is not None:
            side |= dict(zip(_TAIL, tail, strict=True))
        return Packed(
            written=written,
            documents=self._documents,
            sequence_tokens=int(tokens.sum()),
            used_tokens=self._packer.used_tokens,
            lost_tokens=self._document_tokens - once - waiting - self._packer.cut,
            cut_tokens=self._packer.cut,
            limit=self._packer.limit,
            repeats=self._repeats.result(),
        ), side

    def _take(self, sequences: Sequences) -> None:
        if len(sequences):
            self._writer.write(sequences)
            self._tokens.append(sequences.tokens)
            self._own_tokens += int(sequences.own.sum())
            count_sequences(self._task, self.statistics, sequences, self._split)


def count_sequences(task: Task, statistics: TokenStatistics, sequences: Sequences, split: str) -> None:
    """Count sequences and the tokens in them; padding is none."""
    statistics.add_tokens(sequences.unpadded(task.policy.padding_side))
    if task.recipe.padding != "longest":  # else their widths are known only at the end
        statistics.add_sequences(sequences.tokens, sequences.documents, width=sequences.widths, split=split)


def sequence_writer(task: Task, path: Path) -> SequenceWriter:
    """Return a writer of sequences of this tokenization."""
    fixed = task.policy.fixed and not task.gathers_sequences
    column = "none" if task.gathers_sequences else task.recipe.padding_column
    return SequenceWriter(
        path, task.policy.sequence_length, task.policy.dtype,
        fixed=fixed, padding_column=column, padding_side=task.policy.padding_side,
    )  # fmt: skip


def load_tail(side_file: Path) -> tuple[Ids, Offsets, Offsets]:
    """Return what a shard left of its stream: ids, and where the pieces of documents begin and end in it."""
    arrays = read_side_file(side_file, *_TAIL)
    return arrays["tail_ids"], arrays["tail_begins"], arrays["tail_ends"]


def statistics_arrays(statistics: TokenStatistics) -> Arrays:
    """Return statistics as arrays of a side file."""
    return {f"{_STATISTICS}{name}": array for name, array in statistics.arrays().items()}


def side_statistics(arrays: Arrays) -> TokenStatistics:
    """Return the statistics of a side file."""
    found = {name: array for name, array in arrays.items() if name.startswith(_STATISTICS)}
    return TokenStatistics.restored({name.removeprefix(_STATISTICS): array for name, array in found.items()})

"""Sequences on disk: Arrow streams of lists of ids, cut into batches by a rule and hashed on the way."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import numpy as np
import pyarrow as pa

from mistudio_core.hashed_file import HashedFile
from mistudio_core.tokenization.packing.sequences import Sequences, joined_sequences, slice_sequences
from mistudio_core.tokenization.pipeline.receipts import FileSum

COLUMN: Final = "input_ids"
BATCH_BYTES: Final = 2 << 20
"""Ids of one record batch at most: they are still in the processor's cache when they are hashed and written.

A rule, so that equal sequences give equal bytes however they came.
"""


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """A finished file of sequences."""

    file: str
    num_sequences: int
    size_bytes: int
    sha256: str

    @property
    def sum(self) -> FileSum:
        """Its checksum, for a receipt."""
        return FileSum(self.file, self.size_bytes, self.sha256)


def data_name(index: int, count: int) -> str:
    """Return the name that `datasets` gives to file `index` of `count`."""
    return f"data-{index:05d}-of-{count:05d}.arrow"


class SequenceWriter:
    """Writes sequences as an Arrow stream; the file gets its name when it is whole and synced.

    Leaving the `with` block by an exception removes what was written.
    """

    def __init__(
        self, path: Path, sequence_length: int, dtype: str, *, fixed: bool = True, padding_column: str = "none",
        padding_side: str = "right",
    ) -> None:  # fmt: skip
        """Prepare `path` for sequences of `sequence_length` ids, or of at most so many where they are not `fixed`.

        `dtype` is uint16, uint32 or int32; `padding_column` adds a column `length` or `attention_mask`.
        """
        self._path = path
        self._draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
        self._dtype = np.dtype(dtype)
        self._length = sequence_length if fixed else -1
        self._column, self._side = padding_column, padding_side
        self._batch_rows = max(1, BATCH_BYTES // (sequence_length * self._dtype.itemsize))
        self._pending: list[Sequences] = []
        self._pending_sequences = 0
        self.num_sequences = 0

    def __enter__(self) -> Self:
        """Open the file."""
        self._file = HashedFile(self._draft)
        self._stream = pa.ipc.new_stream(self._file, self._schema())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Remove the file after an exception."""
        if kind is not None:
            self._file.abandon()
            self._draft.unlink(missing_ok=True)

    def write(self, sequences: Sequences) -> None:
        """Append sequences; their arrays are not changed, and may be kept until the next batch is full."""
        self._pending.append(replace(sequences, ids=sequences.ids.astype(self._dtype, copy=False)))
        self._pending_sequences += len(sequences)
        if self._pending_sequences >= self._batch_rows:
            self._write_batches(whole=True)

    def finish(self) -> WrittenFile:
        """Write what is pending, sync, give the file its name and return what it holds; the folder is not synced."""
        self._write_batches(whole=False)
        self._stream.close()
        self._file.sync()
        self._file.close()
        os.replace(self._draft, self._path)
        return WrittenFile(self._path.name, self.num_sequences, self._file.size, self._file.digest.hexdigest())

    def _schema(self) -> pa.Schema:
        fields = [pa.field(COLUMN, pa.list_(pa.from_numpy_dtype(self._dtype), self._length))]
        if self._column == "length":
            fields.append(pa.field("length", pa.int32()))
        elif self._column == "attention_mask":
            fields.append(pa.field("attention_mask", pa.list_(pa.int8(), self._length)))
        return pa.schema(fields)

    def _write_batches(self, *, whole: bool) -> None:
        sequences = joined_sequences(self._pending)
        end = len(sequences) // self._batch_rows * self._batch_rows if whole else len(sequences)
        for first in range(0, end, self._batch_rows):
            self._write(slice_sequences(sequences, first, min(first + self._batch_rows, end)))
        rest = slice_sequences(sequences, end, len(sequences))
        self._pending, self._pending_sequences = [rest] if len(rest) else [], len(rest)

    def _write(self, sequences: Sequences) -> None:
        arrays: list[pa.Array] = [self._lists(sequences.ids, sequences)]
        if self._column == "length":
            arrays.append(pa.array(sequences.tokens.astype(np.int32)))
        elif self._column == "attention_mask":
            arrays.append(self._lists(_mask(sequences, self._side), sequences))
        self._stream.write_batch(pa.record_batch(arrays, schema=self._schema()))
        self.num_sequences += len(sequences)

    def _lists(self, values: np.typing.NDArray[Any], sequences: Sequences) -> pa.Array:
        if self._length >= 0:
            return pa.FixedSizeListArray.from_arrays(pa.array(values), self._length)
        offsets = (sequences.offsets - sequences.offsets[0]).astype(np.int32)
        return pa.ListArray.from_arrays(pa.array(offsets), pa.array(values))


def _mask(sequences: Sequences, side: str) -> np.typing.NDArray[np.int8]:
    """Return 1 for each token and 0 for padding."""
    within = np.arange(len(sequences.ids)) - np.repeat(sequences.offsets[:-1] - sequences.offsets[0], sequences.widths)
    if side == "left":
        return (within >= np.repeat(sequences.widths - sequences.tokens, sequences.widths)).astype(np.int8)
    return (within < np.repeat(sequences.tokens, sequences.widths)).astype(np.int8)

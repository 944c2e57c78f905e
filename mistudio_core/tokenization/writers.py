"""Rows on disk, as `datasets.load_from_disk` opens them: Arrow streams of lists, and the two JSON files beside them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from mistudio_core.files import sync_folder, write_json

COLUMN: Final = "input_ids"
BATCH_BYTES: Final = 8 << 20
"""Ids of one record batch. A rule, so that equal rows give equal bytes however they came."""


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """A finished file of rows."""

    file: str
    num_rows: int
    size_bytes: int
    sha256: str


def data_name(index: int, count: int) -> str:
    """Return the name that `datasets` gives to file `index` of `count`."""
    return f"data-{index:05d}-of-{count:05d}.arrow"


class RowWriter:
    """Writes rows of one length as an Arrow stream; the file gets its name when it is whole and synced.

    Leaving the `with` block by an exception removes what was written.
    """

    def __init__(self, path: Path, width: int, dtype: str) -> None:
        """Prepare `path` for rows of `width` ids stored as `dtype` (uint16, uint32 or int32)."""
        self._path = path
        self._draft = path.with_name(f".{path.name}.{os.getpid()}.{id(self)}")
        self._width = width
        self._dtype = np.dtype(dtype)
        self._list = pa.list_(pa.from_numpy_dtype(self._dtype), width)
        self._batch_rows = max(1, BATCH_BYTES // (width * self._dtype.itemsize))
        self._pending: list[npt.NDArray[Any]] = []
        self._pending_rows = 0
        self.num_rows = 0

    def __enter__(self) -> Self:
        """Open the file."""
        schema = pa.schema([pa.field(COLUMN, self._list)])
        self._file = HashedFile(self._draft)
        self._stream = pa.ipc.new_stream(self._file, schema)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Finish the file, or remove it after an exception."""
        if kind is not None:
            self._file.abandon()
            self._draft.unlink(missing_ok=True)

    def write(self, rows: npt.NDArray[Any]) -> None:
        """Append rows of ids, of shape (n, width), in any integer type that holds them."""
        self._pending.append(rows.astype(self._dtype))  # a copy: the caller may reuse its array
        self._pending_rows += len(rows)
        if self._pending_rows >= self._batch_rows:
            self._write_batches(whole=True)

    def finish(self) -> WrittenFile:
        """Write what is pending, sync, give the file its name and return what it holds."""
        self._write_batches(whole=False)
        self._stream.close()
        self._file.sync()
        self._file.close()
        os.replace(self._draft, self._path)
        sync_folder(self._path.parent)
        return WrittenFile(self._path.name, self.num_rows, self._file.size, self._file.digest.hexdigest())

    def _write_batches(self, *, whole: bool) -> None:
        if not self._pending_rows:
            return
        rows = self._pending[0] if len(self._pending) == 1 else np.concatenate(self._pending)
        end = len(rows) // self._batch_rows * self._batch_rows if whole else len(rows)
        for first in range(0, end, self._batch_rows):
            batch = rows[first : min(first + self._batch_rows, end)]
            values = pa.array(batch.reshape(-1))
            lists = pa.FixedSizeListArray.from_arrays(values, type=self._list)
            self._stream.write_batch(pa.record_batch([lists], names=[COLUMN]))
            self.num_rows += len(batch)
        rest = rows[end:]
        self._pending, self._pending_rows = ([rest.copy()], len(rest)) if len(rest) else ([], 0)


class HashedFile:
    """A file for Arrow to write that is hashed on the way, which saves reading it again."""

    closed = False

    def __init__(self, path: Path) -> None:
        """Create the file."""
        self._file = open(path, "wb")  # noqa: SIM115 - closed by close()
        self._abandoned = False
        self.digest = hashlib.sha256()
        self.size = 0

    def write(self, data: Any) -> int:
        """Append bytes."""
        if self._abandoned:  # what a stream still flushes when it is collected
            return len(data)
        self.digest.update(data)
        self.size += len(data)
        return self._file.write(data)

    def tell(self) -> int:
        """Return how much was written."""
        return self.size

    def flush(self) -> None:
        """Hand the bytes to the system."""
        if not self._abandoned:
            self._file.flush()

    def sync(self) -> None:
        """Wait until the bytes are on the disk."""
        self._file.flush()
        os.fsync(self._file.fileno())

    def abandon(self) -> None:
        """Close the file and swallow what still comes."""
        self._abandoned = True
        self._file.close()

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        self.closed = True


def write_dataset_files(
    folder: Path, files: Sequence[str], *, width: int | None, dtype: str, split: str | None, fingerprint: str
) -> None:
    """Write `state.json` and `dataset_info.json` beside the rows; `width` is None for rows of several lengths."""
    write_json(
        folder / "state.json",
        {
            "_data_files": [{"filename": name} for name in files],
            "_fingerprint": fingerprint[:16],
            "_format_columns": None,
            "_format_kwargs": {},
            "_format_type": None,
            "_output_all_columns": False,
            "_split": split,
        },
    )
    write_json(folder / "dataset_info.json", {"features": _features(width, dtype)})


def _features(width: int | None, dtype: str) -> Mapping[str, Any]:
    # "Sequence" is read by every version of `datasets` from 3 on; newer ones write "List".
    item = {"dtype": dtype, "_type": "Value"}
    return {COLUMN: {"feature": item, "length": -1 if width is None else width, "_type": "Sequence"}}

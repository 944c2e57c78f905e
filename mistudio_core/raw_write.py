"""Raw samples written to disk: Parquet parts of small row groups, each complete and hashed before it gets its name."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from mistudio_core.files import sync_folder
from mistudio_core.hashed_file import HashedFile
from mistudio_core.raw import is_text, text_columns

ROW_GROUP_ROWS: Final = 1000
"""A page of 50 samples reads one row group; larger ones cost more per page, smaller ones more footer."""
ROW_GROUP_BYTES: Final = 512 << 10
"""A sample is read with its row group, and a page of hits reads fifty of them; a single larger sample is alone."""
ROW_GROUP_COLUMN_BYTES: Final = 16 << 10
"""So much a column, where that is more: column chunks of a few values would have footers larger than their data."""
ROW_GROUP_MOST_BYTES: Final = 8 << 20
"""Readers hold one row group, so this bounds their memory."""
PART_ROW_GROUPS: Final = 1000
PART_COLUMN_CHUNKS: Final = 20_000
"""Both bound the footer of one part, which is read at once: a column chunk takes 130 bytes in it, ten times that in
memory. So a table of 1,000 columns has parts of 20 row groups."""
WIDE_COLUMNS: Final = 30
"""A wider table goes without minima and maxima, which double its footer."""

_STEM: Final = re.compile(r"[0-9A-Za-z_]{1,40}")  # no dash: one stem is then never the beginning of another's names


@dataclass(frozen=True, slots=True)
class PartInfo:
    """A written part; `text_bytes` counts the UTF-8 bytes of its top-level text columns."""

    name: str
    num_rows: int
    size_bytes: int
    text_bytes: int
    sha256: str


def stem_of(name: str) -> str:
    """Return the stem in the name of a part."""
    return name.split("-")[1]


class PartWriter:
    """Writes tables to `folder/part-<stem>-<number>.parquet`, cutting them into row groups and parts.

    Parts of the same stem that an interrupted run left are removed first. A writer that got no rows
    leaves one part without rows, which keeps the schema. Leaving the `with` block by an exception
    removes the part under construction.
    """

    def __init__(self, folder: Path, stem: str, schema: pa.Schema) -> None:
        """Start in `folder`, made if missing; `schema` (with its metadata) is that of every part."""
        if not _STEM.fullmatch(stem):
            raise ValueError(f"not a stem for part names: {stem!r}")
        folder.mkdir(parents=True, exist_ok=True)
        for leftover in (*folder.glob(f"part-{stem}-*.parquet"), *folder.glob(f".part-{stem}-*")):
            leftover.unlink()
        self.parts: list[PartInfo] = []
        self._folder, self._stem, self._schema = folder, stem, schema
        self._group_bytes = min(ROW_GROUP_MOST_BYTES, max(ROW_GROUP_BYTES, len(schema) * ROW_GROUP_COLUMN_BYTES))
        self._pending: list[pa.Table] = []
        self._pending_rows = self._pending_bytes = 0
        self._part: _OpenPart | None = None

    def __enter__(self) -> Self:
        """Return the writer itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Finish the last part, or remove it after an exception."""
        if kind is None:
            self.close()
        elif self._part is not None:
            self._part.discard()
            self._part = None

    def write(self, table: pa.Table | pa.RecordBatch) -> None:
        """Append rows, cast to the schema where they differ; a type that does not fit raises `pa.ArrowInvalid`."""
        if isinstance(table, pa.RecordBatch):
            table = pa.Table.from_batches([table])
        if not table.schema.equals(self._schema, check_metadata=True):
            table = table.cast(self._schema)
        start = 0
        while start < table.num_rows:
            room = ROW_GROUP_ROWS - self._pending_rows
            piece = _fitting(table.slice(start, room), self._group_bytes - self._pending_bytes)
            if piece.num_rows == 0 and not self._pending_rows:
                piece = table.slice(start, 1)
            if piece.num_rows:
                self._pending.append(piece)
                self._pending_rows += piece.num_rows
                self._pending_bytes += piece.nbytes
                start += piece.num_rows
            if self._pending_rows >= ROW_GROUP_ROWS or start < table.num_rows:
                self._write_group()

    def close(self) -> None:
        """Write what is pending and finish the last part."""
        if self._pending_rows or (self._part is None and not self.parts):
            self._write_group()
        self._finish_part()

    def _write_group(self) -> None:
        if self._part is None:
            name = f"part-{self._stem}-{len(self.parts):05d}.parquet"
            self._part = _OpenPart(self._folder, name, self._schema)
        if self._pending_rows:
            self._part.write(pa.concat_tables(self._pending))
        self._pending, self._pending_rows, self._pending_bytes = [], 0, 0
        if self._part.num_groups >= min(PART_ROW_GROUPS, max(1, PART_COLUMN_CHUNKS // max(1, len(self._schema)))):
            self._finish_part()

    def _finish_part(self) -> None:
        if self._part is not None:
            self.parts.append(self._part.finish())
            self._part = None


class _OpenPart:
    """A part under construction, under a name that readers do not look for."""

    def __init__(self, folder: Path, name: str, schema: pa.Schema) -> None:
        self._target = folder / name
        self._draft = folder / f".{name}"
        self._file = HashedFile(self._draft)
        self._texts = text_columns(schema)
        # Text hardly repeats: a dictionary and minima cost time and space, and give nothing.
        coded = [field.name for field in schema if not is_text(field.type) and not pa.types.is_nested(field.type)]
        self._writer = pq.ParquetWriter(
            self._file,
            schema,
            compression="zstd",
            compression_level=1,
            use_dictionary=coded,
            write_statistics=coded if len(schema) <= WIDE_COLUMNS else False,
        )
        self.num_groups = self._rows = self._text_bytes = 0

    def write(self, table: pa.Table) -> None:
        self._writer.write_table(table, row_group_size=table.num_rows)
        self.num_groups += 1
        self._rows += table.num_rows
        for name in self._texts:
            self._text_bytes += pc.sum(pc.binary_length(table.column(name))).as_py() or 0

    def finish(self) -> PartInfo:
        self._writer.close()
        self._file.sync()
        self._file.close()
        os.replace(self._draft, self._target)
        sync_folder(self._target.parent)
        digest, size = self._file.digest.hexdigest(), self._file.size
        return PartInfo(self._target.name, self._rows, size, self._text_bytes, digest)

    def discard(self) -> None:
        self._file.abandon()
        self._draft.unlink(missing_ok=True)


def _fitting(table: pa.Table, budget: int) -> pa.Table:
    """Return the longest beginning of `table` that takes at most `budget` bytes, possibly no row."""
    if table.nbytes <= budget:
        return table
    fits, too_many = 0, table.num_rows
    while too_many - fits > 1:
        middle = (fits + too_many) // 2
        if table.slice(0, middle).nbytes <= budget:
            fits = middle
        else:
            too_many = middle
    return table.slice(0, fits)

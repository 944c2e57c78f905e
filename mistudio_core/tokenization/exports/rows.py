"""Token rows written as Parquet, and as the bare numbers that sparsify maps into memory."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from mistudio_core.tokenization.made.stored_rows import StoredRows

FILE_BYTES: Final = 256 << 20
"""Ids of one Parquet file: small enough to send again, large enough to be few."""
GROUP_BYTES: Final = 4 << 20
"""Ids of one row group. Writing one takes several times its bytes in memory; a reader that streams holds one."""
_ROW_OVERHEAD: Final = 8


def write_parquet(rows: StoredRows, folder: Path, tell: Callable[[int, int], None]) -> dict[str, int]:
    """Write `data/<split>-00000-of-000NN.parquet` for each split that has rows; return the rows of each.

    Compressed with zstd, dictionaries on: every reader of Parquet knows both. The lists keep their length and type.
    """
    (folder / "data").mkdir()
    done = 0
    written: dict[str, int] = {}
    for split, stem in hub_splits(rows.splits).items():
        num_rows = rows.splits[split]
        if not num_rows:
            continue
        row_bytes = _row_bytes(rows)
        source = _Source(rows.batches(split))
        shares = even_shares(num_rows, num_rows * row_bytes)
        for index, share in enumerate(shares):
            path = folder / "data" / f"{stem}-{index:05d}-of-{len(shares):05d}.parquet"
            with pq.ParquetWriter(path, rows.schema, compression="zstd", compression_level=1) as writer:
                for table in source.tables(share, max(1, GROUP_BYTES // row_bytes)):
                    writer.write_table(table, row_group_size=table.num_rows)
                    done += table.num_rows
                    tell(done, rows.num_rows)
        written[stem] = num_rows
    return written


def write_bin(rows: StoredRows, folder: Path, tell: Callable[[int, int], None]) -> dict[str, int]:
    """Write `<split>.bin` for each split that has rows: little-endian uint16, row after row, nothing else.

    That is what `numpy.memmap(path, "<u2").reshape(-1, context_length)` reads. All ids must be below 65,536.
    """
    done = 0
    written: dict[str, int] = {}
    for split, stem in hub_splits(rows.splits).items():
        num_rows = rows.splits[split]
        if not num_rows:
            continue
        with open(folder / f"{stem}.bin", "wb") as file:
            for ids in rows.ids(split):
                file.write(ids.astype("<u2").tobytes())
                done += len(ids)
                tell(done, rows.num_rows)
        written[stem] = num_rows
    return written


def even_shares(number: int, num_bytes: int) -> list[int]:
    """Return how many of `number` things that have `num_bytes` in all go into each file of about `FILE_BYTES`."""
    count = min(number, max(1, -(-num_bytes // FILE_BYTES)))
    small, longer = divmod(number, count)
    return [small + (index < longer) for index in range(count)]


def hub_splits(names: Iterable[str]) -> dict[str, str]:
    """Return for each split a name that `datasets` takes: letters, digits, underscores, and single dots inside."""
    found: dict[str, str] = {}
    for name in names:
        plain = re.sub(r"\.{2,}", ".", re.sub(r"[^A-Za-z0-9_.]", "_", name)).strip(".") or "split"
        while plain in found.values():
            plain += "_"
        found[name] = plain
    return found


def _row_bytes(rows: StoredRows) -> int:
    if rows.width is not None:
        return int(rows.width) * rows.schema.field("input_ids").type.value_type.bit_width // 8
    return max(1, int(rows.manifest["num_tokens"]) * 4 // max(1, rows.num_rows)) + _ROW_OVERHEAD


class _Source:
    """Rows taken in any number from batches of any size."""

    def __init__(self, batches: Iterator[pa.RecordBatch]) -> None:
        self._batches = batches
        self._left: pa.RecordBatch | None = None

    def more(self) -> bool:
        """Tell whether there are rows left."""
        while self._left is None or not self._left.num_rows:
            self._left = next(self._batches, None)
            if self._left is None:
                return False
        return True

    def tables(self, num_rows: int, group_rows: int) -> Iterator[pa.Table]:
        """Yield the next `num_rows` rows, `group_rows` at a time."""
        while num_rows and self.more():
            table = self._take(min(num_rows, group_rows))
            num_rows -= table.num_rows
            yield table

    def _take(self, num_rows: int) -> pa.Table:
        taken: list[pa.RecordBatch] = []
        while num_rows and self.more():
            assert self._left is not None
            taken.append(self._left.slice(0, num_rows))
            self._left = self._left.slice(taken[-1].num_rows)
            num_rows -= taken[-1].num_rows
        return pa.Table.from_batches(taken)

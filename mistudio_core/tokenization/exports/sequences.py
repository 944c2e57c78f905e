"""Token sequences written as Parquet, and as the bare numbers that sparsify maps into memory."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from mistudio_core.tokenization.output.stored_sequences import StoredSequences

FILE_BYTES: Final = 256 << 20
"""Ids of one Parquet file: small enough to send again, large enough to be few."""
GROUP_BYTES: Final = 4 << 20
"""Ids of one row group. Writing one takes several times its bytes in memory; a reader that streams holds one."""
_SEQUENCE_OVERHEAD: Final = 8


def write_parquet(sequences: StoredSequences, folder: Path, tell: Callable[[int, int], None]) -> dict[str, int]:
    """Write `data/<split>-00000-of-000NN.parquet` for each split that has sequences; return the sequences of each.

    Compressed with zstd, dictionaries on: every reader of Parquet knows both. The lists keep their length and type.
    """
    (folder / "data").mkdir()
    done = 0
    written: dict[str, int] = {}
    for split, stem in hub_splits(sequences.splits).items():
        num_sequences = sequences.splits[split]
        if not num_sequences:
            continue
        sequence_bytes = _sequence_bytes(sequences)
        source = _Source(sequences.batches(split))
        shares = even_shares(num_sequences, num_sequences * sequence_bytes)
        for index, share in enumerate(shares):
            path = folder / "data" / f"{stem}-{index:05d}-of-{len(shares):05d}.parquet"
            with pq.ParquetWriter(path, sequences.schema, compression="zstd", compression_level=1) as writer:
                for table in source.tables(share, max(1, GROUP_BYTES // sequence_bytes)):
                    writer.write_table(table, row_group_size=table.num_rows)
                    done += table.num_rows
                    tell(done, sequences.num_sequences)
        written[stem] = num_sequences
    return written


def write_bin(sequences: StoredSequences, folder: Path, tell: Callable[[int, int], None]) -> dict[str, int]:
    """Write `<split>.bin` for each split with sequences: little-endian uint16, sequence after sequence, nothing else.

    That is what `numpy.memmap(path, "<u2").reshape(-1, context_length)` reads. All ids must be below 65,536.
    """
    done = 0
    written: dict[str, int] = {}
    for split, stem in hub_splits(sequences.splits).items():
        num_sequences = sequences.splits[split]
        if not num_sequences:
            continue
        with open(folder / f"{stem}.bin", "wb") as file:
            for ids in sequences.ids(split):
                file.write(ids.astype("<u2").tobytes())
                done += len(ids)
                tell(done, sequences.num_sequences)
        written[stem] = num_sequences
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


def _sequence_bytes(sequences: StoredSequences) -> int:
    if sequences.width is not None:
        return int(sequences.width) * sequences.schema.field("input_ids").type.value_type.bit_width // 8
    return max(1, int(sequences.manifest["num_tokens"]) * 4 // max(1, sequences.num_sequences)) + _SEQUENCE_OVERHEAD


class _Source:
    """Sequences taken in any number from batches of any size."""

    def __init__(self, batches: Iterator[pa.RecordBatch]) -> None:
        self._batches = batches
        self._left: pa.RecordBatch | None = None

    def more(self) -> bool:
        """Tell whether there are sequences left."""
        while self._left is None or not self._left.num_rows:
            self._left = next(self._batches, None)
            if self._left is None:
                return False
        return True

    def tables(self, num_sequences: int, group_rows: int) -> Iterator[pa.Table]:
        """Yield the next `num_sequences` sequences, `group_rows` at a time."""
        while num_sequences and self.more():
            table = self._take(min(num_sequences, group_rows))
            num_sequences -= table.num_rows
            yield table

    def _take(self, num_sequences: int) -> pa.Table:
        taken: list[pa.RecordBatch] = []
        while num_sequences and self.more():
            assert self._left is not None
            taken.append(self._left.slice(0, num_sequences))
            self._left = self._left.slice(taken[-1].num_rows)
            num_sequences -= taken[-1].num_rows
        return pa.Table.from_batches(taken)

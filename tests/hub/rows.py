"""Content of the test repositories: small, varied, the same every time, and its encodings."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import json
import lzma
import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

Row = dict[str, Any]

SUBJECTS = ("the miller", "a heron", "our neighbour", "the old ferry", "nobody", "a student", "the north wind")
VERBS = ("counts", "forgets", "repairs", "follows", "sells", "paints", "remembers", "measures")
OBJECTS = ("seven lanterns", "the harbour", "a broken clock", "every word", "two maps", "the river", "its own shadow")
ENDS = ("before dawn", "in silence", "for a song", "again and again", "without a plan", "on Tuesdays")


def sentences(count: int, seed: int = 0, per_row: int = 3) -> list[str]:
    """Return `count` different short texts of `per_row` sentences each; the same for the same seed."""
    chance = random.Random(seed)
    texts = []
    for number in range(count):
        parts = [
            f"{chance.choice(SUBJECTS)} {chance.choice(VERBS)} {chance.choice(OBJECTS)} {chance.choice(ENDS)}."
            for _ in range(per_row)
        ]
        texts.append(f"{number}: " + " ".join(part.capitalize() for part in parts))
    return texts


def rows(count: int, seed: int = 0) -> list[Row]:
    """Return `count` rows with a `text` and an `id`."""
    return [{"text": text, "id": number} for number, text in enumerate(sentences(count, seed))]


def table(data: Sequence[Row] | Mapping[str, Sequence[Any]], schema: pa.Schema | None = None) -> pa.Table:
    """Return rows or columns as an Arrow table."""
    if isinstance(data, Mapping):
        return pa.table(dict(data), schema=schema)
    return pa.Table.from_pylist(list(data), schema=schema)


def parquet(data: pa.Table | Sequence[Row], *, group_rows: int = 1000, compression: str = "snappy") -> bytes:
    """Return a Parquet file."""
    sink = io.BytesIO()
    written = data if isinstance(data, pa.Table) else table(data)
    pq.write_table(written, sink, row_group_size=group_rows, compression=compression)
    return sink.getvalue()


def parquet_without_rows(schema: pa.Schema, *, empty_group: bool = False) -> bytes:
    """Return a Parquet file with no row group, or with one that has no rows."""
    sink = io.BytesIO()
    with pq.ParquetWriter(sink, schema) as writer:
        if empty_group:
            writer.write_batch(pa.RecordBatch.from_pylist([], schema=schema))
    return sink.getvalue()


def arrow_stream(data: pa.Table | Sequence[Row]) -> bytes:
    """Return an Arrow IPC stream, the form `datasets` writes."""
    written = data if isinstance(data, pa.Table) else table(data)
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, written.schema) as writer:
        writer.write_table(written)
    return sink.getvalue()


def arrow_file(data: pa.Table | Sequence[Row]) -> bytes:
    """Return an Arrow IPC file (with a footer)."""
    written = data if isinstance(data, pa.Table) else table(data)
    sink = io.BytesIO()
    with pa.ipc.new_file(sink, written.schema) as writer:
        writer.write_table(written)
    return sink.getvalue()


def jsonl(data: Sequence[Row]) -> bytes:
    """Return one JSON document a line."""
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in data).encode()


def json_array(data: Sequence[Row]) -> bytes:
    """Return one JSON array of documents."""
    return json.dumps(list(data), ensure_ascii=False, indent=1).encode()


def separated(data: Sequence[Row], delimiter: str = ",") -> bytes:
    """Return comma- or tab-separated values with a header and quotes where they are needed."""
    sink = io.StringIO(newline="")
    writer = csv.DictWriter(sink, list(data[0]), delimiter=delimiter, lineterminator="\n")
    writer.writeheader()
    writer.writerows(data)
    return sink.getvalue().encode()


def lines(data: Sequence[Row]) -> bytes:
    """Return the texts, one a line."""
    return "".join(f"{row['text']}\n" for row in data).encode()


def gz(content: bytes) -> bytes:
    """Return content compressed by gzip, without the time of day in it."""
    return gzip.compress(content, mtime=0)


def zst(content: bytes) -> bytes:
    """Return content compressed by Zstandard."""
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(content)
    return bytes(sink.getvalue())


PACKINGS: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    ".gz": gz,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": zst,
}
"""How a file may be packed, by the ending that its name gets."""

"""The usual text formats read as the readers of `datasets` read them, without a second spent on importing it.

What is read here is what theirs give, table by table where it is JSON; whatever is not plainly so is left to them.
"""

from __future__ import annotations

import codecs
import io
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np
import pyarrow as pa
import pyarrow.json as paj

from mistudio_core.sources import arrow_types
from mistudio_core.sources.exact_csv import empty_as_floats
from mistudio_core.sources.file_proxy import ARCHIVES, FileProxy
from mistudio_core.sources.long_rows import RowsAtATime
from mistudio_core.sources.null_rows import SafeReader
from mistudio_core.sources.recode import needs_recoding

if TYPE_CHECKING:
    from mistudio_core.sources.plain_features import AnyFeatures

CHUNK_BYTES: Final = 10 << 20
"""As many as `datasets` parses at a time: the types of JSON and of CSV are found chunk by chunk."""
CSV_ROWS: Final = 10_000
"""As many as `datasets` parses at a time."""
FEW_CSV_ROWS: Final = 1000
"""Where only the first rows of a file are wanted."""
_BLOCKS: Final = 32
_LEAST_BLOCK_BYTES: Final = 16 << 10
_ENCODING: Final = frozenset({"encoding", "encoding_errors"})
_CSV_OPTIONS: Final = frozenset({"sep", "delimiter", "header", "na_values", "keep_default_na"})
_NEWLINE: Final = ord("\n")
_HEAD_BYTES: Final = 8


class UnlikeError(ValueError):
    """What comes now may be read differently by `datasets`."""


Known = Callable[[], "AnyFeatures | None"]
"""Tells the columns, once they are known."""


def plain_reader(
    module: str,
    options: Mapping[str, Any],
    features: AnyFeatures | None,
    known: Known,
    *,
    chunk_bytes: int | None,
    csv_rows: RowsAtATime | None,
    declared: bool,
) -> Callable[[FileProxy], Iterator[pa.Table]] | None:
    """Return a function that yields the tables of a file, None where only `datasets` reads such files.

    `features` are the columns as far as they are known now, `known` tells them later; `declared` ones were fixed by
    somebody, which changes how cells are read. The function raises `UnlikeError` where `datasets` has to go on with the
    table behind those that were yielded.
    """
    encoding = options.get("encoding")
    if encoding is not None and not needs_recoding(encoding) and codecs.lookup(encoding).name != "utf-8":
        return None
    rest = {name: value for name, value in options.items() if name not in _ENCODING}
    if module == "json" and not rest and (features is None or _are_flat(features.arrow_schema)):
        return lambda source: _json_tables(source, chunk_bytes or CHUNK_BYTES, known)
    if module == "text" and rest in ({}, {"sample_by": "line"}) and not declared:
        return lambda source: _text_tables(source, chunk_bytes or CHUNK_BYTES)
    if csv_rows is not None and rest.keys() <= _CSV_OPTIONS and not declared:
        return lambda source: _csv_tables(source, rest, csv_rows)
    return None


def _json_tables(source: FileProxy, chunk_bytes: int, known: Known) -> Iterator[pa.Table]:
    """Yield tables of values and lists of values; objects below the top may hold what only `datasets` looks for."""
    block_bytes = max(chunk_bytes // _BLOCKS, _LEAST_BLOCK_BYTES)
    with source.open() as file:
        data = file.read(chunk_bytes).removeprefix(codecs.BOM_UTF8)
        while data:
            if data.startswith(b"["):
                raise UnlikeError
            data += file.readline()
            if len(data) // 8 > block_bytes:  # as there, where it avoids a crash
                block_bytes = len(data)
            try:
                table = SafeReader.read_json(io.BytesIO(data), paj.ReadOptions(block_size=block_bytes))
                table.validate()
            except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
                raise UnlikeError from error
            features = known()
            if not _are_flat(table.schema) or not (features is None or _fits(table.schema, features.arrow_schema)):
                raise UnlikeError
            yield table
            data = file.read(chunk_bytes)


def _text_tables(source: FileProxy, chunk_bytes: int) -> Iterator[pa.Table]:
    """Yield lines, which end as they do for Python's text files."""
    with source.open() as file:
        data = file.read(chunk_bytes)
        _refuse_archive(data)
        while data:
            data += file.readline()
            if b"\r" in data:
                data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
            yield pa.table({"text": _lines(data)})
            data = file.read(chunk_bytes)


def _lines(data: bytes) -> pa.StringArray:
    """Return the lines of a text without their ends, as one array."""
    text = np.frombuffer(data, np.uint8)
    ends = text == _NEWLINE
    places = np.flatnonzero(ends)
    if data[-1] != _NEWLINE:
        places = np.append(places, len(data))
    offsets = np.zeros(len(places) + 1, np.int32)
    offsets[1:] = places - np.arange(len(places))
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(text[~ends])]
    return pa.StringArray.from_buffers(len(places), buffers[1], buffers[2])


def _csv_tables(source: FileProxy, options: Mapping[str, Any], rows: RowsAtATime) -> Iterator[pa.Table]:
    """Yield what pandas reads, with integers read exactly."""
    import pandas as pd  # type: ignore[import-untyped]

    with source.open() as file:
        _refuse_archive(cast(io.BufferedReader, file).peek(_HEAD_BYTES))
        settings = {"sep": options["delimiter"]} if "delimiter" in options else {}
        given = {name: value for name, value in options.items() if name != "delimiter"} | settings
        reader = pd.read_csv(file, iterator=True, dtype_backend="numpy_nullable", **given)
        with suppress(StopIteration):
            while True:
                yield empty_as_floats(pa.Table.from_pandas(reader.get_chunk(rows.next())))


def _refuse_archive(head: bytes) -> None:
    if head.startswith(ARCHIVES):
        raise UnlikeError  # `datasets` unpacks it


def _are_flat(schema: pa.Schema) -> bool:
    return all(_is_flat(field.type) for field in schema)


def _is_flat(kind: pa.DataType) -> bool:
    """Tell whether a type has no objects in it."""
    return _is_flat(kind.value_type) if pa.types.is_list(kind) else not pa.types.is_nested(kind)


def _fits(schema: pa.Schema, known: pa.Schema) -> bool:
    """Tell whether a table has the known columns, in their order and of their types."""
    return arrow_types.readable_schema(schema).remove_metadata() == known.remove_metadata()

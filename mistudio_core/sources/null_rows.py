"""Arrow's reader of JSON lines, made safe: a sample may be `null`, which ends the process at the start of a block."""

from __future__ import annotations

import io
import re
from typing import Any, ClassVar, Final

import pyarrow as pa
import pyarrow.json as paj

_NULL_ROWS: Final = re.compile(rb"(\A\s*|\}\s*\n\s*)((?:null\s*\n\s*)*null)(?=\s*(?:\n|\Z))")
"""Behind the end of an object and without a comma a value can only be a sample of its own."""


class SafeReader:
    """Stands for `pyarrow.json` where `datasets` uses it."""

    ReadOptions = paj.ReadOptions
    texts: ClassVar[pa.Schema] = pa.schema([])
    """Where text is known to be: Arrow would take a block of nothing but dates for moments."""

    @staticmethod
    def read_json(buffer: io.BytesIO, read_options: Any = None) -> pa.Table:
        """Read JSON lines as Arrow does; a sample that is null is one without any value."""
        data = buffer.getvalue()
        if b"null\n" in data or b"null\r" in data or data.rstrip().endswith(b"null"):
            data = _NULL_ROWS.sub(lambda found: found[1] + found[2].replace(b"null", b"{}"), data)
        known = paj.ParseOptions(explicit_schema=SafeReader.texts)
        try:
            return paj.read_json(io.BytesIO(data), read_options=read_options, parse_options=known)
        except pa.ArrowInvalid:  # such as numbers alone in this block, which become text
            return paj.read_json(io.BytesIO(data), read_options=read_options)


def install() -> None:
    """Let the JSON reader of `datasets` read through `SafeReader`."""
    from datasets.packaged_modules.json import json as reader

    reader.paj = SafeReader


def keep_texts(schema: pa.Schema) -> None:
    """Have what is text in `schema`, at any depth, read as text from now on."""
    kinds = ((field.name, _texts_of(field.type)) for field in schema)
    SafeReader.texts = pa.schema([(name, kind) for name, kind in kinds if kind is not None])


def _texts_of(kind: pa.DataType) -> pa.DataType | None:
    """Return a type with only the texts that are in it, None where there are none."""
    if pa.types.is_string(kind):
        return pa.string()
    if pa.types.is_list(kind):
        inner = _texts_of(kind.value_type)
        return None if inner is None else pa.list_(inner)
    if pa.types.is_struct(kind):
        inner_fields = [(field.name, _texts_of(field.type)) for field in kind]
        known = [(name, inner) for name, inner in inner_fields if inner is not None]
        return pa.struct(known) if known else None
    return None

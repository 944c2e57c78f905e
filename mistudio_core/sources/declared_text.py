"""Columns of bytes that somebody declared to be text."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from mistudio_core.errors import invalid
from mistudio_core.raw import is_text


def declared_text(schema: pa.Schema, names: Sequence[str]) -> pa.Schema:
    """Return a schema with text in the columns `names`; raises `invalid_request` for one that holds no bytes."""
    for name in names:
        at = schema.get_field_index(name)
        if at < 0:
            raise invalid(f"There is no column {name[:80]!r}.", f"The columns are: {', '.join(schema.names)[:500]}.")
        kind = _text_type(schema.field(at).type)
        if kind is None:
            raise invalid(
                f"The column {name[:80]!r} holds {str(schema.field(at).type)[:100]}, neither bytes nor text.",
                "Only a column of bytes can be declared text.",
            )
        schema = schema.set(at, schema.field(at).with_type(kind))
    return schema


def with_declared_text(table: pa.Table, names: Sequence[str]) -> pa.Table:
    """Return a table with text in the columns `names`; what is no UTF-8 is not looked for yet."""
    for name in names:
        at = table.schema.get_field_index(name)
        kind = None if at < 0 else _text_type(table.schema.field(at).type)
        if kind is not None and kind != table.schema.field(at).type:
            chunks = [_viewed(chunk, kind) for chunk in table.column(at).chunks]
            table = table.set_column(at, name, pa.chunked_array(chunks, kind))
    return table


def _text_type(kind: pa.DataType) -> pa.DataType | None:
    if is_text(kind):
        return kind
    if pa.types.is_large_binary(kind):
        return pa.large_string()
    return pa.string() if pa.types.is_binary(kind) or pa.types.is_fixed_size_binary(kind) else None


def _viewed(array: pa.Array, kind: pa.DataType) -> pa.Array:
    return (array.cast(pa.binary()) if pa.types.is_fixed_size_binary(array.type) else array).view(kind)

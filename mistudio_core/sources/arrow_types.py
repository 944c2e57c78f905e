"""The door for Arrow's types: each type that a file may hold becomes one of the few that are stored, or is refused.

What is stored: null, booleans, integers, floats, decimal128 and decimal256, dates, times, timestamps and durations,
string, binary and fixed-size binary (with their large forms), lists (large and of a fixed size too) and structs.
A map becomes a list of objects with `key` and `value`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mistudio_core.errors import StudioError

_HEX: Final = np.frombuffer("".join(f"{byte:02x}" for byte in range(256)).encode(), np.uint8).reshape(256, 2)
_UUID_GROUPS: Final = ((0, 4), (4, 6), (6, 8), (8, 10), (10, 16))
_UUID_CHARS: Final = 36
_MOST_DIGITS: Final = (38, 76)  # of decimal128 and of decimal256


MAX_LEVELS: Final = 90
"""Of lists, which count twice, and objects within each other: Parquet is read back down to 100."""


class UnstorableError(TypeError):
    """A type that is not stored; `path` leads to it within its column."""

    def __init__(self, kind: pa.DataType, path: str) -> None:
        super().__init__(f"{path}: {kind}")
        self.kind, self.path = kind, path


def readable_schema(schema: pa.Schema) -> pa.Schema:
    """Return the schema in the types that `datasets` knows: as they are stored, but with its extension types.

    Raises `corrupt_data` naming the first column whose type cannot be kept.
    """
    fields = []
    for field in schema:
        if _levels(field.type) > MAX_LEVELS:
            raise too_deep(f"The column {field.name[:200]!r}")
        try:
            fields.append(pa.field(field.name, _type(field.type, field.name, _readable_extension)))
        except UnstorableError as error:
            raise StudioError(
                "corrupt_data",
                f"The column {error.path[:200]!r} has the type {str(error.kind)[:100]}, which cannot be stored.",
                "Remove the column, or convert it to a list of objects.",
            ) from error
    return pa.schema(fields, schema.metadata)


def too_deep(what: str) -> StudioError:
    """Return the error for a column, or a file, whose types nest deeper than Parquet can be read back."""
    return StudioError(
        "corrupt_data",
        f"{what} nests values too deep: at most {MAX_LEVELS // 2} lists within each other can be kept.",
        "Write the deep value as a text.",
    )


def stored_schema(schema: pa.Schema) -> pa.Schema:
    """Return a schema of `datasets` in the types that are stored; its metadata still tells the extension types."""
    return pa.schema(
        [field.with_type(_type(field.type, field.name, _no_extension)) for field in schema], schema.metadata
    )


def converted_table(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """Return a table in the types of `schema`, which comes from `readable_schema` or `stored_schema`."""
    if table.schema.types == schema.types:
        return table
    columns = [converted_column(column, field.type) for column, field in zip(table.columns, schema, strict=True)]
    return pa.Table.from_arrays(columns, schema=schema)


def converted_column(column: pa.ChunkedArray, target: pa.DataType) -> pa.ChunkedArray:
    """Return a column in the type that was found for its own."""
    if column.type == target:
        return column
    return pa.chunked_array([converted(chunk, target) for chunk in column.chunks], target)


def converted(array: pa.Array, target: pa.DataType) -> pa.Array:
    """Return an array in the type that was found for its own; raises `pa.ArrowInvalid` for a value it cannot hold."""
    kind = array.type
    if kind == target:
        return array
    if isinstance(kind, pa.BaseExtensionType):
        return _from_extension(array, target)
    if pa.types.is_dictionary(kind):
        words = converted(array.dictionary, target)
        return words.take(array.indices)
    if pa.types.is_run_end_encoded(kind):
        return _runs(array, target)
    if pa.types.is_list_view(kind) or pa.types.is_large_list_view(kind):
        return _views(array, target)
    if pa.types.is_map(kind):
        return converted(array.cast(_entries(kind)), target)
    if is_list(kind):
        return _list(array, target)
    if pa.types.is_struct(kind):
        return _struct(array, target)
    return array.cast(target, safe=not pa.types.is_date64(kind))  # a date64 may hold a time of day, which is dropped


def _entries(kind: Any) -> pa.DataType:
    """Return a map as what it is stored as: a list of objects, which have a key and a value each."""
    return pa.list_(pa.struct([("key", kind.key_type), ("value", kind.item_type)]))


def is_list(kind: pa.DataType) -> bool:
    """Tell whether a type is a list in one of the layouts that are stored."""
    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind))


def with_items(array: pa.Array, items: pa.Array, kind: pa.DataType) -> pa.Array:
    """Return a list array (not a view) of the type `kind` with other items, one for each of `array.flatten()`.

    Of lists of a fixed size, an absent one still has its items: there is one for each of the slots.
    """
    mask = array.is_null() if array.null_count else None
    if pa.types.is_fixed_size_list(kind):
        return pa.FixedSizeListArray.from_arrays(items, type=kind, mask=mask)
    offsets = np.zeros(len(array) + 1, np.int64)
    np.cumsum(pc.fill_null(pc.list_value_length(array), 0).to_numpy(zero_copy_only=False), out=offsets[1:])
    is_large = pa.types.is_large_list(kind)
    maker = pa.LargeListArray if is_large else pa.ListArray
    return maker.from_arrays(pa.array(offsets, pa.int64() if is_large else pa.int32()), items, type=kind, mask=mask)


def items_of(array: pa.Array) -> pa.Array:
    """Return the items of a list array, those of absent lists left out unless the size is fixed."""
    if pa.types.is_fixed_size_list(array.type):
        size = array.type.list_size
        return array.values.slice(array.offset * size, len(array) * size)
    return array.flatten()


def _type(kind: pa.DataType, path: str, extension: Callable[[pa.DataType], pa.DataType | None]) -> pa.DataType:
    """Return the type in which values of `kind` are stored; `extension` says which extension types stay."""
    if isinstance(kind, pa.BaseExtensionType):
        known = extension(kind)
        if known is not None:
            return known
        if isinstance(kind, pa.UuidType):
            return pa.string()
        return pa.bool_() if isinstance(kind, pa.Bool8Type) else _type(kind.storage_type, path, extension)
    if pa.types.is_dictionary(kind) or pa.types.is_run_end_encoded(kind):
        return _type(kind.value_type, path, extension)
    if is_list(kind) or pa.types.is_list_view(kind) or pa.types.is_large_list_view(kind):
        inner = _type(kind.value_type, f"{path}[]", extension)
        if pa.types.is_fixed_size_list(kind):
            return pa.list_(inner, kind.list_size)
        is_large = pa.types.is_large_list(kind) or pa.types.is_large_list_view(kind)
        return pa.large_list(inner) if is_large else pa.list_(inner)
    if pa.types.is_map(kind):
        return _type(_entries(kind), path, extension)
    if pa.types.is_struct(kind):
        if kind.num_fields == 0:
            return pa.null()  # Parquet has no objects without fields
        return pa.struct([(item.name, _type(item.type, f"{path}.{item.name}", extension)) for item in kind])
    return _flat_type(kind, path)


def _levels(kind: pa.DataType) -> int:
    """Return how deep Parquet nests a type; one that is deeper than a stack is deep enough."""
    try:
        if isinstance(kind, pa.BaseExtensionType):
            return _levels(kind.storage_type)
        inner = [kind.field(at).type for at in range(kind.num_fields)]
        return (1 if pa.types.is_struct(kind) else 2) + max(map(_levels, inner)) if inner else 0
    except RecursionError:
        return MAX_LEVELS + 1


def _flat_type(kind: pa.DataType, path: str) -> pa.DataType:
    if kind in _REPLACED:
        return _REPLACED[kind]
    if pa.types.is_decimal(kind):
        return _decimal_type(kind, path)
    if pa.types.is_timestamp(kind) and kind.unit == "s":  # Parquet counts in milliseconds or finer
        return pa.timestamp("ms", kind.tz)
    if any(test(kind) for test in _STORED_AS_THEY_ARE):
        return kind
    raise UnstorableError(kind, path)


_REPLACED: Final = {
    pa.string_view(): pa.string(),
    pa.binary_view(): pa.binary(),
    pa.date64(): pa.date32(),
    pa.time32("s"): pa.time32("ms"),
}
_STORED_AS_THEY_ARE: Final[tuple[Callable[[pa.DataType], bool], ...]] = (
    pa.types.is_null, pa.types.is_boolean, pa.types.is_integer, pa.types.is_floating, pa.types.is_date,
    pa.types.is_time, pa.types.is_timestamp, pa.types.is_duration, pa.types.is_string, pa.types.is_large_string,
    pa.types.is_binary, pa.types.is_large_binary, pa.types.is_fixed_size_binary,
)  # fmt: skip


def _decimal_type(kind: Any, path: str) -> pa.DataType:
    """Return a decimal of 128 or 256 bits; Parquet has no negative scale, so such a number gets all of its digits."""
    scale = max(0, kind.scale)
    digits = max(kind.precision + max(0, -kind.scale), scale)
    if digits > _MOST_DIGITS[1]:
        raise UnstorableError(kind, path)
    is_wide = pa.types.is_decimal256(kind) or digits > _MOST_DIGITS[0]
    return pa.decimal256(digits, scale) if is_wide else pa.decimal128(digits, scale)


def _readable_extension(kind: pa.DataType) -> pa.DataType | None:
    """Keep what `datasets` knows: JSON, and its own arrays of several dimensions."""
    if isinstance(kind, pa.JsonType):
        return pa.json_()
    return kind if isinstance(kind, pa.ExtensionType) and type(kind).__module__.startswith("datasets.") else None


def _no_extension(_kind: pa.DataType) -> None:
    return None


def _from_extension(array: Any, target: pa.DataType) -> pa.Array:
    if isinstance(target, pa.BaseExtensionType):
        return pa.ExtensionArray.from_storage(target, converted(array.storage, target.storage_type))
    return _uuid_texts(array.storage) if isinstance(array.type, pa.UuidType) else converted(array.storage, target)


def _uuid_texts(storage: pa.FixedSizeBinaryArray) -> pa.StringArray:
    """Return 16 bytes each as text, as in `12345678-1234-5678-1234-567812345678`."""
    count = len(storage)
    plain = pc.fill_null(storage, bytes(16))
    data = np.frombuffer(plain.buffers()[1], np.uint8, count * 16, plain.offset * 16).reshape(count, 16)
    texts = np.full((count, _UUID_CHARS), ord("-"), np.uint8)
    place = 0
    for first, last in _UUID_GROUPS:
        width = 2 * (last - first)
        texts[:, place : place + width] = _HEX[data[:, first:last]].reshape(count, width)
        place += width + 1
    offsets = np.arange(count + 1, dtype=np.int32) * _UUID_CHARS
    texts_array = pa.StringArray.from_buffers(count, pa.py_buffer(offsets), pa.py_buffer(texts))
    return pc.if_else(storage.is_valid(), texts_array, pa.scalar(None, pa.string()))


def _runs(array: Any, target: pa.DataType) -> pa.Array:
    places = np.arange(array.offset, array.offset + len(array))
    runs = np.searchsorted(array.run_ends.to_numpy(zero_copy_only=False), places, side="right")
    return converted(array.values, target).take(pa.array(runs))


def _views(array: Any, target: pa.DataType) -> pa.Array:
    plain = array.type
    kind = pa.large_list(plain.value_type) if pa.types.is_large_list_view(plain) else pa.list_(plain.value_type)
    # Flattened and put together again: the cast of this version of Arrow leaves offsets out.
    return with_items(array, converted(array.flatten(), target.value_type), target if kind != target else kind)


def _list(array: Any, target: pa.DataType) -> pa.Array:
    return with_items(array, converted(items_of(array), target.value_type), target)


def _struct(array: Any, target: pa.DataType) -> pa.Array:
    if pa.types.is_null(target):
        return pa.nulls(len(array))
    children = [converted(child, field.type) for child, field in zip(array.flatten(), target, strict=True)]
    return pa.StructArray.from_arrays(children, fields=list(target), mask=array.is_null() if array.null_count else None)

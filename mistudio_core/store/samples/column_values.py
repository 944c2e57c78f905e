"""Python values of a column of any type: what Python cannot hold comes as text, value by value, and nothing fails."""

from __future__ import annotations

from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

_EDGE: Final = 2**63 - 10**15
"""Beyond it, the hours that a zone adds (at most a day, in nanoseconds at most) may leave the range of 64 bits."""


def column_values(column: pa.ChunkedArray | pa.Array) -> list[Any]:
    """Return the values of a column; moments, times and durations that Python cannot hold exactly as Arrow's text."""
    chunks = column.chunks if isinstance(column, pa.ChunkedArray) else [column]
    return [value for chunk in chunks for value in _values(chunk)]


def _values(array: Any) -> list[Any]:
    kind = array.type
    if not _holds_moments(kind):
        return _each(array, array)
    if pa.types.is_struct(kind):
        names = [field.name for field in kind]
        rows = zip(*(_values(child) for child in array.flatten()), strict=True)
        return [
            dict(zip(names, row, strict=True)) if valid else None
            for row, valid in zip(rows, array.is_valid().to_pylist(), strict=True)
        ]
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        items = iter(_values(array.flatten()))
        lengths = pc.list_value_length(array).to_pylist()
        return [None if length is None else [next(items) for _ in range(length)] for length in lengths]
    return _each(_in_microseconds(array), array)


def _holds_moments(kind: pa.DataType) -> bool:
    if pa.types.is_struct(kind):
        return any(_holds_moments(field.type) for field in kind)
    inner = getattr(kind, "value_type", None)
    return pa.types.is_temporal(kind) if inner is None else _holds_moments(inner)


def _in_microseconds(array: Any) -> Any:
    """Return moments in the unit that Python has, as they are where that would lose something."""
    kind = array.type
    if getattr(kind, "unit", None) != "ns":
        return array
    if pa.types.is_timestamp(kind):
        exact = pa.timestamp("us", kind.tz)
    else:
        exact = pa.time64("us") if pa.types.is_time(kind) else pa.duration("us")
    try:
        return array.cast(exact)
    except pa.ArrowInvalid:
        return _texts(array)


def _each(array: Any, original: Any) -> list[Any]:
    """Return the values of an array, each that Python cannot hold as the text of the same place of `original`."""
    try:
        values: list[Any] = array.to_pylist()
    except Exception:  # noqa: BLE001 - each type has errors of its own
        texts = _texts(original)
        values = [_one(value, text) for value, text in zip(array, texts, strict=True)]
    return values


def _one(value: Any, text: Any) -> Any:
    try:
        return value.as_py()
    except Exception:  # noqa: BLE001 - as above
        return text.as_py()


def _texts(array: Any) -> pa.Array:
    """Return Arrow's text of each value; of a moment in a zone that is not known, that in UTC."""
    kind = array.type
    if pa.types.is_timestamp(kind) and kind.tz is not None:
        in_utc = array.view(pa.timestamp(kind.unit)).cast(pa.string())
        beyond = pc.starts_with(in_utc, "<")  # out of range: in a zone, Arrow writes a wrong date
        utc = pc.if_else(beyond, in_utc, pc.binary_join_element_wise(in_utc, "Z", ""))
        edge = pc.greater(pc.abs(pc.fill_null(pc.max_element_wise(array.view(pa.int64()), -_EDGE), 0)), _EDGE - 1)
        try:
            return pc.if_else(pc.or_(beyond, edge), utc, array.cast(pa.string()))
        except pa.ArrowInvalid:
            return utc
    try:
        texts = array.cast(pa.string())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return pa.array([f"<a value of the type {kind}>" if value.is_valid else None for value in array], pa.string())
    return pc.binary_join_element_wise(texts, kind.unit, " ") if pa.types.is_duration(kind) else texts

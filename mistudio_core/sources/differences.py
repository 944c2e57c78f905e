"""How two types differ, spelled out at the place where they do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pyarrow as pa

from mistudio_core.raw import column_types

_LONGEST: Final = 200


def differences(name: str, wrong: pa.Schema, right: pa.Schema) -> list[str]:
    """Return in words where a column of `wrong` differs in type from that of `right`, by names that differ."""
    has, had = wrong.field(name).type, right.field(name).type
    message = list(_inner(name, has, had))
    now, before = column_types(wrong)[name], column_types(right)[name]
    if len(message) == 1 and has.num_fields == had.num_fields == 0 and now != before:
        return [f"{_quoted(name)} is {now} instead of {before}"]  # as the column is called, such as class_label
    return message


def _inner(path: str, has: pa.DataType, had: pa.DataType) -> Iterator[str]:
    if pa.types.is_struct(has) and pa.types.is_struct(had):
        now, before = ({field.name: field.type for field in kind} for kind in (has, had))
        for name, kind in now.items():
            if name not in before:
                yield f"{_quoted(f'{path}.{name}')} is new"
            elif kind != before[name]:
                yield from _inner(f"{path}.{name}", kind, before[name])
        yield from (f"{_quoted(f'{path}.{name}')} is missing" for name in before if name not in now)
    elif _is_list(has) and _is_list(had) and has.value_type != had.value_type:
        yield from _inner(f"{path}[]", has.value_type, had.value_type)
    else:
        yield f"{_quoted(path)} is {' instead of '.join(_names(has, had))}"


def _names(has: pa.DataType, had: pa.DataType) -> tuple[str, str]:
    """Return names of two types that differ: the short ones, else those of Arrow."""
    short = [column_types(pa.schema([pa.field("x", kind)]))["x"] for kind in (has, had)]
    return (short[0], short[1]) if short[0] != short[1] else (str(has), str(had))


def _is_list(kind: pa.DataType) -> bool:
    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind))


def _quoted(path: str) -> str:
    return repr(path[:_LONGEST])

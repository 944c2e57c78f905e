"""Types that hold the values of two: what a column becomes where later rows or files need more than the first ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pyarrow as pa

from mistudio_core.errors import StudioError
from mistudio_core.sources.arrow_types import is_list
from mistudio_core.sources.plain_features import full_features

if TYPE_CHECKING:
    import datasets

    from mistudio_core.sources.plain_features import AnyFeatures

_UNITS: Final = ("s", "ms", "us", "ns")


class WiderError(StudioError):
    """Columns do not fit, but would in the types of `features`: read everything again with those."""

    def __new__(cls, *_: object) -> WiderError:
        """Make an error of this class for any code: it is caught before anybody asks for its class."""
        return Exception.__new__(cls)

    def __init__(self, told: StudioError, features: datasets.Features) -> None:
        """Take the error to show where nobody reads again."""
        super().__init__(told.code, told.message, told.hint)
        self.features = features


def wider_features(known: AnyFeatures, wrong: pa.Schema, *, is_json: bool) -> datasets.Features | None:
    """Return the features with a wider type in each column that needs it for `wrong`; None where that does not help.

    Columns have to be the same. In JSON, text holds numbers, booleans and moments as well, and JSON holds anything, as
    if all rows had been read at once; other formats have declared their types.
    """
    right = known.arrow_schema
    if set(wrong.names) - set(right.names):
        return None
    wide_fields = []
    for field in wrong:
        had = right.field(field.name).type
        wide = wider_type(had, field.type, is_json=is_json)
        if wide is not None and wide != had:
            wide_fields.append(pa.field(field.name, wide))
    if not wide_fields:
        return None
    from datasets import Features  # here, for it is asked of every table

    changed = Features.from_arrow_schema(pa.schema(wide_fields))
    return Features({name: changed.get(name, feature) for name, feature in full_features(known).items()})


def with_columns(known: AnyFeatures, schema: pa.Schema) -> AnyFeatures:
    """Return the features with those columns of a schema that they do not have, in their order."""
    new = [field for field in schema if field.name not in known.arrow_schema.names]
    if not new:
        return known
    from datasets import Features

    return Features({**full_features(known), **Features.from_arrow_schema(pa.schema(new))})


def loses(had: pa.Schema, has: pa.Schema) -> bool:
    """Tell whether a cast of `has` to `had` would change numbers without an error."""
    return any(
        field.name in had.names and _rounds(had.field(field.name).type, field.type) for field in has
    )  # every other cast either keeps the value or fails


def wider_type(had: pa.DataType, has: pa.DataType, *, is_json: bool) -> pa.DataType | None:
    """Return the narrowest type that holds the values of both; None where there is none."""
    if had == has or pa.types.is_null(has) or isinstance(had, pa.JsonType):
        return had
    if is_json and isinstance(has, pa.JsonType) and had == pa.string():
        return had  # a column of texts, some of which are written as numbers or else
    if pa.types.is_null(had):
        return has
    if _is_nested(had) and _is_nested(has):
        wide = _wider_nested(had, has, is_json=is_json)
    else:
        wide = _wider_plain(had, has, is_json=is_json)
    if wide is None and is_json:
        scalars = not any(_is_nested(kind) or isinstance(kind, pa.BaseExtensionType) for kind in (had, has))
        # A moment is a text of which all that came before it look like dates.
        texts = any(pa.types.is_string(kind) or pa.types.is_timestamp(kind) for kind in (had, has))
        wide = pa.string() if scalars and texts else pa.json_()
    return wide


def _wider_nested(had: pa.DataType, has: pa.DataType, *, is_json: bool) -> pa.DataType | None:
    if pa.types.is_struct(had) and pa.types.is_struct(has):
        types = {field.name: field.type for field in had}
        for field in has:
            wide = wider_type(types.get(field.name, pa.null()), field.type, is_json=is_json)
            if wide is None:
                return None
            types[field.name] = wide
        return pa.struct(list(types.items()))
    if type(had) is type(has) and is_list(had) and getattr(had, "list_size", None) == getattr(has, "list_size", None):
        inner = wider_type(had.value_type, has.value_type, is_json=is_json)
        if inner is None:
            return None
        if pa.types.is_fixed_size_list(had):
            return pa.list_(inner, had.list_size)
        return pa.large_list(inner) if pa.types.is_large_list(had) else pa.list_(inner)
    return None


def _wider_plain(had: pa.DataType, has: pa.DataType, *, is_json: bool) -> pa.DataType | None:
    kinds = (had, has)
    if all(map(pa.types.is_integer, kinds)):
        return _integer(had, has)
    if all(map(pa.types.is_floating, kinds)):
        return max(kinds, key=lambda kind: kind.bit_width)
    if any(map(pa.types.is_integer, kinds)) and any(map(pa.types.is_floating, kinds)):
        whole = min(kinds, key=pa.types.is_floating)
        return pa.float64() if is_json or whole.bit_width <= 32 else None
    if all(map(pa.types.is_timestamp, kinds)) and had.tz == has.tz:
        return max(kinds, key=lambda kind: _UNITS.index(kind.unit))
    return None


def _integer(had: pa.DataType, has: pa.DataType) -> pa.DataType | None:
    """Return the narrowest integer that holds two; None for signed and unsigned ones of 64 bits."""
    signed = [pa.types.is_signed_integer(kind) for kind in (had, has)]
    if signed[0] == signed[1]:
        return max((had, has), key=lambda kind: kind.bit_width)
    unsigned = has if signed[0] else had
    bits = max((had if signed[0] else has).bit_width, 2 * unsigned.bit_width)
    return {8: pa.int8(), 16: pa.int16(), 32: pa.int32(), 64: pa.int64()}.get(bits)


def _rounds(had: pa.DataType, has: pa.DataType) -> bool:
    if pa.types.is_struct(had) and pa.types.is_struct(has):
        types = {field.name: field.type for field in had}
        return any(field.name in types and _rounds(types[field.name], field.type) for field in has)
    if is_list(had) and is_list(has):
        return _rounds(had.value_type, has.value_type)
    if pa.types.is_boolean(had):
        return bool(pa.types.is_integer(has) or pa.types.is_floating(has))
    return bool(pa.types.is_floating(had) and pa.types.is_floating(has) and has.bit_width > had.bit_width)


def _is_nested(kind: pa.DataType) -> bool:
    return is_list(kind) or bool(pa.types.is_struct(kind))

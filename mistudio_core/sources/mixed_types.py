"""Columns whose values are of several types: `datasets` keeps them as JSON; those that hold texts are text here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from mistudio_core import json_values
from mistudio_core.raw import is_text
from mistudio_core.sources.arrow_types import is_list, items_of, with_items

if TYPE_CHECKING:
    import datasets

_MOST_LOOKED_AT: Final = 1000
_KEYS_CHARS: Final = 200


def resolved_json(features: datasets.Features, table: pa.Table) -> datasets.Features:
    """Return the features with a decision for each `Json` that has none yet, made from the first table with rows.

    A column in which some values are strings, and none is a list of objects, becomes text. For any other place, the
    `id` of the feature lists the keys that all of its objects have, which is how conversations are known later.
    """
    from datasets import Features

    found = {
        name: _decided(feature, _looked_at(table, name), has_strings=_has_strings(table.column(name)))
        if name in table.column_names
        else feature
        for name, feature in features.items()
    }
    return Features(found)


def mixed_as_text(table: pa.Table, known: pa.Schema) -> pa.Table:
    """Return the table with the texts of JSON values where it holds JSON in a column that is text by `known`."""
    for at, field in enumerate(table.schema):
        place = known.get_field_index(field.name)
        if place >= 0 and isinstance(field.type, pa.JsonType) and is_text(known.field(place).type):
            column = table.column(at)
            texts = [_texts(chunk.storage) for chunk in column.chunks]
            table = table.set_column(at, field.name, pa.chunked_array(texts, pa.string()))
    return table


def encoded_as_text(table: pa.Table, paths: Sequence[Sequence[Any]], features: Mapping[str, Any]) -> pa.Table:
    """Return a table of the JSON reader with texts at the places that it had to encode, but where JSON is wanted.

    `paths` are the reader's own: names of fields, and 0 for the items of a list.
    """
    for name, *path in paths:
        at = table.schema.get_field_index(name)
        if at >= 0 and not _is_json_at(features.get(name), path):
            chunks = [_texts_at(chunk, path) for chunk in table.column(at).chunks]
            if chunks:
                table = table.set_column(at, name, pa.chunked_array(chunks))
    return table


def typed_json(table: pa.Table, paths: Sequence[Sequence[Any]]) -> pa.Table:
    """Return a table of the JSON reader with the JSON type in each column that it encoded, but for texts among others.

    `paths` are as for `encoded_as_text`.
    """
    for name in (path[0] for path in paths if len(path) == 1):
        at = table.schema.get_field_index(name)
        if at >= 0 and pa.types.is_string(table.schema.field(at).type):
            chunks = [pa.ExtensionArray.from_storage(pa.json_(), chunk) for chunk in table.column(at).chunks]
            column = pa.chunked_array(chunks, pa.json_())
            values = map(json_values.loads, filter(None, _stored_values(column.slice(0, _MOST_LOOKED_AT))))
            if not _has_strings(column) or any(map(_is_objects, values)):
                table = table.set_column(at, name, column)
    return table


def _looked_at(table: pa.Table, name: str) -> list[Any]:
    column = table.column(name).slice(0, _MOST_LOOKED_AT)
    return [] if not _holds_json(column.type) else [item for chunk in column.chunks for item in _stored_values(chunk)]


def _stored_values(array: Any) -> list[Any]:
    """Return Python values with JSON as it is stored: Arrow cannot hand out extension types below the top level."""
    from mistudio_core.sources.arrow_types import converted_table, stored_schema

    table = pa.table({"values": array})
    values: list[Any] = converted_table(table, stored_schema(table.schema)).column(0).to_pylist()
    return values


def _holds_json(kind: pa.DataType) -> bool:
    if isinstance(kind, pa.JsonType):
        return True
    if pa.types.is_struct(kind):
        return any(_holds_json(field.type) for field in kind)
    return is_list(kind) and _holds_json(kind.value_type)


def _has_strings(column: pa.ChunkedArray) -> bool:
    """Tell whether any value of a column of JSON is a string, the last one included."""
    if not isinstance(column.type, pa.JsonType):
        return False
    found = (pc.any(pc.match_substring_regex(chunk.storage, r'^\s*"')).as_py() for chunk in column.chunks)
    return any(found)


def _decided(feature: Any, sources: list[Any], *, has_strings: bool = False) -> Any:
    """Return a feature with its `Json` decided by what is stored at its place, `has_strings` of a whole column."""
    from datasets import Json, LargeList, List, Value

    if isinstance(feature, Json):
        if feature.id is not None:
            return feature
        values = [json_values.loads(source) for source in sources if isinstance(source, str)]
        if has_strings and not any(map(_is_objects, values)):
            return Value("string")
        return Json(decode=feature.decode, id=_common_keys(values))
    if isinstance(feature, dict):
        return {
            name: _decided(inner, [source.get(name) for source in sources if source is not None])
            for name, inner in feature.items()
        }
    if isinstance(feature, (List, LargeList)):
        inner = _decided(feature.feature, [item for source in sources if source is not None for item in source])
        return List(inner, length=feature.length) if isinstance(feature, List) else LargeList(inner)
    return feature


def _is_objects(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, dict) for item in value)


def _common_keys(values: list[Any]) -> str:
    """Return the keys that every value has, in the order of the first, with brackets for lists of objects."""
    present = [value for value in values if value is not None]
    if present and all(isinstance(value, list) for value in present):
        return f"[{_common_keys([item for value in present for item in value])}]"
    if not present or not all(isinstance(value, dict) for value in present):
        return ""
    return ", ".join(key for key in present[0] if all(key in value for value in present))[:_KEYS_CHARS]


def _is_json_at(feature: Any, path: Sequence[Any]) -> bool:
    from datasets import Json, LargeList, List

    for step in path:
        if isinstance(feature, Json):
            return True
        if step == 0 and isinstance(feature, (List, LargeList)):
            feature = feature.feature
        elif isinstance(feature, dict):
            feature = feature.get(step)
    return isinstance(feature, Json)


def _texts_at(array: Any, path: Sequence[Any]) -> pa.Array:
    if isinstance(array.type, pa.JsonType):
        array = array.storage
    if not path:
        return _texts(array) if is_text(array.type) else array
    step, *rest = path
    if step == 0 and is_list(array.type):
        items = _texts_at(items_of(array), rest)
        maker = pa.large_list if pa.types.is_large_list(array.type) else pa.list_
        return with_items(array, items, maker(items.type))
    if pa.types.is_struct(array.type) and array.type.get_field_index(str(step)) >= 0:
        names = [field.name for field in array.type]
        children = array.flatten()
        children[names.index(step)] = _texts_at(children[names.index(step)], rest)
        return pa.StructArray.from_arrays(children, names, mask=array.is_null() if array.null_count else None)
    return array


def _texts(sources: pa.Array) -> pa.Array:
    return pa.array(
        [None if source is None else json_values.as_text(source) for source in sources.to_pylist()], pa.string()
    )

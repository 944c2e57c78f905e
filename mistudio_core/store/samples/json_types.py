"""Stored columns with Arrow's JSON type where the metadata says `Json`: what `datasets` writes into Parquet itself."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from mistudio_core.json_values import is_json, item_feature
from mistudio_core.raw import hub_features


def json_schema(schema: pa.Schema) -> pa.Schema:
    """Return a stored schema with the JSON type at every place of a JSON feature."""
    features = hub_features(schema)
    return pa.schema(
        [field.with_type(_type(field.type, features.get(field.name))) for field in schema], schema.metadata
    )


def json_array(array: Any, target: pa.DataType) -> pa.Array:
    """Return a stored array in the type that `json_schema` gave it; buffers are shared."""
    if array.type == target:
        return array
    mask = array.is_null() if array.null_count else None
    if isinstance(target, pa.JsonType):
        return pa.ExtensionArray.from_storage(target, array)
    if pa.types.is_struct(target):
        children = [json_array(child, field.type) for child, field in zip(array.flatten(), target, strict=True)]
        return pa.StructArray.from_arrays(children, fields=list(target), mask=mask)
    if pa.types.is_fixed_size_list(target):
        size = target.list_size
        items = array.values.slice(array.offset * size, len(array) * size)
        return pa.FixedSizeListArray.from_arrays(json_array(items, target.value_type), type=target, mask=mask)
    maker = pa.LargeListArray if pa.types.is_large_list(target) else pa.ListArray
    lengths = pc.fill_null(pc.list_value_length(array), 0)
    offsets = pa.concat_arrays([pa.array([0], lengths.type), pc.cumulative_sum(lengths)])
    return maker.from_arrays(offsets, json_array(array.flatten(), target.value_type), type=target, mask=mask)


def _type(kind: pa.DataType, feature: Any) -> pa.DataType:
    if is_json(feature) and (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
        return pa.json_(kind)
    if pa.types.is_struct(kind):
        inner = feature if isinstance(feature, dict) else {}
        return pa.struct([item.with_type(_type(item.type, inner.get(item.name))) for item in kind])
    if pa.types.is_fixed_size_list(kind):
        return pa.list_(_type(kind.value_type, item_feature(feature)), kind.list_size)
    if pa.types.is_large_list(kind):
        return pa.large_list(_type(kind.value_type, item_feature(feature)))
    return pa.list_(_type(kind.value_type, item_feature(feature))) if pa.types.is_list(kind) else kind

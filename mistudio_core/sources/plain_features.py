"""The columns of a dataset as `datasets.Features` tells them, without a second spent on importing `datasets`.

Only plain types are known here: values, lists and objects of them, and class labels. For any other there is `datasets`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Self, TypeAlias

import pyarrow as pa

if TYPE_CHECKING:
    import datasets

    AnyFeatures: TypeAlias = "PlainFeatures | datasets.Features"

_VALUES: Final[Mapping[pa.DataType, str]] = {
    pa.null(): "null", pa.bool_(): "bool", pa.int8(): "int8", pa.int16(): "int16", pa.int32(): "int32",
    pa.int64(): "int64", pa.uint8(): "uint8", pa.uint16(): "uint16", pa.uint32(): "uint32", pa.uint64(): "uint64",
    pa.float16(): "float16", pa.float32(): "float32", pa.float64(): "float64", pa.string(): "string",
    pa.large_string(): "large_string", pa.binary(): "binary", pa.large_binary(): "large_binary", pa.date32(): "date32",
    **{pa.timestamp(unit): f"timestamp[{unit}]" for unit in ("s", "ms", "us", "ns")},
}  # fmt: skip
_TYPES: Final[Mapping[str, pa.DataType]] = {name: kind for kind, name in _VALUES.items()}
_EXTENSION: Final = b"ARROW:extension:name"


class NotPlainError(ValueError):
    """A type or a feature that only `datasets` knows."""


class PlainFeatures:
    """Features of plain types; `to_dict` and `arrow_schema` are those of `datasets.Features` to the byte."""

    def __init__(self, features: Mapping[str, Any]) -> None:
        """Take the features as `to_dict` gives them; raises `NotPlainError` for any that is not plain."""
        if "_type" in features:  # a column for us, a class for `datasets`
            raise NotPlainError
        known = {name: _known(feature) for name, feature in features.items()}
        self._features = {name: feature for name, (feature, _) in known.items()}
        told = json.dumps({"info": {"features": self._features}})
        self.arrow_schema = pa.schema([(name, kind) for name, (_, kind) in known.items()], {"huggingface": told})

    @classmethod
    def from_arrow_schema(cls, schema: pa.Schema) -> Self:
        """Return the features of a schema, those in its metadata where they fit; raises `NotPlainError`."""
        told = cls(_stored_features(schema))
        found = {field.name: _feature(field) for field in schema}
        for field in schema:
            at = told.arrow_schema.get_field_index(field.name)
            if at >= 0 and told.arrow_schema.field(at) == field:
                found[field.name] = told._features[field.name]
        return cls(found)

    def to_dict(self) -> dict[str, Any]:
        """Return the features as JSON values."""
        return dict(self._features)


def features_of(schema: pa.Schema) -> AnyFeatures:
    """Return the features of a schema."""
    try:
        return PlainFeatures.from_arrow_schema(schema)
    except NotPlainError:
        from datasets import Features

        return Features.from_arrow_schema(schema)


def features_from(stored: Mapping[str, Any]) -> AnyFeatures:
    """Return features from what `to_dict` gave."""
    try:
        return PlainFeatures(stored)
    except NotPlainError:
        from datasets import Features

        return Features.from_dict(dict(stored))


def full_features(features: AnyFeatures) -> datasets.Features:
    """Return the same features in the class of `datasets`."""
    from datasets import Features

    return Features.from_dict(features.to_dict()) if isinstance(features, PlainFeatures) else features


def _stored_features(schema: pa.Schema) -> Mapping[str, Any]:
    stored = (schema.metadata or {}).get(b"huggingface")
    if stored is None:
        return {}
    try:
        told = json.loads(stored)
    except (ValueError, RecursionError) as error:
        raise NotPlainError from error
    features = told.get("info", {}).get("features") if isinstance(told, dict) else None
    if not isinstance(features, dict):
        raise NotPlainError
    return features


def _known(feature: Any) -> tuple[dict[str, Any], pa.DataType]:
    """Return a feature as `datasets` writes it, and its Arrow type."""
    if not isinstance(feature, dict) or not feature:
        raise NotPlainError
    match {name: value for name, value in feature.items() if (name, value) != ("id", None)}:
        case {"_type": "Value", "dtype": str(name), **rest} if not rest and name in _TYPES:
            return {"dtype": name, "_type": "Value"}, _TYPES[name]
        case {"_type": "ClassLabel", "names": list(names), **rest} if not rest and _are_names(names):
            return {"names": names, "_type": "ClassLabel"}, pa.int64()
        case {"_type": "List" | "LargeList" as kind, "feature": inner, **rest} if not rest:
            written, items = _known(inner)
            return {"feature": written, "_type": kind}, (pa.list_ if kind == "List" else pa.large_list)(items)
        case {"_type": _}:
            raise NotPlainError
    parts = {name: _known(inner) for name, inner in feature.items()}
    return {name: written for name, (written, _) in parts.items()}, pa.struct(
        [(name, kind) for name, (_, kind) in parts.items()]
    )


def _are_names(names: list[Any]) -> bool:
    return all(isinstance(name, str) for name in names) and len(set(names)) == len(names)


def _feature(field: pa.Field) -> dict[str, Any]:
    kind = field.type
    if _EXTENSION in (field.metadata or {}) or isinstance(kind, pa.BaseExtensionType):
        raise NotPlainError  # of `datasets`, perhaps: without that it is read as what it is stored as
    if pa.types.is_list(kind):
        return {"feature": _feature(kind.value_field), "_type": "List"}
    if pa.types.is_large_list(kind):
        return {"feature": _feature(kind.value_field), "_type": "LargeList"}
    if pa.types.is_struct(kind) and kind.num_fields:
        return {inner.name: _feature(inner) for inner in kind}
    if kind not in _VALUES:
        raise NotPlainError
    return {"dtype": _VALUES[kind], "_type": "Value"}

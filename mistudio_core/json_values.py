"""What `datasets` calls `Json`: stored as text that holds JSON, and decoded wherever a value is shown or used."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

JSON_TYPE: Final = "Json"
"""The name of the feature in the `huggingface` metadata of a schema."""


def is_json(feature: Any) -> bool:
    """Tell whether a feature says that the value at its place is stored as JSON."""
    return isinstance(feature, Mapping) and feature.get("_type") == JSON_TYPE


def loads(text: str) -> Any:
    """Return what a JSON text holds; a text that is no JSON is its own value."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):  # also for a number of more digits than Python reads
        return text


def loads_exactly(text: str | bytes) -> Any:
    """Return what a JSON text holds; raises ValueError also for an object with a key twice, of which one is lost."""
    return json.loads(text, object_pairs_hook=_object)


def _object(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for at, key in enumerate(keys) if key in keys[:at])
        raise ValueError(f"the key {twice[:80]!r} stands twice in one object")
    return found


def decoded(value: Any, feature: Any) -> Any:
    """Return a value of a column with every JSON text in it decoded, as `datasets` hands it out.

    `feature` is what the `huggingface` metadata says of the column.
    """
    if value is None:
        return None
    if is_json(feature):
        return loads(value) if isinstance(value, str) else value
    if isinstance(value, Mapping) and isinstance(feature, Mapping):
        return {name: decoded(item, feature.get(name)) for name, item in value.items()}
    if isinstance(value, list):
        inner = item_feature(feature)
        return [decoded(item, inner) for item in value]
    return value


def item_feature(feature: Any) -> Any:
    """Return what a feature says of the items of a list."""
    if isinstance(feature, list):  # the older spelling of a list: one item
        return feature[0] if feature else None
    return feature.get("feature", feature) if isinstance(feature, Mapping) else None


def as_text(source: str) -> str | None:
    """Return the text of a JSON value: a string as it is, anything else as JSON, None for null."""
    value = loads(source)
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False) if isinstance(value, (list, dict)) else source.strip()

"""Values of any column as what JSON can hold: labels by name, bytes by their size, times as text."""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from mistudio_core.json_values import is_json, item_feature, loads

_NOT_FINITE = {math.inf: "Infinity", -math.inf: "-Infinity"}


def plain(value: Any, feature: Any = None, *, in_full: bool = False) -> Any:
    """Return a Python value of an Arrow column as JSON can hold it, nested values as lists and dictionaries.

    `feature` is what the `huggingface` metadata says of the column, if anything. A class label becomes its name, a
    number without a name (-1 means "no label") stays, bytes become `{"bytes": size}`, or all of them in base64 if
    `in_full`, times ISO 8601 text, decimals and numbers that are not finite text. JSON is decoded.
    """
    if isinstance(value, str):
        return plain(loads(value)) if is_json(feature) else value
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return _label(value, feature)
    if isinstance(value, float):
        return value if math.isfinite(value) else _NOT_FINITE.get(value, "NaN")
    if isinstance(value, (bytes, bytearray, memoryview)):
        return base64.b64encode(value).decode() if in_full else {"bytes": len(value)}
    if isinstance(value, Mapping):
        return {str(name): plain(item, _field(feature, name), in_full=in_full) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        inner = item_feature(feature)
        return [plain(item, inner, in_full=in_full) for item in value]
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if isinstance(value, (Decimal, timedelta)):
        return str(value)
    return str(value)


def _label(number: int, feature: Any) -> int | str | None:
    if not isinstance(feature, Mapping) or feature.get("_type") != "ClassLabel":
        return number
    names = feature.get("names")
    if isinstance(names, list) and 0 <= number < len(names):
        return str(names[number])
    return number


def _field(feature: Any, name: Any) -> Any:
    """Return the feature of one field of a struct; a list of structs may be spelled as a struct of lists."""
    return feature.get(name) if isinstance(feature, Mapping) else None

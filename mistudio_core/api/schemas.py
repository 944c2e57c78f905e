"""The records as JSON Schema: the OpenAPI document says of each answer what its record says."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from types import UnionType
from typing import Any, Final, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel, create_model

from mistudio_core.library.queries import Estimate, TokenHit, TokenPiece
from mistudio_core.library.recipe_form import FIELDS, Field
from mistudio_core.records import JsonDocument

_NAMED_LATE: Final = {
    "Estimate": Estimate,
    "Recipe": Mapping[str, Any],
    "TokenHit": TokenHit,
    "TokenPiece": TokenPiece,
}
"""What some modules of records import for their types only."""

_MOST_RECORDS: Final = 200
"""More than there are kinds of records: a kind must have one model."""


def documented(answer: Any) -> Any:
    """Return the type for pydantic of an answer's type, in which records are what they are as JSON."""
    origin, inner = get_origin(answer), get_args(answer)
    if inspect.isclass(answer) and issubclass(answer, JsonDocument):
        return dict[str, Any]
    if inspect.isclass(answer) and is_dataclass(answer):
        return _model(answer)
    if answer is Path:
        return str
    if origin in (Union, UnionType):
        return Union[tuple(documented(one) for one in inner)]  # noqa: UP007 - of types that are known only now
    if origin is tuple and len(inner) == 2 and inner[1] is Ellipsis:
        return list[documented(inner[0])]  # type: ignore[misc]
    if origin is tuple:
        return tuple[tuple(documented(one) for one in inner)]  # type: ignore[misc]
    if origin is list:
        return list[documented(inner[0])]  # type: ignore[misc]
    if inspect.isclass(origin) and issubclass(origin, Mapping):
        return dict[str, documented(inner[1])]  # type: ignore[misc]
    return answer if answer is datetime or not inspect.isclass(answer) or answer.__module__ == "builtins" else Any


@lru_cache(maxsize=_MOST_RECORDS)
def _model(record: Any) -> type[BaseModel]:
    hints = get_type_hints(record, localns=_NAMED_LATE)
    shapes: dict[str, Any] = {item.name: (documented(hints[item.name]), ...) for item in fields(record)}
    return create_model(record.__name__, __doc__=inspect.getdoc(record), **shapes)


def recipe_schema() -> dict[str, Any]:
    """Return the JSON Schema of a recipe, from the table of its fields; the library checks what it is given."""
    shapes = {name: _of_field(field) for name, field in FIELDS.items()}
    example = {"tokenizer": "sample", "context_length": 128}
    return {
        "type": "object", "title": "Recipe", "properties": shapes, "required": ["tokenizer"], "examples": [example],
    }  # fmt: skip


def _of_field(field: Field) -> dict[str, Any]:
    shape: dict[str, Any] = {"description": field.help}
    if field.kind == "names":
        shape |= {"type": "array", "items": {"type": "string"}}
    elif field.kind in ("number", "share"):
        shape["type"] = "integer" if field.kind == "number" else "number"
    elif field.kind == "switch":
        shape["type"] = "boolean"
    elif field.kind != "token":  # which is a name or an id
        shape["type"] = "string"
    if field.nullable and "type" in shape:
        shape["type"] = [shape["type"], "null"]
    return shape

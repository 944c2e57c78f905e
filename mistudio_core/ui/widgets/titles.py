"""Short names that tell things apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mistudio_core.library.recipe_form import FIELDS
from mistudio_core.ui.app.escape import one_line

_TITLE_CHARS = 60


def tokenizer(name: str) -> str:
    """Return a tokenizer's name for a title: of a path on the machine the last part, of a Hub id all of it."""
    is_path = name.startswith(("/", "./", "../", "~"))
    return one_line(name.rstrip("/").rsplit("/", 1)[-1] if is_path else name, _TITLE_CHARS)


def options(recipe: Mapping[str, Any]) -> str:
    """Return the advanced options of a recipe that are not at their defaults: `BOS: At each sequence · Stride: 8`."""
    changed = [field for field in FIELDS.values() if field.is_advanced and recipe[field.name] != field.default]
    return " · ".join(f"{field.label}: {_value(field.choices, recipe[field.name])}" for field in changed)


def _value(choices: Mapping[Any, str], value: Any) -> str:
    if value in choices:
        return choices[value]
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}" if isinstance(value, int) else one_line(str(value), _TITLE_CHARS)

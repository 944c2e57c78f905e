"""Which values each field of a recipe may have by itself."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from mistudio_core.errors import invalid
from mistudio_core.tokenization.recipes.fields import FIELDS, Field
from mistudio_core.tokenization.recipes.registry import preset

_MAX_TEXT: Final = 10_000
_MAX_TOKEN_ID: Final = (1 << 32) - 1


def checked_value(name: str, value: Any) -> Any:
    """Return the value of one field in its stored form; raise `invalid_request` naming the field."""
    field = FIELDS[name]
    if value is None:
        if field.nullable:
            return None
        raise invalid(f"{name} may not be empty.", "Leave the field out for its default.")
    if name == "preset":
        return preset(value if isinstance(value, str) else repr(value)).name
    return _CHECKS[field.kind](field, value)


def _choice(field: Field, value: Any) -> str:
    if field.name == "truncation" and isinstance(value, bool):  # as transformers has it
        return "auto" if value else "window"
    if not isinstance(value, str) or value not in field.choices:
        raise invalid(f"{field.name} is {value!r:.80}.", f"Use one of: {', '.join(field.choices)}.")
    return value


def _number(field: Field, value: Any) -> int:
    assert field.bounds is not None
    least, greatest = field.bounds
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= greatest:
        raise invalid(f"{field.name} is {value!r:.80}.", f"Use a whole number from {least:,} to {greatest:,}.")
    return value


def _text(field: Field, value: Any) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > _MAX_TEXT or "\0" in value:
        raise invalid(f"{field.name} is {value!r:.80}.", f"Use a text of 1 to {_MAX_TEXT:,} characters.")
    return value if field.name == "template" else value.strip()


def _day(field: Field, value: Any) -> str:
    try:
        return date.fromisoformat(value).isoformat()
    except (TypeError, ValueError):
        raise invalid(f"{field.name} is {value!r:.80}.", "Use a day written as YYYY-MM-DD.") from None


def _names(field: Field, value: Any) -> tuple[str, ...]:
    items = [value] if isinstance(value, str) else value
    if not isinstance(items, (list, tuple)) or not all(isinstance(item, str) and item for item in items):
        raise invalid(f"{field.name} is {value!r:.80}.", "Use a list of names.")
    if len(set(items)) != len(items):
        raise invalid(f"{field.name} names {items!r:.80} more than once.", "Name each one once.")
    return tuple(items)


def _switch(field: Field, value: Any) -> bool:
    if not isinstance(value, bool):
        raise invalid(f"{field.name} is {value!r:.80}.", "Use true or false.")
    return value


def _token(field: Field, value: Any) -> str | int:
    if isinstance(value, str) and value in field.choices:
        return value
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _MAX_TOKEN_ID:
        raise invalid(f"{field.name} is {value!r:.80}.", "Use eos, bos, sep, none, or the id of a token.")
    return value


def _share(field: Field, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 1:
        raise invalid(f"{field.name} is {value!r:.80}.", "Use a number from 0 to 1.")
    return float(value)


_CHECKS: Final[Mapping[str, Any]] = {
    "text": _text,
    "names": _names,
    "choice": _choice,
    "number": _number,
    "share": _share,
    "switch": _switch,
    "token": _token,
    "day": _day,
}

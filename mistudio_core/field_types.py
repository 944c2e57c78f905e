"""Whether the fields of a record that came from a file hold what they are declared to hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import datetime
from pathlib import Path
from typing import Any, Final, TypeVar

AnyRecord = TypeVar("AnyRecord")


def checked(record: AnyRecord) -> AnyRecord:
    """Return a dataclass whose fields have the types that they are declared with; raise TypeError otherwise.

    Types that are not in the table below are those of records, which have been checked as they were made.
    """
    for item in fields(record):  # type: ignore[arg-type]
        value, kinds = getattr(record, item.name), str(item.type).split(" | ")
        tests = [_TESTS[kind] for kind in kinds if kind in _TESTS]
        if len(tests) == len(kinds) and not any(test(value) for test in tests):
            raise TypeError(item.name)
    return record


def _is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _maps(value: Any, holds: Callable[[Any], bool]) -> bool:
    return isinstance(value, Mapping) and all(isinstance(key, str) and holds(item) for key, item in value.items())


def _is_str(value: Any) -> bool:
    return isinstance(value, str)


_TESTS: Final[Mapping[str, Callable[[Any], bool]]] = {
    "None": lambda value: value is None,
    "str": _is_str,
    "int": _is_int,
    "float": lambda value: _is_int(value) or isinstance(value, float),
    "bool": lambda value: isinstance(value, bool),
    "Path": lambda value: isinstance(value, Path),
    "datetime": lambda value: isinstance(value, datetime),
    "tuple[str, ...]": lambda value: isinstance(value, tuple) and all(map(_is_str, value)),
    "Mapping[str, Any]": lambda value: _maps(value, lambda _: True),
    "Mapping[str, int]": lambda value: _maps(value, _is_int),
    "Mapping[str, str]": lambda value: _maps(value, _is_str),
    "Access": lambda value: value in ("public", "gated", "private"),
}
"""By the text of a type; a union is one of its parts."""

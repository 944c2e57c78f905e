"""Conditions on a dataset's own columns, such as `label=positive` or `score>=0.5`, as SQL with parameters."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any, Final

import pyarrow as pa

from mistudio_core.errors import StudioError, invalid
from mistudio_core.raw import is_text
from mistudio_core.store.sample_reader import SampleReader

OPERATORS: Final = (">=", "<=", "!=", "=")
NULL_TESTS: Final = (" is not null", " is null")
LENGTH: Final = "len"
"""`len(COLUMN)` is the number of elements of a list, or of bytes."""
LETTERS: Final = "letters"
"""`letters(COLUMN)=SCRIPT` holds for texts with at least one letter of that script."""
_NUMBER: Final = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?|[+-]?inf|nan", re.IGNORECASE)
_EXACT_DIGITS: Final = 38
"""What DuckDB compares exactly; longer numbers are compared as floats."""
_SWITCH: Final = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition; `operator` is one of `OPERATORS` or `NULL_TESTS`, the value is text as the user sees it.

    `function` is `LENGTH` or `LETTERS` where it is not the value of the column that is compared.
    """

    column: str
    operator: str
    value: str = ""
    function: str = ""

    def __str__(self) -> str:
        """Return the text that `parse_condition` reads."""
        subject = f"{self.function}({self.column})" if self.function else self.column
        return f"{subject}{self.operator}{self.value}"


def parse_condition(text: str, reader: SampleReader) -> Condition:
    """Read a condition on a column of this dataset; raise `invalid_request` naming what is wrong with it."""
    by_length = sorted(reader.schema.names, key=len, reverse=True)  # a name may hold the sign of an operator
    for function in ("", LENGTH, LETTERS):
        for name in by_length:
            subject = f"{function}({name})" if function else name
            if not text.startswith(subject):
                continue
            rest = text[len(subject) :]
            if rest.lower() in NULL_TESTS and not function:
                return Condition(name, rest.lower())
            for operator in OPERATORS:
                if rest.startswith(operator):
                    return Condition(name, operator, rest[len(operator) :], function)
    names = ", ".join(reader.schema.names)[:500]
    raise invalid(
        f"where: {text[:80]!r} is no condition on a column of this dataset.",
        "Write COLUMN=VALUE, !=, >=, <=, 'is null', 'is not null', len(COLUMN)>=N or letters(COLUMN)=SCRIPT. "
        f"The columns are: {names}.",
    )


def condition_sql(
    condition: Condition, column_sql: str, place: str, reader: SampleReader
) -> tuple[str, dict[str, Any]]:
    """Return SQL that is true for the samples to keep, and its parameters, which are named after `place`.

    A sample without a value fulfils only `is null`.
    """
    kind = reader.schema.field(condition.column).type
    if condition.operator in NULL_TESTS:
        return f"{column_sql}{condition.operator.upper()}", {}
    operator = "<>" if condition.operator == "!=" else condition.operator
    if condition.function == LENGTH:
        return f"{_length_sql(condition, column_sql, kind)} {operator} ${place}", {place: _whole(condition)}
    if condition.function == LETTERS:
        return _letters_sql(condition, column_sql, place, kind)
    if not is_scalar(kind):
        raise invalid(
            f"where: {condition.column!r:.80} holds no single values to compare.",
            "Only 'is null', 'is not null' and, of lists and bytes, len(COLUMN) work there.",
        )
    value, cast = _parameter(condition, kind, reader.labels)
    sql = f"CAST(${place} AS {cast})" if cast else f"${place}"
    return f"{column_sql} {operator} {sql}", {place: value}


def is_scalar(kind: pa.DataType) -> bool:
    """Tell whether the values of a type can be compared and sorted: texts, numbers, truth values and times."""
    kind = kind.value_type if isinstance(kind, pa.DictionaryType) else kind
    tests = (pa.types.is_boolean, pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal, pa.types.is_timestamp,
             pa.types.is_date, pa.types.is_time)  # fmt: skip
    return is_text(kind) or any(test(kind) for test in tests)


def _has_length(kind: pa.DataType) -> bool:
    """Tell whether the lengths of a type can be compared: lists, and bytes."""
    tests = (pa.types.is_list, pa.types.is_large_list, pa.types.is_fixed_size_list, _is_bytes)
    return any(test(kind) for test in tests)


def _is_bytes(kind: pa.DataType) -> bool:
    return pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind)


def _length_sql(condition: Condition, column_sql: str, kind: pa.DataType) -> str:
    if not _has_length(kind):
        raise invalid(
            f"where: {condition.column!r:.80} holds neither lists nor bytes.", "Lengths are known of those only."
        )
    return f"octet_length({column_sql})" if _is_bytes(kind) else f"len({column_sql})"


def _letters_sql(condition: Condition, column_sql: str, place: str, kind: pa.DataType) -> tuple[str, dict[str, Any]]:
    from mistudio_core.statistics.scripts import letters_of, script_names

    if not is_text(kind):
        raise invalid(f"where: {condition.column!r:.80} holds no text.", "Letters are known of texts only.")
    if condition.operator not in ("=", "!="):
        raise invalid(f"where: letters are not compared by {condition.operator}.", "Use = or !=.")
    script = next((name for name in script_names() if name.casefold() == condition.value.strip().casefold()), None)
    if script is None:
        raise _unfit(condition, "a script of Unicode, such as Latin, Greek or Han")
    ranges = "".join(f"\\x{{{first:x}}}-\\x{{{last:x}}}" for first, last in letters_of(script))
    test = f"regexp_matches({column_sql}, ${place})"
    return f"NOT {test}" if condition.operator == "!=" else test, {place: f"[{ranges}]"}


def _whole(condition: Condition) -> int:
    text = condition.value.strip()
    if not text.isascii() or not text.isdigit() or len(text) > _EXACT_DIGITS:
        raise _unfit(condition, "a whole number of 0 or more")
    return int(text)


def _parameter(condition: Condition, kind: pa.DataType, labels: Mapping[str, list[str]]) -> tuple[Any, str]:
    """Return the value to compare with and the SQL type it is cast to ("" for none)."""
    text = condition.value
    kind = kind.value_type if isinstance(kind, pa.DictionaryType) else kind
    if condition.column in labels and text in labels[condition.column]:
        return labels[condition.column].index(text), ""
    if is_text(kind):
        return text, ""
    if pa.types.is_boolean(kind):
        if text.lower() not in _SWITCH:
            raise _unfit(condition, "true or false")
        return _SWITCH[text.lower()], ""
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        return _moment(condition, kind)
    if pa.types.is_time(kind):
        return _time(condition), "TIME"
    if not _NUMBER.fullmatch(text.strip()):
        what = "a number"
        raise _unfit(
            condition, f"one of {', '.join(labels[condition.column])}"[:300] if condition.column in labels else what
        )
    return _number(text.strip(), kind)


def _number(text: str, kind: pa.DataType) -> tuple[Any, str]:
    if pa.types.is_decimal(kind) and len(text) < _EXACT_DIGITS and "e" not in text.lower():
        return text, f"DECIMAL(38, {min(kind.scale, _EXACT_DIGITS - len(text))})"
    if re.fullmatch(r"[+-]?\d+", text) and len(text) <= _EXACT_DIGITS:
        return int(text), "" if pa.types.is_integer(kind) else _float_type(kind)
    return float(text), _float_type(kind)


def _float_type(kind: pa.DataType) -> str:
    """Return the type in which 0.1 equals a stored 0.1."""
    return "FLOAT" if pa.types.is_float32(kind) or pa.types.is_float16(kind) else "DOUBLE"


def _time(condition: Condition) -> str:
    try:
        return time.fromisoformat(condition.value).isoformat()
    except ValueError:
        raise _unfit(condition, "a time such as 15:00") from None


def _moment(condition: Condition, kind: pa.DataType) -> tuple[str, str]:
    try:
        moment = datetime.fromisoformat(condition.value)
    except ValueError:
        raise _unfit(condition, "a time such as 2026-11-20 or 2026-11-20T15:00") from None
    if pa.types.is_date(kind):
        return moment.date().isoformat(), "DATE"
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    if kind.tz is None:
        return moment.replace(tzinfo=None).isoformat(), "TIMESTAMP"
    return moment.isoformat(), "TIMESTAMPTZ"


def _unfit(condition: Condition, wanted: str) -> StudioError:
    return invalid(
        f"where: {condition.value!r:.80} does not fit the column {condition.column!r:.80}.", f"Give {wanted}."
    )

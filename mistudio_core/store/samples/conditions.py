"""Conditions on a dataset's own columns, such as `label=positive` or `score>=0.5`, as SQL with parameters.

Null and NaN are neither above nor below anything. NaN is a value, unequal to every number; null is none, and fulfils
only the conditions that ask for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa

from mistudio_core.errors import invalid
from mistudio_core.raw import is_text
from mistudio_core.store.samples.condition_values import Test, ValueMismatch, compared, natural_number, with_nan
from mistudio_core.store.samples.reader import SampleReader

OPERATORS: Final = (">=", "<=", "!=", "=")
NULL_TESTS: Final = (" is not null", " is null")
LENGTH: Final = "len"
"""`len(COLUMN)` is the number of elements of a list, or of bytes."""
LETTERS: Final = "letters"
"""`letters(COLUMN)=SCRIPT` holds for texts with at least one letter of that script."""
NULL: Final = "null"
"""Asks for nulls by name, `score=null`, where that is not a value of the column: a text, or a label."""


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
    return condition_on(text, reader.schema.names)


def condition_on(text: str, columns: Sequence[str]) -> Condition:
    """Read a condition on one of these columns; raise `invalid_request` naming what is wrong with it."""
    by_length = sorted(columns, key=len, reverse=True)  # a name may hold the sign of an operator
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
    names = ", ".join(columns)[:500]
    raise invalid(
        f"where: {text[:80]!r} is not a condition on a column of this dataset.",
        "Write COLUMN=VALUE, !=, >=, <=, 'is null', 'is not null', COLUMN=nan, len(COLUMN)>=N or "
        "letters(COLUMN)=SCRIPT. "
        f"The columns are: {names}.",
    )


def condition_sql(
    condition: Condition, column_sql: str, place: str, reader: SampleReader
) -> tuple[str, dict[str, Any]]:
    """Return SQL that is true for the samples to keep, and its parameters, which are named after `place`."""
    try:
        return _test(condition, column_sql, place, reader)
    except ValueMismatch as mismatch:
        raise invalid(
            f"where: {condition.value!r:.80} does not fit the column {condition.column!r:.80}.", f"Give {mismatch}."
        ) from None


def left_out(condition: Condition, *, is_text: bool, is_float: bool) -> tuple[str, ...]:
    """Return which of null and NaN a condition leaves out without naming them, for a column of texts, floats or else.

    What equals a value is not null, which goes without saying.
    """
    if condition.operator in ("=", *NULL_TESTS):
        return ()
    by_name = not is_text and condition.value.strip().lower() == NULL
    nulls = () if condition.operator == "!=" and by_name else (NULL,)
    ordered = condition.operator in (">=", "<=") and is_float and not condition.function
    return (*nulls, "NaN") if ordered else nulls


def value_type(kind: pa.DataType) -> pa.DataType:
    """Return the type of the values of a column, be it stored as a dictionary or plain."""
    return kind.value_type if isinstance(kind, pa.DictionaryType) else kind


def sort_sql(column_sql: str, kind: pa.DataType) -> str:
    """Return SQL of what a column is sorted by: NaN, which is neither above nor below, becomes null and comes last."""
    if not pa.types.is_floating(value_type(kind)):
        return column_sql
    return f"CASE WHEN isnan({with_nan(column_sql)}) THEN NULL ELSE {column_sql} END"


def is_scalar(kind: pa.DataType) -> bool:
    """Tell whether the values of a type can be compared and sorted: texts, numbers, booleans, times, durations."""
    kind = value_type(kind)
    tests = (pa.types.is_boolean, pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal, pa.types.is_timestamp,
             pa.types.is_date, pa.types.is_time, pa.types.is_duration)  # fmt: skip
    return is_text(kind) or any(test(kind) for test in tests)


def _test(condition: Condition, column_sql: str, place: str, reader: SampleReader) -> Test:
    kind = value_type(reader.schema.field(condition.column).type)
    labels = reader.labels.get(condition.column, [])
    if condition.operator in NULL_TESTS:
        return f"{column_sql}{condition.operator.upper()}", {}
    if condition.function == LETTERS:
        return _letters_sql(condition, column_sql, place, kind)
    if condition.value.strip().lower() == NULL and not is_text(kind) and condition.value not in labels:
        return {"=": f"{column_sql} IS NULL", "!=": f"{column_sql} IS NOT NULL"}.get(condition.operator, "false"), {}
    if condition.function == LENGTH:
        length = _length_sql(condition, column_sql, kind)
        sign = "<>" if condition.operator == "!=" else condition.operator
        return f"{length} {sign} ${place}", {place: natural_number(condition.value)}
    if not is_scalar(kind):
        raise invalid(
            f"where: {condition.column!r:.80} has no scalar values to compare.",
            "Only 'is null', 'is not null' and, of lists and bytes, len(COLUMN) work there.",
        )
    return compared(
        column_sql, condition.operator, condition.value, kind, place=place, labels=labels,
        as_integers=condition.column in reader.integer_times,
    )  # fmt: skip


def _has_length(kind: pa.DataType) -> bool:
    """Tell whether the lengths of a type can be compared: lists, and bytes."""
    tests = (pa.types.is_list, pa.types.is_large_list, pa.types.is_fixed_size_list, _is_bytes)
    return any(test(kind) for test in tests)


def _is_bytes(kind: pa.DataType) -> bool:
    return pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind)


def _length_sql(condition: Condition, column_sql: str, kind: pa.DataType) -> str:
    if not _has_length(kind):
        raise invalid(f"where: {condition.column!r:.80} holds neither lists nor bytes.", "len() works on these only.")
    return f"octet_length({column_sql})" if _is_bytes(kind) else f"len({column_sql})"


def _letters_sql(condition: Condition, column_sql: str, place: str, kind: pa.DataType) -> tuple[str, dict[str, Any]]:
    from mistudio_core.statistics.scripts import letters_of, script_names

    if not is_text(kind):
        raise invalid(f"where: {condition.column!r:.80} holds no text.", "letters() works on text columns only.")
    if condition.operator not in ("=", "!="):
        raise invalid(f"where: letters() does not support {condition.operator}.", "Use = or !=.")
    script = next((name for name in script_names() if name.casefold() == condition.value.strip().casefold()), None)
    if script is None:
        raise ValueMismatch("a Unicode script, such as Latin, Greek or Han")
    ranges = "".join(f"\\x{{{first:x}}}-\\x{{{last:x}}}" for first, last in letters_of(script))
    test = f"regexp_matches({column_sql}, ${place})"
    return f"NOT {test}" if condition.operator == "!=" else test, {place: f"[{ranges}]"}

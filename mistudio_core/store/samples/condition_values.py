"""Comparing a column with a value that was written as text: exactly, whatever the type, and without surprises.

Whole numbers, decimals, dates, times and durations are compared as the integers that they are stored as, so that no
bound is rounded. A number for a column of floats is rounded to the column's type, so that 0.1 finds a stored 0.1.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor, inf, isinf, isnan
from typing import Any, Final

import numpy as np
import pyarrow as pa

from mistudio_core.raw import is_text
from mistudio_core.store.samples.durations import SECONDS, duration_seconds

Test = tuple[str, dict[str, Any]]
"""SQL that is true for the samples to keep, and its parameters."""

_NUMBER: Final = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?|[+-]?inf(inity)?|nan", re.IGNORECASE | re.ASCII)
_LARGEST_EXPONENT: Final = 400
"""Beyond what any column holds: no number needs more digits to be compared."""
_INTEGER_DIGITS: Final = 18
_SWITCH: Final = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
_DATE: Final = r"(?P<date>[+-]?\d{4,12}-\d\d-\d\d)"
_CLOCK: Final = r"(?P<hour>\d\d)(:(?P<minute>\d\d)(:(?P<second>\d\d)([.,](?P<fraction>\d{1,18}))?)?)?"
_ZONE: Final = r"(?P<zone>Z|[+-]\d\d:?\d\d)?"
_MOMENT: Final = re.compile(rf"{_DATE}([T ]{_CLOCK} ?{_ZONE})?", re.ASCII | re.IGNORECASE)
_TIME: Final = re.compile(_CLOCK, re.ASCII)
_PER_SECOND: Final = {"us": 10**6, "ns": 10**9}
_DAY_SECONDS: Final = 86_400
_INFINITE: Final = 2**63 - 1
"""DuckDB reads the outermost moments as infinities, which still sort correctly."""
_DUCKDB_DIGITS: Final = 38
"""Of a decimal; one with more is read as a double."""


class ValueMismatch(Exception):
    """A value does not fit a column; the message says what would."""


def compared(
    subject: str, operator: str, text: str, kind: pa.DataType, *, place: str, labels: Sequence[str],
    as_integers: bool = False,
) -> Test:  # fmt: skip
    """Return the test of a column (`subject` in SQL) against a value; raise `ValueMismatch` for what it cannot be.

    `as_integers` tells that moments are queried as the integers that they are stored as.
    """
    if text in labels:
        return _exact(subject, operator, Fraction(labels.index(text)), kind, place)
    if is_text(kind):
        return f"{subject} {_sign(operator)} ${place}", {place: text}
    text = text.strip()
    if pa.types.is_boolean(kind):
        if text.lower() not in _SWITCH:
            raise ValueMismatch("true or false")
        return f"{subject} {_sign(operator)} ${place}", {place: _SWITCH[text.lower()]}
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        stored = pa.duration(kind.unit) if as_integers else kind
        return _exact(subject, operator, _moment(text), stored, place)
    if pa.types.is_time(kind):
        return _exact(subject, operator, _time_of_day(text), kind, place)
    if pa.types.is_duration(kind):
        return _exact(subject, operator, _duration(text), kind, place)
    if not _NUMBER.fullmatch(text):
        raise ValueMismatch(f"one of {', '.join(labels)}"[:300] if labels else "a number")
    if pa.types.is_floating(kind) or (pa.types.is_decimal(kind) and kind.precision > _DUCKDB_DIGITS):
        return _float(subject, operator, float(text), kind, place)
    return _exact(subject, operator, _number(text), kind, place)


def natural_number(text: str) -> int:
    """Return an integer of 0 or more; raise `ValueMismatch` for anything else."""
    text = text.strip()
    if not text.isascii() or not text.isdigit():
        raise ValueMismatch("a whole number of 0 or more")
    return int(text) if len(text) <= _INTEGER_DIGITS else 10**_INTEGER_DIGITS


def with_nan(subject: str) -> str:
    """Return SQL of a column of floats about which DuckDB concludes nothing from the bounds in the Parquet file.

    Those leave out NaN: it would find that there is none, or that all values equal one that they do not.
    """
    return f"({subject} + 0)"


def _sign(operator: str) -> str:
    return "<>" if operator == "!=" else operator


def _number(text: str) -> Fraction | float:
    """Return a number exactly; NaN, infinities and what no column can reach as a float."""
    if text.lower().lstrip("+-")[:3] in ("inf", "nan"):
        return float(text)
    number = Decimal(text)
    if number and number.adjusted() > _LARGEST_EXPONENT:
        return inf if number > 0 else -inf
    if number and number.adjusted() < -_LARGEST_EXPONENT:  # as good as any other number so near to 0
        return Fraction(1 if number > 0 else -1, 10**_LARGEST_EXPONENT)
    return Fraction(number)


def _float(subject: str, operator: str, value: float, kind: pa.DataType, place: str) -> Test:
    if isnan(value):
        tests = {"=": f"isnan({with_nan(subject)})", "!=": f"NOT isnan({with_nan(subject)})"}
        return tests.get(operator, "false"), {}
    if pa.types.is_floating(kind) and not pa.types.is_float64(kind) and not isinf(value):
        with np.errstate(over="ignore"):
            rounded = float(np.float16(value) if pa.types.is_float16(kind) else np.float32(value))
        value = value if isinf(rounded) else rounded
    found = with_nan(subject) if operator == "!=" else subject
    test = f"{found} {_sign(operator)} CAST(${place} AS DOUBLE)"
    # DuckDB has NaN above everything.
    return f"({test} AND NOT isnan({with_nan(subject)}))" if operator == ">=" else test, {place: value}


def _exact(subject: str, operator: str, value: Fraction | float, kind: pa.DataType, place: str) -> Test:
    """Compare what is stored as integers; moments, times of day and durations are given in seconds."""
    never: Test = ("false", {})
    always: Test = (f"{subject} IS NOT NULL", {})
    if isinstance(value, float):  # an infinity or NaN: these columns hold neither
        return {"=": never, "!=": always, ">=": always if value == -inf else never,
                "<=": always if value == inf else never}[operator]  # fmt: skip
    steps = value * _steps(kind)
    integer = ceil(steps) if operator == ">=" else floor(steps)
    if operator in ("=", "!=") and integer != steps:
        return never if operator == "=" else always
    least, greatest = _range(kind)
    if not least <= integer <= greatest:
        above = integer > greatest
        return {"=": never, "!=": always, ">=": never if above else always, "<=": always if above else never}[operator]
    sql, parameter = _stored(integer, kind, place)
    return f"{subject} {_sign(operator)} {sql}", {place: parameter}


def _steps(kind: pa.DataType) -> Fraction:
    """Return how many of the integers that a type is stored as make up 1, or a second."""
    if pa.types.is_decimal(kind):
        return Fraction(10) ** int(kind.scale)
    if pa.types.is_date(kind):
        return Fraction(1, _DAY_SECONDS)
    if pa.types.is_timestamp(kind):
        return Fraction(_PER_SECOND[_unit(kind)])
    return 1 / SECONDS[kind.unit] if pa.types.is_duration(kind) or pa.types.is_time(kind) else Fraction(1)


def _unit(kind: pa.DataType) -> str:
    """Return the unit in which DuckDB holds a moment: none is coarser than microseconds."""
    return "ns" if kind.unit == "ns" else "us"


def _range(kind: pa.DataType) -> tuple[int, int]:
    if pa.types.is_decimal(kind):
        return 1 - 10**kind.precision, 10**kind.precision - 1
    if pa.types.is_time(kind):
        return 0, int(_DAY_SECONDS / SECONDS[kind.unit]) - 1
    bits = kind.bit_width if pa.types.is_integer(kind) else 32 if pa.types.is_date(kind) else 64
    if pa.types.is_unsigned_integer(kind):
        return 0, 2**bits - 1
    return -(2 ** (bits - 1)), 2 ** (bits - 1) - 1


def _stored(integer: int, kind: pa.DataType, place: str) -> tuple[str, Any]:
    """Return the SQL of an integer as a value of the column's own type, and the parameter for it."""
    if pa.types.is_decimal(kind):
        digits = str(abs(integer)).zfill(kind.scale + 1) + "0" * -kind.scale
        point = len(digits) - max(0, kind.scale)
        text = f"{'-' if integer < 0 else ''}{digits[:point]}.{digits[point:]}"
        return f"CAST(${place} AS DECIMAL({kind.precision}, {kind.scale}))", text
    if pa.types.is_integer(kind):
        name = {8: "TINYINT", 16: "SMALLINT", 32: "INTEGER", 64: "BIGINT"}[kind.bit_width]
        return f"CAST(${place} AS {'U' if pa.types.is_unsigned_integer(kind) else ''}{name})", integer
    if pa.types.is_duration(kind) or pa.types.is_time(kind):  # these are queried as integers
        return f"CAST(${place} AS BIGINT)", integer
    if pa.types.is_date(kind):
        return f"make_date(CAST(${place} AS INTEGER))", integer
    return _stored_moment(integer, place, fine=_unit(kind) == "ns", zoned=kind.tz is not None)


def _stored_moment(integer: int, place: str, *, fine: bool, zoned: bool) -> tuple[str, Any]:
    if abs(integer) >= _INFINITE:
        name = f"TIMESTAMP{'TZ' if zoned else ''}{'_NS' if fine else ''}"
        return f"CAST(${place} AS {name})", "infinity" if integer > 0 else "-infinity"
    if fine and zoned:
        return f"CAST(${place} AS TIMESTAMPTZ_NS)", f"{_iso(integer, 'ns')}+00"
    name = "make_timestamptz" if zoned else "make_timestamp_ns" if fine else "make_timestamp"
    return f"{name}(CAST(${place} AS BIGINT))", integer


def _iso(integer: int, unit: str) -> str:
    return str(np.int64(integer).astype(f"datetime64[{unit}]"))


def _moment(text: str) -> Fraction:
    """Return the seconds from 1970 on, in UTC, of a moment or a day in ISO 8601, of any year."""
    found = _MOMENT.fullmatch(text)
    try:
        if found is None:
            moment = datetime.fromisoformat(text)
            since = moment.replace(tzinfo=None) - datetime(1970, 1, 1) - (moment.utcoffset() or timedelta())
            return Fraction(since // timedelta(microseconds=1), 10**6)
        days = int(np.datetime64(found["date"].removeprefix("+"), "D").astype(np.int64))
        return days * _DAY_SECONDS + _clock(found) - _offset(found["zone"])
    except ValueError:
        raise ValueMismatch("a time such as 2026-11-20 or 2026-11-20T15:00") from None


def _duration(text: str) -> Fraction:
    try:
        return duration_seconds(text)
    except ValueError:
        raise ValueMismatch("a duration such as 1.5 s, 90 min or 1:30:00") from None


def _time_of_day(text: str) -> Fraction:
    found = _TIME.fullmatch(text)
    try:
        if found is None:
            raise ValueError(text)
        return _clock(found)
    except ValueError:
        raise ValueMismatch("a time such as 15:00") from None


def _clock(found: re.Match[str]) -> Fraction:
    """Return the seconds from midnight on."""
    hour, minute, second = (int(found[part] or 0) for part in ("hour", "minute", "second"))
    if hour > 23 or minute > 59 or second > 59:
        raise ValueError(found[0])
    digits = found["fraction"] or "0"
    return Fraction(hour * 3600 + minute * 60 + second) + Fraction(int(digits), 10 ** len(digits))


def _offset(zone: str | None) -> int:
    """Return the seconds that a zone is ahead of UTC."""
    if not zone or zone in "Zz":
        return 0
    hours, minutes = int(zone[1:3]), int(zone[-2:])
    if hours > 23 or minutes > 59:
        raise ValueError(zone)
    return (hours * 3600 + minutes * 60) * (-1 if zone[0] == "-" else 1)

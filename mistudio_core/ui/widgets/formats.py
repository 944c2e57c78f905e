"""Numbers, sizes and times as people read them; each short form has an exact one for the hover."""

from __future__ import annotations

from datetime import datetime
from typing import Final

_KIB: Final = 1024
_SIZE_UNITS: Final = ("KB", "MB", "GB", "TB", "PB")
_COUNT_UNITS: Final = ((1_000_000_000_000, "T"), (1_000_000_000, "B"), (1_000_000, "M"), (1_000, "K"))
_SHORT_COUNT: Final = 10_000  # below it, a count is short enough to be written out
_LEAST_SHARE: Final = 0.0005  # below it, and as far from 1, one decimal would say something else
_MINUTE: Final = 60
_HOUR: Final = 3600
_DAY: Final = 86_400
UNKNOWN: Final = "unknown"


def count(number: float | None) -> str:
    """Return a count for people: `9,999`, `12.3 K`, `2.1 M`, `1.24 B`."""
    if number is None:
        return UNKNOWN
    if abs(number) < _SHORT_COUNT:
        return exact(number)
    for size, unit in _COUNT_UNITS:
        if abs(number) >= size * 0.9995:  # 999,950 reads better as 1 M than as 1,000 K
            return f"{_three_digits(number / size)} {unit}"
    return exact(number)


def exact(number: float | None) -> str:
    """Return a count in full, with commas between thousands."""
    if number is None:
        return UNKNOWN
    if isinstance(number, int) or float(number).is_integer():
        return f"{int(number):,}"
    return f"{number:,.1f}"


def counted(number: int | None, singular: str, plural: str = "") -> str:
    """Return a short count with its noun: `1 sample`, `2.1 M samples`."""
    return f"{count(number)} {singular if number == 1 else plural or singular + 's'}"


def size(num_bytes: float | None) -> str:
    """Return bytes for people, with a divisor of 1024: `512 B`, `2.93 GB`."""
    if num_bytes is None:
        return UNKNOWN
    if num_bytes < _KIB:
        return f"{int(num_bytes)} B"
    value = float(num_bytes)
    for unit in _SIZE_UNITS:
        value /= _KIB
        if value < 999.5 or unit == _SIZE_UNITS[-1]:
            return f"{_three_digits(value)} {unit}"
    raise AssertionError("the last unit takes every size")


def exact_size(num_bytes: float | None) -> str:
    """Return bytes in full: `3,145,728 bytes`."""
    return UNKNOWN if num_bytes is None else f"{exact(int(num_bytes))} bytes"


def rate(units_per_second: float | None, unit: str) -> str:
    """Return a speed: `3.4 MB/s` for bytes, else `12.3 K samples/s`; an empty string while unknown."""
    if units_per_second is None or units_per_second <= 0:
        return ""
    if unit == "bytes":
        return f"{size(units_per_second)}/s"
    number = _three_digits(units_per_second) if units_per_second < 10 else count(round(units_per_second))
    return f"{number} {unit or 'steps'}/s"


def amount(done: int, total: int | None, unit: str) -> str:
    """Return how much of a phase is done: `1.2 GB of 2.9 GB`, `300 of 5,000 samples`."""
    if unit == "bytes":
        return size(done) if total is None else f"{size(done)} of {size(total)}"
    noun = f" {unit}" if unit else ""
    return f"{count(done)}{noun}" if total is None else f"{count(done)} of {count(total)}{noun}"


def duration(seconds: float | None) -> str:
    """Return a length of time: `4 s`, `2 min 5 s`, `3 h 20 min`, `2 d 4 h`."""
    if seconds is None:
        return UNKNOWN
    if 0 < seconds < 1:
        return "less than 1 s"
    total = max(0, round(seconds))
    if total < _MINUTE:
        return f"{total} s"
    for unit_size, unit, smaller_size, smaller in ((_DAY, "d", _HOUR, "h"), (_HOUR, "h", _MINUTE, "min")):
        if total >= unit_size:
            return _two_parts(total, unit_size, unit, smaller_size, smaller)
    return _two_parts(total, _MINUTE, "min", 1, "s")


def time_left(eta_s: float | None) -> str:
    """Return `about 2 min 5 s left`, or an empty string while unknown."""
    return "" if eta_s is None else f"about {duration(max(1.0, eta_s))} left"


def ago(moment: datetime | None, now: datetime) -> str:
    """Return how long ago something was: `just now`, `5 min ago`, `3 h ago`, then the date."""
    if moment is None:
        return "never"
    seconds = (now - moment).total_seconds()
    if seconds < 45:
        return "just now"
    if seconds < _HOUR:
        return f"{max(1, round(seconds / _MINUTE))} min ago"
    if seconds < _DAY:
        return f"{int(seconds // _HOUR)} h ago"
    if seconds < 7 * _DAY:
        return f"{int(seconds // _DAY)} d ago"
    return f"{moment:%d %b %Y}"


def exact_time(moment: datetime | None) -> str:
    """Return a time in full: `2026-07-14 09:30:12 UTC`."""
    return UNKNOWN if moment is None else f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def percent(part: float | None) -> str:
    """Return a share between 0 and 1 to one decimal; only nothing is 0.0 %, and only all is 100.0 %."""
    if part is None:
        return UNKNOWN
    if 0 < part < _LEAST_SHARE:
        return "< 0.1 %"
    if 1 - _LEAST_SHARE < part < 1:
        return "> 99.9 %"
    return f"{100 * part:.1f} %"


def share(part: float, total: float) -> str:
    """Return a part of a total as a percentage, or an empty string of nothing."""
    return percent(part / total) if total else ""


def _two_parts(total: int, unit_size: int, unit: str, smaller_size: int, smaller: str) -> str:
    rest = total % unit_size // smaller_size
    return f"{total // unit_size} {unit}" + (f" {rest} {smaller}" if rest else "")


def _three_digits(value: float) -> str:
    digits = 2 if abs(value) < 9.995 else 1 if abs(value) < 99.95 else 0
    text = f"{value:.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text

"""Durations as people write them: `1.5 s`, `90 min`, `1:30:00`, or as they are shown, `-1 day, 23:59:59`."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Final

SECONDS: Final = {
    "ns": Fraction(1, 10**9),
    "us": Fraction(1, 10**6),
    "µs": Fraction(1, 10**6),
    "ms": Fraction(1, 1000),
    "s": Fraction(1),
    "min": Fraction(60),
    "h": Fraction(3600),
    "d": Fraction(86_400),
    "day": Fraction(86_400),
    "days": Fraction(86_400),
}
"""The units, in seconds."""
_NUMBER: Final = r"\d{1,30}(?:\.\d{1,30})?"
_AMOUNT: Final = re.compile(rf"(?P<sign>[+-]?)(?P<number>{_NUMBER}) ?(?P<unit>[a-zµ]+)", re.ASCII)
_CLOCK: Final = re.compile(
    r"(?:(?P<days>[+-]?\d{1,18}) days?,? )?(?P<sign>[+-]?)(?P<hour>\d{1,18}):(?P<minute>[0-5]\d)"
    r"(?::(?P<second>[0-5]\d(?:\.\d{1,18})?))?",
    re.ASCII,
)


def duration_seconds(text: str) -> Fraction:
    """Return a duration in seconds, exactly; raises `ValueError` for what is none."""
    found = _AMOUNT.fullmatch(text)
    if found is not None and found["unit"] in SECONDS:
        amount = Fraction(found["number"]) * SECONDS[found["unit"]]
        return -amount if found["sign"] == "-" else amount
    found = _CLOCK.fullmatch(text)
    if found is None:
        raise ValueError(text)
    clock = int(found["hour"]) * 3600 + int(found["minute"]) * 60 + Fraction(found["second"] or 0)
    return int(found["days"] or 0) * SECONDS["d"] + (-clock if found["sign"] == "-" else clock)

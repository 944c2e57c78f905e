"""Sums and sums of squares without rounding, so that no order or split of the data changes a mean or a deviation."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import isqrt
from typing import Any, Final

import numpy as np
import numpy.typing as npt

_INT64_END: Final = 1 << 63
_HALF: Final = np.uint64(0xFFFFFFFF)
_MANTISSA_BITS: Final = 53
_EXPONENT_SHIFT: Final = 1073  # frexp gives the smallest subnormal the exponent -1073: indices then start at 0
_FLOAT_SCALE: Final = _EXPONENT_SHIFT + _MANTISSA_BITS
_FLOAT_CHUNK: Final = 1 << 15  # products of 18-bit limbs summed this often stay below 2**53, where floats are exact
_ROOT_BITS: Final = 80  # digits of a square root: more than a float holds, so that only the last step rounds


@dataclass(slots=True)
class ExactSums:
    """n, the sum and the sum of squares of numbers, each number having been multiplied by 2**scale (an int)."""

    scale: int = 0
    count: int = 0
    total: int = 0
    squares: int = 0

    def merge(self, other: ExactSums) -> None:
        """Take in what another one has seen."""
        if self.scale != other.scale:
            raise ValueError("sums of integers and of floats cannot be put together")
        self.count += other.count
        self.total += other.total
        self.squares += other.squares

    def sum(self) -> Fraction:
        """Return the sum of the numbers."""
        return Fraction(self.total, 1 << self.scale)

    def mean(self) -> float | None:
        """Return the mean, rounded once; None without a number."""
        return as_float(Fraction(self.total, self.count << self.scale)) if self.count else None

    def deviation(self) -> float | None:
        """Return the standard deviation of a sample (divisor n - 1); None with fewer than two numbers."""
        if self.count < 2:
            return None
        spread = self.count * self.squares - self.total * self.total
        return _root(Fraction(spread, self.count * (self.count - 1) << 2 * self.scale))


def integer_sums(values: npt.NDArray[np.int64]) -> ExactSums:
    """Return the exact sums of at most 2**31 integers."""
    if not len(values):
        return ExactSums()
    largest = max(abs(int(values.min())), abs(int(values.max())))
    if largest * largest * len(values) < _INT64_END:
        return ExactSums(0, len(values), int(values.sum()), int(np.dot(values, values)))
    sizes = np.where(values < 0, -values, values).view(np.uint64)  # -(-2**63) wraps to 2**63, which is right here
    high, low = sizes >> np.uint64(32), sizes & _HALF
    positive, negative = (_wide_sum(sizes[mask]) for mask in (values >= 0, values < 0))
    squares = (_wide_sum(high * high) << 64) + (_wide_sum(high * low) << 33) + _wide_sum(low * low)
    return ExactSums(0, len(values), positive - negative, squares)


def float_sums(values: npt.NDArray[np.float64]) -> ExactSums:
    """Return the exact sums of finite floats: mantissas are summed as integers, exponent by exponent."""
    sums = ExactSums(_FLOAT_SCALE)
    for start in range(0, len(values), _FLOAT_CHUNK):
        sums.merge(_float_chunk(values[start : start + _FLOAT_CHUNK]))
    return sums


def as_float(value: Fraction) -> float | None:
    """Round to the nearest float; None beyond the largest one, since JSON has no infinity."""
    try:
        return float(value)
    except OverflowError:
        return None


def as_number(value: Fraction) -> int | float | None:
    """Return an int for an integral value, else the nearest float."""
    return value.numerator if value.denominator == 1 else as_float(value)


def _wide_sum(values: npt.NDArray[np.uint64]) -> int:
    return (int((values >> np.uint64(32)).sum()) << 32) + int((values & _HALF).sum())


def _float_chunk(values: npt.NDArray[np.float64]) -> ExactSums:
    fractions, exponents = np.frexp(values)
    mantissas = np.ldexp(fractions, _MANTISSA_BITS).astype(np.int64)
    places = exponents + _EXPONENT_SHIFT
    total = _by_exponent(places, [mantissas & 0x3FFFFFF, mantissas >> 26], 26, 1)
    sizes = np.abs(mantissas)
    a, b, c = sizes & 0x3FFFF, (sizes >> 18) & 0x3FFFF, sizes >> 36
    products = [a * a, 2 * a * b, 2 * a * c + b * b, 2 * b * c, c * c]
    return ExactSums(_FLOAT_SCALE, len(values), total, _by_exponent(places, products, 18, 2))


def _by_exponent(places: npt.NDArray[Any], limbs: list[npt.NDArray[np.int64]], bits: int, power: int) -> int:
    """Sum limb after limb for each exponent; a place counts `power` times, the limbs are `bits` apart."""
    sums = [np.bincount(places, weights=limb) for limb in limbs]
    return sum(
        int(column[place]) << (power * place + bits * position)
        for position, column in enumerate(sums)
        for place in np.flatnonzero(column).tolist()
    )


def _root(value: Fraction) -> float | None:
    if not value:
        return 0.0
    shift = max(0, _ROOT_BITS - (value.numerator.bit_length() - value.denominator.bit_length()) // 2)
    square, rest = divmod(value.numerator << 2 * shift, value.denominator)
    root = isqrt(square)
    more = bool(rest) or root * root != square  # one more bit tells the rounding that digits were cut off
    return as_float(Fraction(2 * root + more, 2 << shift))

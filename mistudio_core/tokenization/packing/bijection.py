"""A seeded permutation without a table: where any number goes is computed, in both directions, for any count."""

from __future__ import annotations

import hashlib
from typing import Final

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.uint64]

_ROUNDS: Final = 12
"""More than a Feistel network needs to look random on the smallest blocks."""
_LEAST_HALF_BITS: Final = 4
_MIX: Final = tuple(map(np.uint64, (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB)))
_SHIFTS: Final = tuple(map(np.uint64, (30, 27, 31)))


class Bijection:
    """A permutation of the numbers below `count`: a Feistel network, walked until it ends below `count`.

    It depends on the seed and the count alone. Memory and time are those of the numbers that are asked for.
    """

    def __init__(self, count: int, seed: int, stream: int) -> None:
        """Choose the permutation of `stream`, such as the place of a split, under a seed."""
        self.count = count
        half = max(_LEAST_HALF_BITS, -(-max(1, count - 1).bit_length() // 2))
        self._half, self._mask = np.uint64(half), np.uint64((1 << half) - 1)
        self._keep = np.uint64(64 - half)
        digest = b"".join(hashlib.sha256(f"{seed}/{stream}/{part}".encode()).digest() for part in range(_ROUNDS // 4))
        self._keys = tuple(np.frombuffer(digest, "<u8").astype(np.uint64))

    def forward(self, numbers: npt.NDArray[np.integer]) -> Numbers:
        """Return where each number goes."""
        return self._walked(numbers, self._keys, backward=False)

    def backward(self, places: npt.NDArray[np.integer]) -> Numbers:
        """Return which number comes to each place."""
        return self._walked(places, self._keys[::-1], backward=True)

    def _walked(self, numbers: npt.NDArray[np.integer], keys: tuple[np.uint64, ...], *, backward: bool) -> Numbers:
        found = self._network(numbers.astype(np.uint64), keys, backward=backward)
        outside = np.flatnonzero(found >= self.count)
        while len(outside):
            found[outside] = self._network(found[outside], keys, backward=backward)
            outside = outside[found[outside] >= self.count]
        return found

    def _network(self, numbers: Numbers, keys: tuple[np.uint64, ...], *, backward: bool) -> Numbers:
        left, right = numbers >> self._half, numbers & self._mask
        if backward:
            left, right = right, left
        for key in keys:
            left, right = right, left ^ (_mixed(right ^ key) >> self._keep)
        if backward:
            left, right = right, left
        return (left << self._half) | right


def _mixed(values: Numbers) -> Numbers:
    """Return well mixed bits (the finalizer of SplitMix64); products wrap around."""
    values = values + _MIX[0]
    values = (values ^ (values >> _SHIFTS[0])) * _MIX[1]
    values = (values ^ (values >> _SHIFTS[1])) * _MIX[2]
    return values ^ (values >> _SHIFTS[2])

"""Where the words of many texts begin: before each single space that is a safe seam, found in their bytes at once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from mistudio_core.tokenization.engines.odd_texts import decoded_points
from mistudio_core.tokenization.engines.seams import Seam, word_seams

_CODE_POINTS: Final = 0x110000
_SPACE: Final = ord(" ")
_BEYOND_ASCII: Final = 0x80
_CONTINUATION: Final = 0x80
_LONGEST_CHARACTER: Final = 4

Places = npt.NDArray[np.int64]


class WordPlaces:
    """The safe seams of a tokenizer before single spaces; texts that hold an added token must not be asked for."""

    def __init__(self, seams: tuple[Seam, ...]) -> None:
        """Make tables of the characters on each side."""
        self._tables = [tuple(_table(chars) for chars in (seam.before, seam.left, seam.after)) for seam in seams]

    @staticmethod
    def of(json_path: Path) -> WordPlaces | None:
        """Return those of a `tokenizer.json`, None where no place before a space is safe."""
        facts: Mapping[str, Any] = json.loads(json_path.read_bytes())
        seams = word_seams(facts)
        return WordPlaces(seams) if seams else None

    def find(self, data: npt.NDArray[np.uint8], offsets: Places) -> Places:
        """Return where in `data` (UTF-8) a word begins within a text, rising; `offsets` are those of the texts."""
        first, last = int(offsets[0]), int(offsets[-1])
        spaces = np.flatnonzero(data[first:last] == _SPACE) + first
        spaces = spaces[(spaces >= first + 2) & (spaces + 1 < last)]
        sides = data[spaces - 2], data[spaces - 1], data[spaces + 1]
        safe = self._are_safe(sides)  # what is not ASCII has no place in the tables yet
        other = np.flatnonzero((sides[0] | sides[1] | sides[2]) >= _BEYOND_ASCII)
        starts = spaces - 2
        if len(other):
            left = _previous(data, spaces[other])
            starts[other] = before = _previous(data, left)
            points = (_points(data, places) for places in (np.maximum(before, 0), left, spaces[other] + 1))
            safe[other] = self._are_safe(tuple(points))
        spaces, starts = spaces[safe], starts[safe]
        text = np.searchsorted(offsets, spaces, side="right") - 1
        return spaces[(starts >= offsets[text]) & (spaces + 1 < offsets[text + 1])]

    def _are_safe(self, sides: tuple[npt.NDArray[np.unsignedinteger[Any]], ...]) -> npt.NDArray[np.bool_]:
        """Tell for the characters before, left and after each space whether they make it a seam of any kind."""
        safe = np.zeros(len(sides[0]), np.bool_)
        for tables in self._tables:
            safe |= np.logical_and.reduce([table[points] for table, points in zip(tables, sides, strict=True)])
        return safe


def _table(chars: str) -> npt.NDArray[np.bool_]:
    table = np.zeros(_CODE_POINTS, np.bool_)
    table[[ord(char) for char in chars]] = True
    return table


def _previous(data: npt.NDArray[np.uint8], places: Places) -> Places:
    """Return where the character before each place begins; -1 where there is none."""
    found = places - 1
    for _ in range(_LONGEST_CHARACTER - 1):
        found = found - ((found >= 0) & (data[found] & 0xC0 == _CONTINUATION))
    return found


def _points(data: npt.NDArray[np.uint8], places: Places) -> npt.NDArray[np.uint32]:
    """Return the code points that begin at these places."""
    last = len(data) - 1
    tail = [data[np.minimum(places + step, last)].astype(np.uint32) & np.uint32(63) for step in (1, 2, 3)]
    return decoded_points(data[places].astype(np.uint32), tail)

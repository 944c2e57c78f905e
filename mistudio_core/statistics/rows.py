"""How documents lie in rows that are cut from one stream of tokens."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def documents_per_row(starts: npt.NDArray[np.integer], room: int, rows: int) -> npt.NDArray[np.int64]:
    """Return how many documents each of `rows` rows has a part of, when row r holds `room` tokens from r * room on.

    `starts` are the places in the stream where documents begin, rising; the first one is 0, or before the first row. A
    document without any token begins where the next one does and is not counted. A separator belongs to the document
    that it stands before or after, whichever the caller lets it begin with.
    """
    edges = np.arange(rows + 1, dtype=np.int64) * room
    distinct = np.unique(starts)
    inside = np.searchsorted(distinct, edges[1:], side="left") - np.searchsorted(distinct, edges[:-1], side="right")
    return inside.astype(np.int64) + 1

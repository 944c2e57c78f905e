"""Packing documents into rows: the rules of `continuous`, in NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from mistudio_core.tokenization.engines import Encoded, Ids
from mistudio_core.tokenization.policy import Policy


class ContinuousPacker:
    """Cuts the stream of all documents into rows that are full; what is left at the end is the tail.

    The stream is, for each document, `document_start`, its ids, `document_end`. Each row is `row_start` and the
    next `row_room` tokens of the stream, so stream position p stands in row `p // row_room`.
    """

    def __init__(self, policy: Policy) -> None:
        """Start with an empty stream."""
        self._policy = policy
        self._room = policy.row_room
        self._left: list[Ids] = []
        self._left_tokens = 0

    def add(self, documents: Encoded) -> npt.NDArray[np.uint32]:
        """Append documents and return the rows that are full now, of shape (n, context_length)."""
        return self.add_stream(surrounded(documents, self._policy.document_start, self._policy.document_end))

    def add_stream(self, ids: Ids) -> npt.NDArray[np.uint32]:
        """Append tokens of the stream itself, as a tail is, and return the rows that are full now."""
        self._left.append(ids)
        self._left_tokens += len(ids)
        count = self._left_tokens // self._room
        if not count:
            return np.empty((0, self._policy.context_length), np.uint32)
        stream = self._left[0] if len(self._left) == 1 else np.concatenate(self._left)
        rest = stream[count * self._room :].copy()
        self._left, self._left_tokens = [rest], len(rest)
        return with_row_start(stream[: count * self._room].reshape(count, self._room), self._policy.row_start)

    @property
    def tail(self) -> Ids:
        """The tokens of the stream that fill no row yet."""
        return np.concatenate(self._left) if self._left else np.empty(0, np.uint32)


def with_row_start(rows: npt.NDArray[Any], start: tuple[int, ...]) -> npt.NDArray[Any]:
    """Return the rows with the same ids put before each."""
    if not start:
        return rows
    whole = np.empty((len(rows), rows.shape[1] + len(start)), rows.dtype)
    whole[:, : len(start)] = start
    whole[:, len(start) :] = rows
    return whole


def surrounded(documents: Encoded, start: tuple[int, ...], end: tuple[int, ...]) -> Ids:
    """Return the documents' ids in one array, each document with `start` before and `end` after it."""
    extra = len(start) + len(end)
    if not extra:
        return documents.ids
    count = len(documents)
    stream = np.empty(len(documents.ids) + count * extra, np.uint32)
    own = np.ones(len(stream), np.bool_)
    begins = documents.offsets[:-1] + np.arange(count) * extra
    ends = documents.offsets[1:] + np.arange(count) * extra + len(start)
    for step, ident in enumerate(start):
        stream[begins + step] = ident
        own[begins + step] = False
    for step, ident in enumerate(end):
        stream[ends + step] = ident
        own[ends + step] = False
    stream[own] = documents.ids
    return stream

"""Encoding any number of texts of any size in calls of bounded size."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from mistudio_core.tokenization.engines.cutting import PIECE_BYTES, cut_places
from mistudio_core.tokenization.engines.encoded import Encoded, Engine, Offsets, concatenated, ends_of
from mistudio_core.tokenization.engines.seams import seams_of


@dataclass(frozen=True, slots=True)
class Encoding:
    """The ids of n texts; where `oversized` (bool, n) is true, a text was too large to be encoded and has none."""

    encoded: Encoded
    oversized: npt.NDArray[np.bool_]


def encode_texts(engine: Engine, texts: pa.LargeStringArray, max_piece_bytes: int | None = None) -> Encoding:
    """Return the ids of texts without nulls, handing the engine about `engine.batch_bytes` at a time.

    Texts over 256 KiB are cut at the safe seams of the tokenizer; one with a piece over `max_piece_bytes` (default:
    what the engine bears) is left out.
    """
    limit = max_piece_bytes or engine.piece_bytes
    data, offsets = buffers(texts)
    pieces, firsts = _pieces(engine, data, offsets)
    oversized = _oversized(np.diff(pieces) > limit, firsts)
    if oversized.any():
        kept = texts.filter(pa.array(~oversized))
        inner = encode_texts(engine, kept, max_piece_bytes).encoded
        lengths = np.zeros(len(texts), np.int64)
        lengths[~oversized] = inner.lengths
        return Encoding(Encoded(inner.ids, ends_of(lengths)), oversized)
    calls = _calls(pieces, engine.batch_bytes)
    whole = concatenated([engine.encode(_array(data, pieces[first : last + 1])) for first, last in calls])
    return Encoding(Encoded(whole.ids, whole.offsets[firsts]), oversized)


def too_large(engine: Engine, texts: pa.LargeStringArray, max_piece_bytes: int | None = None) -> npt.NDArray[np.bool_]:
    """Return for each text whether `encode_texts` would leave it out; nothing is encoded."""
    pieces, firsts = _pieces(engine, *buffers(texts))
    return _oversized(np.diff(pieces) > (max_piece_bytes or engine.piece_bytes), firsts)


def buffers(texts: pa.LargeStringArray) -> tuple[pa.Buffer | None, Offsets]:
    """Return the UTF-8 buffer of an array and its n + 1 offsets into it, without copying."""
    if not len(texts):
        return None, np.zeros(1, np.int64)
    _, offset_buffer, data = texts.buffers()
    offsets = np.frombuffer(offset_buffer, np.int64, len(texts) + 1, texts.offset * 8)
    return data, offsets


def _pieces(engine: Engine, data: pa.Buffer | None, offsets: Offsets) -> tuple[Offsets, Offsets]:
    """Return the offsets of all pieces, and for each text (and the end) the number of its first piece."""
    sizes = np.diff(offsets)
    long = np.flatnonzero(sizes > PIECE_BYTES)
    firsts = np.arange(len(offsets))
    if not len(long) or data is None:
        return offsets, firsts
    seams = seams_of(engine.tokenizer)
    added: list[Offsets] = []
    for text in long.tolist():
        start, end = int(offsets[text]), int(offsets[text + 1])
        places = cut_places(data.slice(start, end - start).to_pybytes(), seams)
        added.append(np.array(places, np.int64) + start)
        firsts[text + 1 :] += len(places)
    return np.sort(np.concatenate([offsets, *added]), kind="stable"), firsts


def _oversized(large: npt.NDArray[np.bool_], firsts: Offsets) -> npt.NDArray[np.bool_]:
    """Tell for each text whether any of its pieces is too large."""
    total = np.concatenate([[0], np.cumsum(large)])
    return np.diff(total[firsts]) > 0


def _calls(pieces: Offsets, batch_bytes: int) -> list[tuple[int, int]]:
    """Cut the pieces into calls of about `batch_bytes`."""
    if len(pieces) < 2:
        return []
    # A little over is one call rather than two, of which one would be tiny.
    calls = max(1, -(-4 * int(pieces[-1] - pieces[0]) // (5 * batch_bytes)))
    numbers = (pieces[1:] - pieces[0] - 1) * calls // max(1, int(pieces[-1] - pieces[0]))
    seams = [0, *(np.flatnonzero(np.diff(numbers)) + 1).tolist(), len(pieces) - 1]
    return list(pairwise(seams))


def _array(data: pa.Buffer | None, offsets: Offsets) -> pa.LargeStringArray:
    """Return texts that lie in `data` from each offset to the next."""
    if data is None:
        return pa.array([""] * (len(offsets) - 1), pa.large_string())
    return pa.LargeStringArray.from_buffers(len(offsets) - 1, pa.py_buffer(np.ascontiguousarray(offsets)), data)

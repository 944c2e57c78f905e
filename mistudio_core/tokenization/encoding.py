"""Encoding any number of texts of any size in calls of bounded size."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mistudio_core.tokenization.engines import Encoded, Engine, concatenated


def encode_texts(engine: Engine, texts: pa.LargeStringArray) -> Encoded:
    """Return the ids of texts without nulls, handing the engine about `engine.batch_bytes` at a time."""
    if not len(texts):
        return concatenated([])
    sizes = pc.binary_length(texts).to_numpy()
    calls = np.cumsum(sizes) // engine.batch_bytes
    seams = [0, *(np.flatnonzero(np.diff(calls)) + 1).tolist(), len(texts)]
    parts = [engine.encode(texts.slice(first, last - first)) for first, last in pairwise(seams)]
    return concatenated(parts)

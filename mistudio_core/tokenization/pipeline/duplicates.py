"""Exact duplicates of documents: every text is hashed, then each bucket of hashes tells which samples came before.

Texts are compared by the 128 bits of their xxh3: among a trillion documents, two different ones share them with a
chance of one in 600 trillion. A bucket holds the hashes that begin with the same bits, so that no step sees them all.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import xxhash

from mistudio_core.tokenization.engines.encoded import ends_of
from mistudio_core.tokenization.engines.encoding import buffers
from mistudio_core.tokenization.packing.plan import Shard
from mistudio_core.tokenization.pipeline.receipts import read_receipt, write_data, write_receipt
from mistudio_core.tokenization.pipeline.task import Task
from mistudio_core.tokenization.texts.reader import USED

_BUCKET_SAMPLES: Final = 1 << 22
"""About as many hashes are sorted at a time: 100 MB."""

Hashes = npt.NDArray[np.uint64]
"""Shape (n, 2): the high and the low half of each."""
Numbers = npt.NDArray[np.uint64]
"""Samples counted through all splits of the recipe."""


def num_buckets(task: Task) -> int:
    """Return how many buckets there are: a power of two that follows from the number of samples."""
    return 1 << max(0, (sum(task.plan.splits.values()) - 1) // _BUCKET_SAMPLES).bit_length()


def write_hashes(task: Task, index: int) -> None:
    """Hash the texts of shard `index`; pure and idempotent.

    The file holds where each bucket ends and for each text a row: both halves of its hash and its sample's number.
    """
    receipt = task.part(index, "json", "hashes")
    if read_receipt(receipt) is not None:
        return
    shard = task.plan.shards[index]
    rows, first = [np.empty((0, 3), np.uint64)], shard.first
    for table in task.splits[shard.split].batches(shard.first, shard.last, task.reader.columns):
        texts = task.reader.read(table, first)
        samples = np.flatnonzero(texts.skipped == USED) + (_before(task, shard.split) + first)
        rows.append(np.column_stack([text_hashes(texts.kept), samples.astype(np.uint64)]))
        first += table.num_rows
    found, count = np.concatenate(rows), num_buckets(task)
    buckets = found[:, 0] >> np.uint64(64 - (count - 1).bit_length()) if count > 1 else np.zeros(len(found), np.uint64)
    found = found[np.argsort(buckets, kind="stable")]
    ends = ends_of(np.bincount(buckets.astype(np.int64), minlength=count))
    data = ends.astype(np.uint64).tobytes() + found.tobytes()
    write_receipt(receipt, {}, [write_data(task.part(index, "hashes", "hashes"), data)])


def find_duplicates(task: Task, bucket: int) -> None:
    """Find the samples of a bucket whose text has come before; pure and idempotent."""
    receipt = task.part(bucket, "json", "duplicates")
    if read_receipt(receipt) is not None:
        return
    count = num_buckets(task)
    rows = [np.empty((0, 3), np.uint64)]
    for shard in task.plan.shards:
        stored = np.memmap(task.part(shard.index, "hashes", "hashes"), np.uint64, mode="r")
        ends = stored[: count + 1].astype(np.int64)
        rows.append(stored[count + 1 :].reshape(-1, 3)[ends[bucket] : ends[bucket + 1]])
    found = np.concatenate(rows)
    numbers = np.sort(found[:, 2][repeats(found[:, :2])])
    write_receipt(receipt, {}, [write_data(task.part(bucket, "samples", "duplicates"), numbers.tobytes())])


def repeated(task: Task, shard: Shard, first: int, count: int) -> npt.NDArray[np.bool_]:
    """Return for `count` samples from number `first` of the shard's split on whether their text has come before."""
    start = _before(task, shard.split) + first
    marks = np.zeros(count, np.bool_)
    for bucket in range(num_buckets(task)):
        path = task.part(bucket, "samples", "duplicates")
        numbers = np.memmap(path, np.uint64, mode="r") if path.stat().st_size else np.empty(0, np.uint64)
        low, high = np.searchsorted(numbers, np.array([start, start + count], np.uint64)).tolist()
        marks[numbers[low:high].astype(np.int64) - start] = True
    return marks


def repeats(hashes: Hashes) -> npt.NDArray[np.bool_]:
    """Return for each hash whether it stands at an earlier place, too."""
    order = np.argsort(hashes[:, 0], kind="stable")
    high, low = hashes[order, 0], hashes[order, 1]
    same = high[1:] == high[:-1]
    if (same & (low[1:] != low[:-1])).any():  # different hashes with one first half need not stand apart
        order = np.lexsort((hashes[:, 1], hashes[:, 0]))
        high, low = hashes[order, 0], hashes[order, 1]
        same = high[1:] == high[:-1]
    found = np.zeros(len(hashes), np.bool_)
    found[order[1:]] = same & (low[1:] == low[:-1])
    return found


def text_hashes(texts: pa.LargeStringArray) -> Hashes:
    """Return the 128 bits of the xxh3 of each text."""
    data, offsets = buffers(texts)
    view = memoryview(data if data is not None else b"")
    digests = b"".join(xxhash.xxh3_128_digest(view[start:end]) for start, end in pairwise(offsets.tolist()))
    return np.frombuffer(digests, ">u8").astype(np.uint64).reshape(-1, 2)


def _before(task: Task, split: str) -> int:
    """Return how many samples the splits before this one have."""
    names = list(task.plan.splits)
    return sum(task.plan.splits[name] for name in names[: names.index(split)])

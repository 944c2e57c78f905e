"""Exact duplicates of documents: a first stage that hashes every text, so that each shard knows what came before it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import xxhash

from mistudio_core.files import write_bytes
from mistudio_core.tokenization.engines.encoding import buffers
from mistudio_core.tokenization.packing.plan import Shard
from mistudio_core.tokenization.pipeline.task import Task
from mistudio_core.tokenization.texts.reader import USED

FILE = "duplicates"


def find_duplicates(task: Task, over_shards: Callable[[Callable[[int], None]], None]) -> None:
    """Mark every sample whose text has come before, in the order of the recipe's splits; nothing if that is done.

    `over_shards` calls a function for every shard, in any order and in several threads. Texts are compared by the
    64 bits of their xxh3: among ten million documents, two different ones share it with a chance of 3 in a million.
    """
    if (task.work / FILE).exists():
        return
    over_shards(lambda index: _write_hashes(task, index))
    marks = [_hashes(task, shard.index) for shard in task.plan.shards]
    hashes = np.concatenate([np.empty(0, np.uint64), *(mark[0] for mark in marks)])
    present = np.concatenate([np.empty(0, np.bool_), *(mark[1] for mark in marks)])
    order = np.argsort(hashes, kind="stable")
    order = order[present[order]]
    duplicate = np.zeros(len(hashes), np.bool_)
    duplicate[order[1:]] = hashes[order[1:]] == hashes[order[:-1]]
    write_bytes(task.work / FILE, duplicate.tobytes(), durable=True)


def repeated(task: Task, shard: Shard, first: int, count: int) -> npt.NDArray[np.bool_]:
    """Return for `count` samples from number `first` of the shard's split on whether their text has come before."""
    names = list(task.plan.splits)
    before = sum(task.plan.splits[name] for name in names[: names.index(shard.split)])
    marks = np.memmap(task.work / FILE, np.bool_, mode="r")
    return np.array(marks[before + first : before + first + count])


def text_hashes(texts: pa.LargeStringArray) -> Iterable[int]:
    """Yield the xxh3 of each text."""
    data, offsets = buffers(texts)
    view = memoryview(data if data is not None else b"")
    return (xxhash.xxh3_64_intdigest(view[start:end]) for start, end in pairwise(offsets.tolist()))


def _write_hashes(task: Task, index: int) -> None:
    path = task.part(index, "hashes")
    if path.exists():
        return
    shard = task.plan.shards[index]
    parts, first = [np.empty(0, np.uint64)], shard.first
    present = [np.empty(0, np.bool_)]
    for table in task.splits[shard.split].batches(shard.first, shard.last, task.reader.columns):
        texts = task.reader.read(table, first)
        hashes = np.zeros(len(texts.skipped), np.uint64)
        hashes[texts.skipped == USED] = np.fromiter(text_hashes(texts.kept), np.uint64, len(texts.kept))
        parts.append(hashes)
        present.append(texts.skipped == USED)
        first += table.num_rows
    data = np.concatenate(parts).tobytes() + np.concatenate(present).tobytes()
    write_bytes(path, data)


def _hashes(task: Task, index: int) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.bool_]]:
    shard = task.plan.shards[index]
    data = task.part(index, "hashes").read_bytes()
    count = shard.last - shard.first
    return np.frombuffer(data, np.uint64, count), np.frombuffer(data, np.bool_, count, 8 * count)

"""One shard: from samples to rows. A pure function of the task and the shard's number, written in one step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from mistudio_core.files import read_json, write_bytes, write_json
from mistudio_core.tokenization.batches import Batch, make_batch
from mistudio_core.tokenization.document_store import DocumentSink
from mistudio_core.tokenization.engines import Engine
from mistudio_core.tokenization.row_sink import Packed, RowSink
from mistudio_core.tokenization.saelens import marks_of
from mistudio_core.tokenization.task import Task
from mistudio_core.tokenization.texts import SKIP_REASONS, USED, skip_code
from mistudio_core.tokenization.writers import WrittenFile

_FILTERED: Final = [
    skip_code(reason) for reason in SKIP_REASONS if reason not in ("used", "null", "empty", "token_budget")
]


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a whole shard holds; it is written last, so a shard without one does not exist.

    `documents` went into rows, `skipped` counts the other samples by reason; `packed` is None where documents are
    shuffled before they are packed. `limit` is where a token budget stopped it.
    """

    index: int
    split: str
    num_samples: int
    documents: int
    document_tokens: int
    engine: str
    skipped: Mapping[str, int] = field(default_factory=dict)
    packed: Packed | None = None
    limit: int | None = None

    @classmethod
    def read(cls, task: Task, index: int) -> Receipt | None:
        """Return the receipt of a shard, or None."""
        stored = read_json(task.part(index, "json"))
        if stored is None:
            return None
        packed = stored.pop("packed")
        if packed is not None:
            packed = Packed(**(packed | {"written": WrittenFile(**packed["written"])}))
        return cls(**stored, packed=packed)


@dataclass(frozen=True, slots=True)
class Step:
    """One batch of a shard that is done, for whoever counts along."""

    num_samples: int
    batch: Batch
    split: str


OnStep = Callable[[Step], None]


def run_shard(
    task: Task, index: int, engine: Engine, *, limit: int | None = None,
    publish: Callable[[], None] = lambda: None, on_step: OnStep = lambda _: None,
) -> Receipt:  # fmt: skip
    """Make shard `index` and return its receipt; one that is whole already is only read.

    Whoever runs it, with whatever engine, and how often: the files are the same. `limit` is a part of the task that is
    known late: a token budget. `publish` is called before anything gets its name, and may raise.
    """
    done = Receipt.read(task, index)
    if done is not None and done.limit == limit:
        return done
    shard = task.plan.shards[index]
    statistics = task.statistics()
    lengths: list[npt.NDArray[np.uint32]] = []
    skipped: list[npt.NDArray[np.uint8]] = []
    marks: list[npt.NDArray[np.uint32]] = []
    first = shard.first
    with _sink(task, index, shard.split, limit) as sink:
        for table in task.splits[shard.split].batches(shard.first, shard.last, task.recipe.source_columns()):
            if sink.full:
                break
            batch = make_batch(task, shard, table, first, engine)
            batch = batch.first(sink.add(batch.documents))
            _count(statistics, batch, shard.split)
            lengths.append(batch.lengths)
            skipped.append(batch.skipped)
            if task.recipe.preset == "saelens":
                marks.append(marks_of(task.policy, batch.documents))
            first += table.num_rows
            on_step(Step(table.num_rows, batch, shard.split))
        packed = sink.finish(publish)
    if sink.statistics is not None:
        statistics.merge(sink.statistics)
    rest = shard.last - first  # samples beyond a token budget
    all_lengths = np.concatenate([*lengths, np.zeros(rest, np.uint32)])
    all_skipped = np.concatenate([*skipped, np.full(rest, skip_code("token_budget"), np.uint8)])
    write_bytes(task.part(index, "lengths"), all_lengths.tobytes())
    write_bytes(task.part(index, "skipped"), all_skipped.tobytes())
    if task.recipe.preset == "saelens":
        write_bytes(task.part(index, "marks"), np.concatenate([np.empty((0, 3), np.uint32), *marks]).tobytes())
    statistics.save(task.part(index, "npz"))
    reasons = np.bincount(all_skipped, minlength=len(SKIP_REASONS)).tolist()
    receipt = Receipt(
        index=index,
        split=shard.split,
        num_samples=len(all_lengths),
        documents=reasons[USED],
        document_tokens=int(all_lengths[all_skipped == USED].sum(dtype=np.int64)),
        engine=engine.name,
        skipped={SKIP_REASONS[code]: count for code, count in enumerate(reasons) if count and code != USED},
        packed=packed,
        limit=limit,
    )
    write_json(task.part(index, "json"), asdict(receipt), durable=True)
    return receipt


def _sink(task: Task, index: int, split: str, limit: int | None) -> Any:
    return DocumentSink(task, index) if task.shuffles_documents else RowSink(task, index, split, limit)


def _count(statistics: Any, batch: Batch, split: str) -> None:
    statistics.add_documents(batch.documents.encoded.lengths, batch.sizes, split=split)
    filtered = int(np.isin(batch.skipped, _FILTERED).sum())
    if filtered:
        statistics.add_lost("filtered", batch.filtered_tokens, filtered)
    if batch.control.documents:
        statistics.add_control_tokens(batch.control.counts, batch.control.documents)

"""One shard: from samples to sequences. A pure function of the task and the shard's number, written in one step."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from mistudio_core.checksums import SEAL
from mistudio_core.tokenization.engines.encoded import Engine
from mistudio_core.tokenization.engines.routed import NOTHING_ROUTED, Routed, RoutedBy, added
from mistudio_core.tokenization.packing.marks import marks_of
from mistudio_core.tokenization.packing.plan import Shard
from mistudio_core.tokenization.pipeline.batches import Batch, make_batch
from mistudio_core.tokenization.pipeline.document_store import DocumentSink
from mistudio_core.tokenization.pipeline.receipts import FileSum, read_receipt, write_receipt, write_side_file
from mistudio_core.tokenization.pipeline.sequence_sink import Packed, SequenceSink, statistics_arrays
from mistudio_core.tokenization.pipeline.task import Task
from mistudio_core.tokenization.texts.reader import SKIP_REASONS, USED, skip_code

_FILTERED: Final = [
    skip_code(reason) for reason in SKIP_REASONS if reason not in ("used", "null", "empty", "token_budget")
]


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a whole shard holds; it is written last, so a shard without one does not exist.

    `documents` went into sequences, `skipped` counts the other samples by reason; `packed` is None where documents are
    shuffled before they are packed. `limit` is where a token budget stopped it.
    `routed` are the documents that the reference encoded in place of another engine, by reason.
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
    refusal: tuple[int, str] | None = None
    """The first conversation that the chat template refused: its sample, and why."""
    routed: RoutedBy = field(default_factory=dict)
    num_marks: int = 0
    """Ids that the rule of packing compares with."""
    stage: str = "encode"
    """The stage that made it: `cut` for the shard in which a token budget is met."""

    @classmethod
    def read(cls, task: Task, index: int, stage: str = "encode") -> Receipt | None:
        """Return the receipt of a shard, or None."""
        stored = read_receipt(task.part(index, "json", stage))
        if stored is None:
            return None
        del stored["files"], stored[SEAL]
        packed = stored.pop("packed")
        routed = {reason: Routed(**count) for reason, count in stored.pop("routed", {}).items()}
        return cls(**stored, packed=None if packed is None else Packed.from_json(packed), routed=routed)


@dataclass(frozen=True, slots=True)
class Step:
    """A batch of a shard that is done, for whoever counts along; after the last one comes a step without a batch.

    `frequencies` counts the ids of the shard so far. It goes on being changed: look at it only before returning.
    """

    index: int
    split: str
    batch: Batch | None
    frequencies: npt.NDArray[np.int64]


OnStep = Callable[[Step], None]


def run_shard(
    task: Task, index: int, engine: Engine, *, limit: int | None = None, stage: str = "encode",
    publish: Callable[[], None] = lambda: None, on_step: OnStep = lambda _: None,
) -> Receipt:  # fmt: skip
    """Make shard `index` and return its receipt; one that is whole already is only read.

    Whoever runs it, with whatever engine, and how often: the files are the same. `limit` is a part of the task that is
    known late: a token budget, for which there is a `stage` of its own. `publish` is called before anything gets its
    name, and may raise.
    """
    done = Receipt.read(task, index, stage)
    if done is not None and done.limit == limit and (done.engine != "fast" or engine.name == "fast"):
        return done
    shard = task.plan.shards[index]
    known = _Known(task, shard)
    with _sink(task, index, stage, limit) as sink:
        for table in _tables(task, shard, engine.batch_bytes):
            if sink.full:
                break
            batch = make_batch(task, shard, table, known.next_sample, engine)
            batch = batch.first(sink.add(batch.documents))
            known.add(batch)
            on_step(Step(index, shard.split, batch, sink.frequencies))
        packed, file, side = _finished(sink, publish)
        on_step(Step(index, shard.split, None, sink.frequencies))
    if sink.statistics is not None:
        known.statistics.merge(sink.statistics)
    lengths, skipped = known.of_samples()
    side |= known.arrays() | {"lengths": lengths, "skipped": skipped}
    files = [file, write_side_file(task.part(index, "side", stage), side)]
    reasons = np.bincount(skipped, minlength=len(SKIP_REASONS)).tolist()
    receipt = Receipt(
        index=index,
        split=shard.split,
        num_samples=len(lengths),
        documents=reasons[USED],
        document_tokens=int(lengths[skipped == USED].sum(dtype=np.int64)),
        engine=engine.name,
        skipped={SKIP_REASONS[code]: count for code, count in enumerate(reasons) if count and code != USED},
        packed=packed,
        limit=limit,
        refusal=known.refusal,
        routed=dict(known.routed),
        num_marks=len(side.get("marks", ())),
        stage=stage,
    )
    write_receipt(task.part(index, "json", stage), asdict(receipt), files)
    return receipt


def _finished(sink: Any, publish: Callable[[], None]) -> tuple[Packed | None, FileSum, dict[str, npt.NDArray[Any]]]:
    """Complete the file of a shard; documents that are shuffled are not packed yet."""
    if isinstance(sink, DocumentSink):
        return None, sink.finish(publish), {}
    packed, side = sink.finish(publish)
    return packed, packed.written.sum, side


class _Known:
    """What a shard has come to know of its samples: lengths, why any was skipped, statistics."""

    def __init__(self, task: Task, shard: Shard) -> None:
        self._task, self._shard = task, shard
        self._lengths: list[npt.NDArray[np.uint32]] = []
        self._skipped: list[npt.NDArray[np.uint8]] = []
        self._marks = [np.empty((0, 3), np.uint32)]
        self.next_sample = shard.first
        self.refusal: tuple[int, str] | None = None
        self.statistics = task.statistics()
        self.routed = NOTHING_ROUTED

    def add(self, batch: Batch) -> None:
        self._lengths.append(batch.lengths)
        self._skipped.append(batch.skipped)
        self.next_sample += len(batch.skipped)
        self.refusal = self.refusal or batch.refusal
        self.routed = added(self.routed, batch.routed)
        if self._task.preset.compares_ids:
            self._marks.append(marks_of(self._task.policy, batch.documents))
        batch.count(self.statistics, self._shard.split)
        filtered = int(np.isin(batch.skipped, _FILTERED).sum())
        if filtered:
            self.statistics.add_lost("filtered", batch.filtered_tokens, filtered)
        if batch.control.documents:
            self.statistics.add_control_tokens(batch.control.counts, batch.control.documents)

    def of_samples(self) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.uint8]]:
        """Return lengths and codes of all samples."""
        rest = self._shard.last - self.next_sample  # samples beyond a token budget
        lengths = np.concatenate([*self._lengths, np.zeros(rest, np.uint32)])
        skipped = np.concatenate([*self._skipped, np.full(rest, skip_code("token_budget"), np.uint8)])
        return lengths, skipped

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return the marks and the statistics as arrays of a side file."""
        marks = {"marks": np.concatenate(self._marks)} if self._task.preset.compares_ids else {}
        return {**marks, **statistics_arrays(self.statistics)}


def _tables(task: Task, shard: Shard, batch_bytes: int) -> Iterator[pa.Table]:
    """Yield the samples of a shard, some row groups at a time: each call of an engine has a price."""
    pending: list[pa.Table] = []
    size = 0
    for table in task.splits[shard.split].batches(shard.first, shard.last, task.recipe.source_columns()):
        pending.append(table)
        size += table.nbytes
        if size >= batch_bytes:
            yield pa.concat_tables(pending)
            pending, size = [], 0
    if pending:
        yield pa.concat_tables(pending)


def _sink(task: Task, index: int, stage: str, limit: int | None) -> Any:
    if task.shuffles_documents:
        return DocumentSink(task, index)
    return SequenceSink(task, task.part(index, "arrow", stage), task.plan.shards[index].split, limit)

"""One shard: from samples to rows. A pure function of the task and the shard's number, written in one step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np

from mistudio_core.files import read_json, write_bytes, write_json
from mistudio_core.raw import RawSplit
from mistudio_core.tokenization.counting import TokenCounts
from mistudio_core.tokenization.encoding import encode_texts
from mistudio_core.tokenization.engines import Encoded, Engine
from mistudio_core.tokenization.packing import ContinuousPacker
from mistudio_core.tokenization.plan import Plan
from mistudio_core.tokenization.policy import Policy
from mistudio_core.tokenization.recipe import Recipe
from mistudio_core.tokenization.texts import SKIP_REASONS, USED, read_texts
from mistudio_core.tokenization.tokenizer import StoredTokenizer
from mistudio_core.tokenization.writers import RowWriter, WrittenFile, data_name

WORK: Final = ".work"


@dataclass(frozen=True, slots=True)
class Task:
    """All that a shard depends on, and the folder it is written to."""

    plan: Plan
    recipe: Recipe
    policy: Policy
    tokenizer: StoredTokenizer
    splits: Mapping[str, RawSplit]
    folder: Path

    @property
    def work(self) -> Path:
        """What is needed only until the tokenization is whole."""
        return self.folder / WORK

    @property
    def num_files(self) -> int:
        """Files of rows: one per shard, and one per split for the tails."""
        return len(self.plan.shards) + len(self.plan.splits)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a whole shard holds; it is written last, so a shard without one does not exist.

    `documents` gave tokens, `skipped` counts samples by reason, `stream_tokens` are the documents' tokens with what
    stands round them, `tail_tokens` those of them that fill no row of this shard.
    """

    written: WrittenFile
    split: str
    num_samples: int
    documents: int
    document_tokens: int
    stream_tokens: int
    tail_tokens: int
    engine: str
    skipped: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> Receipt | None:
        """Return the receipt at `path`, or None."""
        stored = read_json(path)
        return None if stored is None else cls(**(stored | {"written": WrittenFile(**stored["written"])}))


@dataclass(frozen=True, slots=True)
class Step:
    """One batch of a shard that is done, for whoever counts along."""

    num_samples: int
    text_bytes: int
    lengths: Any
    rows: Any


def receipt_path(task: Task, index: int) -> Path:
    """Return where the receipt of a shard stands."""
    return task.work / f"{index:05d}.json"


def run_shard(task: Task, index: int, engine: Engine, on_step: Callable[[Step], None] | None = None) -> Receipt:
    """Make shard `index` and return its receipt; one that is whole already is only read.

    Whoever runs it, with whatever engine, and how often: the files are the same.
    """
    done = Receipt.read(receipt_path(task, index))
    if done is not None:
        return done
    shard = task.plan.shards[index]
    packer = ContinuousPacker(task.policy)
    counts = TokenCounts(task.tokenizer.vocab_size)
    lengths: list[Any] = []
    skipped: list[Any] = []
    stream_tokens = 0
    path = task.folder / data_name(index, task.num_files)
    with RowWriter(path, task.policy.context_length, task.policy.dtype) as writer:
        for table in task.splits[shard.split].batches(shard.first, shard.last, task.recipe.source_columns()):
            texts = read_texts(table, task.recipe)
            documents = encode_texts(engine, texts.kept)
            rows = packer.add(documents)
            writer.write(rows)
            counts.add_documents(documents.lengths)
            counts.add_tokens(rows)
            lengths.append(sample_lengths(texts.skipped, documents))
            skipped.append(texts.skipped)
            stream_tokens += len(documents.ids) + len(documents) * _extra(task.policy)
            if on_step is not None:
                on_step(Step(table.num_rows, texts.kept.nbytes, documents.lengths, rows))
        written = writer.finish()
    all_lengths = np.concatenate(lengths) if lengths else np.empty(0, np.uint32)
    all_skipped = np.concatenate(skipped) if skipped else np.empty(0, np.uint8)
    stem = task.work / f"{index:05d}"
    write_bytes(stem.with_suffix(".lengths"), all_lengths.tobytes())
    write_bytes(stem.with_suffix(".skipped"), all_skipped.tobytes())
    write_bytes(stem.with_suffix(".tail"), packer.tail.tobytes())
    counts.save(stem.with_suffix(".npz"))
    reasons = np.bincount(all_skipped, minlength=len(SKIP_REASONS)).tolist()
    receipt = Receipt(
        written=written,
        split=shard.split,
        num_samples=len(all_lengths),
        documents=reasons[USED],
        document_tokens=int(all_lengths.sum(dtype=np.int64)),
        stream_tokens=stream_tokens,
        tail_tokens=len(packer.tail),
        engine=engine.name,
        skipped={SKIP_REASONS[code]: count for code, count in enumerate(reasons) if count and code != USED},
    )
    write_json(receipt_path(task, index), asdict(receipt), durable=True)
    return receipt


def sample_lengths(skipped: Any, documents: Encoded) -> Any:
    """Return uint32 tokens of every sample, 0 where it was skipped."""
    lengths = np.zeros(len(skipped), np.uint32)
    lengths[skipped == USED] = documents.lengths
    return lengths


def _extra(policy: Policy) -> int:
    return len(policy.document_start) + len(policy.document_end)

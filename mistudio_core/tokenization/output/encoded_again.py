"""Encoding documents of a finished tokenization again: its sequences against the texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa

from mistudio_core.raw import RawSplit
from mistudio_core.tokenization.engines.encoded import Engine, Ids
from mistudio_core.tokenization.engines.reference import ReferenceEngine
from mistudio_core.tokenization.output.odd_sequences import odd_sequences
from mistudio_core.tokenization.output.provenance import Provenance
from mistudio_core.tokenization.output.shard_sequences import Source
from mistudio_core.tokenization.packing.plan import Plan
from mistudio_core.tokenization.pipeline.batches import encoded_alone
from mistudio_core.tokenization.pipeline.gather import StoredSequences
from mistudio_core.tokenization.pipeline.task import Task
from mistudio_core.tokenization.tokenizer.stored import StoredTokenizer

DEEP_SEQUENCES: Final = 100
"""Sequences that a deep check encodes again."""


def verify_sequences(
    folder: Path, splits: Mapping[str, RawSplit], tokenizer: StoredTokenizer, *, sequences: int = DEEP_SEQUENCES
) -> tuple[int, list[str]]:
    """Encode the documents of some sequences again with the reference; return how many sequences, and what is wrong.

    The sequences are spread evenly, the first and the last among them; half as many more are those of odd documents
    (rare characters, marks, controls, added tokens).
    """
    provenance = Provenance(folder)
    manifest = provenance.manifest
    if tokenizer.sha256 != manifest["tokenizer_facts"]["sha256"]:
        return 0, [f"{folder}: the sequences were produced by another version of the tokenizer."]
    stored = StoredSequences.open([folder / shard["file"] for shard in manifest["shards"]])
    plan = Plan({name: facts["num_samples"] for name, facts in manifest["splits"].items()}, ())
    task = Task(plan, provenance.recipe, provenance.policy, tokenizer, splits, folder)
    engine = ReferenceEngine(tokenizer, control_as_text=task.control_as_text)
    odd = np.array(odd_sequences(task, provenance), np.int64)
    odd = odd[np.unique(np.linspace(0, max(0, len(odd) - 1), min(sequences // 2, len(odd))).astype(np.int64))]
    even = np.linspace(0, max(0, len(stored) - 1), min(sequences, len(stored))).astype(np.int64)
    chosen = np.union1d(odd, even)
    problems = []
    for number in chosen.tolist():
        ids, _ = stored.gathered(np.array([number]))
        wrong = _wrong(task, engine, provenance.sources(number), ids)
        if wrong is not None:
            problems.append(f"{folder}: sequence {number:,} does not match its texts: {wrong}.")
    return len(chosen), problems


def _wrong(task: Task, engine: Engine, sources: Sequence[Source], sequence: Ids) -> str | None:
    policy = task.policy
    loose = np.ones(len(sequence), np.bool_)
    for source in sources:
        ids = _own_ids(task, engine, source)[source.first : source.last]
        if not np.array_equal(ids, sequence[source.start : source.end]):
            return f"it differs in sample {source.sample:,} of {source.split!r}"
        loose[source.start : source.end] = False
    inserted: set[int | None] = {
        *policy.sequence_start,
        *policy.sequence_end,
        *policy.document_start,
        *policy.document_end,
        *policy.separator,
    }
    inserted |= {*policy.begin_sequence, policy.pad_id}
    return None if set(sequence[loose].tolist()) <= inserted else "it has tokens of no sample"


def _own_ids(task: Task, engine: Engine, source: Source) -> Ids:
    columns = task.recipe.source_columns()
    table: pa.Table = task.splits[source.split].read(source.sample, source.sample + 1, columns)
    return encoded_alone(task, source.split, table, source.sample, engine)

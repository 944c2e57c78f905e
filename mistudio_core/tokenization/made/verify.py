"""Reading a finished tokenization again: its files against their checksums, and its rows against the texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa

from mistudio_core.checksums import entry_problems, seal_problem
from mistudio_core.files import read_json
from mistudio_core.raw import RawSplit
from mistudio_core.tokenization.engines.encoded import Engine, Ids
from mistudio_core.tokenization.engines.reference import ReferenceEngine
from mistudio_core.tokenization.made.odd_rows import odd_rows
from mistudio_core.tokenization.made.provenance import Provenance
from mistudio_core.tokenization.made.shard_rows import Source
from mistudio_core.tokenization.making.batches import encoded_alone
from mistudio_core.tokenization.making.gather import StoredRows
from mistudio_core.tokenization.making.manifest import MANIFEST
from mistudio_core.tokenization.making.task import Task
from mistudio_core.tokenization.packing.plan import Plan
from mistudio_core.tokenization.tokenizer.stored import StoredTokenizer

DEEP_ROWS: Final = 100
"""Rows that a deep check encodes again."""


def verify_files(folder: Path) -> tuple[int, list[str]]:
    """Return how many files were checked, and a sentence for each that is missing or damaged."""
    damage = seal_problem(folder / MANIFEST)
    if damage is not None:
        return 1, [damage]
    manifest = read_json(folder / MANIFEST) or {}
    entries = [*manifest["shards"], *manifest["sidecars"]]
    return 1 + len(entries), entry_problems(folder, entries)


def verify_rows(
    folder: Path, splits: Mapping[str, RawSplit], tokenizer: StoredTokenizer, *, rows: int = DEEP_ROWS
) -> tuple[int, list[str]]:
    """Encode the documents of some rows again with the reference; return how many rows, and what is wrong.

    The rows are spread evenly, the first and the last among them; half as many more are those of odd documents (rare
    characters, marks, controls, added tokens).
    """
    provenance = Provenance(folder)
    manifest = provenance.manifest
    if tokenizer.sha256 != manifest["tokenizer_facts"]["sha256"]:
        return 0, [f"{folder}: the rows were made with another version of the tokenizer."]
    stored = StoredRows.open([folder / shard["file"] for shard in manifest["shards"]])
    plan = Plan({name: facts["num_samples"] for name, facts in manifest["splits"].items()}, ())
    task = Task(plan, provenance.recipe, provenance.policy, tokenizer, splits, folder)
    engine = ReferenceEngine(tokenizer, control_as_text=task.control_as_text)
    odd = np.array(odd_rows(task, provenance), np.int64)
    odd = odd[np.unique(np.linspace(0, max(0, len(odd) - 1), min(rows // 2, len(odd))).astype(np.int64))]
    even = np.linspace(0, max(0, len(stored) - 1), min(rows, len(stored))).astype(np.int64)
    chosen = np.union1d(odd, even)
    problems = []
    for number in chosen.tolist():
        ids, _ = stored.gathered(np.array([number]))
        wrong = _wrong(task, engine, provenance.sources(number), ids)
        if wrong is not None:
            problems.append(f"{folder}: row {number:,} is not what its texts give: {wrong}.")
    return len(chosen), problems


def _wrong(task: Task, engine: Engine, sources: Sequence[Source], row: Ids) -> str | None:
    policy = task.policy
    loose = np.ones(len(row), np.bool_)
    for source in sources:
        ids = _own_ids(task, engine, source)[source.first : source.last]
        if not np.array_equal(ids, row[source.start : source.end]):
            return f"it differs in sample {source.sample:,} of {source.split!r}"
        loose[source.start : source.end] = False
    inserted: set[int | None] = {
        *policy.row_start,
        *policy.row_end,
        *policy.document_start,
        *policy.document_end,
        *policy.separator,
    }
    inserted |= {*policy.sequence_start, policy.pad_id}
    return None if set(row[loose].tolist()) <= inserted else "it holds tokens of no sample"


def _own_ids(task: Task, engine: Engine, source: Source) -> Ids:
    columns = task.recipe.source_columns()
    table: pa.Table = task.splits[source.split].read(source.sample, source.sample + 1, columns)
    return encoded_alone(task, source.split, table, source.sample, engine)

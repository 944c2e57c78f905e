"""Tokenizing lists of texts in tests: raw samples on disk, a task, its rows."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from mistudio_core.raw import RawSplit, column_types, open_splits, text_columns
from mistudio_core.tokenization.pipeline.task import Task
from mistudio_core.tokenization.recipes.recipe import Recipe
from mistudio_core.tokenization.scale.tokenizing import open_task, tokenize
from mistudio_core.tokenization.tokenizer.stored import StoredTokenizer
from mistudio_core.tokenization.tokenizer.storing import store_tokenizer


@dataclass(frozen=True)
class Result:
    """A finished tokenization."""

    folder: Path
    manifest: dict[str, Any]

    def rows(self) -> list[npt.NDArray[np.int64]]:
        """Return every row, files in the order of `state.json`."""
        state = json.loads((self.folder / "state.json").read_bytes())
        found = []
        for item in state["_data_files"]:
            table = pa.ipc.open_stream(self.folder / item["filename"]).read_all()
            found += [np.array(row, np.int64) for row in table.column("input_ids").to_pylist()]
        return found

    def matrix(self) -> npt.NDArray[np.int64]:
        """Return all rows, which have one length."""
        rows = self.rows()
        return np.stack(rows) if rows else np.empty((0, 0), np.int64)

    def lengths(self) -> npt.NDArray[np.uint32]:
        """Return the tokens of each sample."""
        return np.fromfile(self.folder / "lengths", np.uint32)

    def skipped(self) -> npt.NDArray[np.uint8]:
        """Return why each sample was skipped."""
        return np.fromfile(self.folder / "skipped", np.uint8)

    def digests(self) -> list[str]:
        """Return the checksums of the files of rows."""
        return [shard["sha256"] for shard in self.manifest["shards"]]


def write_raw(folder: Path, splits: Mapping[str, pa.Table], groups: Sequence[int] = (1000,)) -> dict[str, RawSplit]:
    """Write raw splits whose row groups have the given numbers of rows, over and over."""
    for name, table in splits.items():
        path = folder / "raw" / name / "part-0-00000.parquet"
        path.parent.mkdir(parents=True)
        with pq.ParquetWriter(path, table.schema, use_dictionary=False) as writer:
            first, turn = 0, 0
            while first < table.num_rows:
                writer.write_table(table.slice(first, groups[turn % len(groups)]))
                first += groups[turn % len(groups)]
                turn += 1
    return open_splits(folder)


def texts_table(texts: Sequence[str | None]) -> pa.Table:
    """Return a table with one column of text."""
    return pa.table({"text": pa.array(texts, pa.string())})


def task_of(
    folder: Path, raw: Mapping[str, RawSplit], tokenizer: StoredTokenizer, *, shard_bytes: int | None = None,
    max_piece_bytes: int | None = None, **fields: Any,
) -> Task:  # fmt: skip
    """Return an open task for a recipe of the given fields."""
    schema = next(split.schema for split in raw.values() if split.schema is not None)
    recipe = Recipe.from_fields({"tokenizer": "t"} | fields).resolved(
        splits={name: split.num_samples for name, split in raw.items()},
        columns=column_types(schema), text_columns=text_columns(schema),
    )  # fmt: skip
    return open_task(folder, raw, recipe, tokenizer, shard_bytes=shard_bytes, max_piece_bytes=max_piece_bytes)


def run(task: Task, threads: int = 1, **facts: Any) -> Result:
    """Tokenize and return what came of it."""
    manifest = tokenize(task, facts, threads=threads, report=lambda _phase, _tally: None)
    return Result(task.folder, manifest)


def tokenized(
    folder: Path, texts: Sequence[str | None], tokenizer: StoredTokenizer, *, threads: int = 1,
    groups: Sequence[int] = (1000,), shard_bytes: int | None = None, **fields: Any,
) -> Result:  # fmt: skip
    """Tokenize texts in one go."""
    splits = write_raw(folder, {"train": texts_table(texts)}, groups)
    return run(task_of(folder / "tokens", splits, tokenizer, shard_bytes=shard_bytes, **fields), threads)


def stored(root: Path, folder: Path) -> StoredTokenizer:
    """Keep the tokenizer of a folder under `root`."""
    config = json.loads((folder / "tokenizer_config.json").read_bytes())
    return store_tokenizer(root, (folder / "tokenizer.json").read_text(), config, name=folder.name, revision=None)

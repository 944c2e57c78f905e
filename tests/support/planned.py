"""A plan in tests: a dataset folder as the library has it, its plan, and the laptop's tokenization beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa

from mistudio_core.file_names import DATASET_MANIFEST
from mistudio_core.files import file_sha256, write_json
from mistudio_core.raw import column_types, open_splits, text_columns
from mistudio_core.tokenization.recipes.recipe import Recipe
from mistudio_core.tokenization.scale.planfile import Planned, write_plan
from mistudio_core.tokenization.tokenizer.stored import StoredTokenizer
from tests.support.tokenized import texts_table, write_raw
from tests.support.tokenizer_families import text_of

SHARD_BYTES = 6000
SIX: dict[str, dict[str, Any]] = {
    "continuous": {"context_length": 32},
    "saelens": {"preset": "saelens", "context_length": 32, "batch_rows": 20},
    "duplicates and budget": {
        "context_length": 32,
        "drop_duplicates": True,
        "token_budget": 8000,
        "engine": "reference",
    },
    "shuffled documents": {"context_length": 32, "shuffle_seed": 7, "shuffle": "documents", "engine": "reference"},
    "shuffled sequences": {"context_length": 32, "shuffle_seed": 7, "engine": "reference"},
    "padded with stride": {
        "preset": "per_document",
        "context_length": 40,
        "padding": "longest",
        "stride": 4,
        "engine": "reference",
    },
}
"""The six recipes that must give the same bytes wherever they are made."""


def made_texts(count: int = 400) -> list[str | None]:
    """Return texts, some of them copies, one null and one empty."""
    random = Random(11)
    texts: list[str | None] = [text_of(random, int(random.random() * 60)) for _ in range(count)]
    texts[count // 2 : count // 2 + 20] = texts[10:30]
    texts[3], texts[4] = None, ""
    return texts


def dataset_folder(
    folder: Path, texts: Sequence[str | None] | None = None, groups: Sequence[int] = (20,), test_from: int = 350
) -> Path:
    """Write a dataset of two splits as the library keeps it, without index and statistics."""
    texts = made_texts() if texts is None else texts
    splits: Mapping[str, pa.Table] = {"train": texts_table(texts), "test": texts_table(texts[test_from:])}
    raw = write_raw(folder, splits, groups)
    seal_dataset(folder, {name: split.num_samples for name, split in raw.items()})
    return folder


def seal_dataset(folder: Path, splits: Mapping[str, int]) -> None:
    """Write the manifest of a dataset whose raw files are in place."""
    files = [
        {"path": str(path.relative_to(folder)), "sha256": file_sha256(path)}
        for path in sorted((folder / "raw").rglob("*.parquet"))
    ]
    facts = {"id": "ds_abcdefghijkm", "name": "texts", "num_samples": sum(splits.values()), "splits": dict(splits)}
    write_json(folder / DATASET_MANIFEST, facts | {"files": files})


def plan_of(
    folder: Path, dataset: Path, tokenizer: StoredTokenizer, *, like: Mapping[str, Any] | None = None, **fields: Any
) -> Planned:
    """Write a plan for a recipe of the given fields."""
    return write_plan(
        folder, dataset, recipe_of(dataset, **fields), tokenizer, tokenization_id="tok_abcdefghijkm",
        created_at="2026-01-02T03:04:05.000Z", like=like, shard_bytes=SHARD_BYTES,
    )  # fmt: skip


def recipe_of(dataset: Path, **fields: Any) -> Recipe:
    """Return the recipe for all splits of a dataset."""
    splits = open_splits(dataset)
    schema = splits["train"].schema
    assert schema is not None
    return Recipe.from_fields({"tokenizer": "t", "splits": list(splits)} | fields).resolved(
        splits={name: split.num_samples for name, split in splits.items()},
        columns=column_types(schema), text_columns=text_columns(schema),
    )  # fmt: skip


def same_files(one: Path, other: Path) -> list[str]:
    """Return the names of files that differ between two tokenizations, but for their manifests."""
    names = {path.name for path in (*one.iterdir(), *other.iterdir())} - {"manifest.json"}
    return [
        name
        for name in sorted(names)
        if not (one / name).is_file()
        or not (other / name).is_file()
        or (one / name).read_bytes() != (other / name).read_bytes()
    ]

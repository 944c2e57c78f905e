"""What is known of the data of a tokenization before its texts are read: for its manifest, and for shared work."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from mistudio_core.file_names import STATISTICS
from mistudio_core.files import read_json
from mistudio_core.tokenization.recipes.recipe import Recipe

_PACKAGES: Final = ("tokenizers", "pyarrow", "numpy")
_KEPT: Final = ("id", "name", "source", "repo_id", "revision", "config", "num_samples")

Manifest = Mapping[str, Any]
"""The manifest of a dataset."""


def manifest_facts(tokenization_id: str, dataset: Manifest, *, created_at: str, owner: str) -> dict[str, Any]:
    """Return what a manifest says beside what is worked out: ids, owner, the dataset's own facts, versions."""
    return {
        "id": tokenization_id,
        "dataset_id": dataset["id"],
        "dataset": {key: dataset.get(key) for key in _KEPT} | {"files_sha256": files_sha256(dataset)},
        "created_at": created_at,
        "owner": owner,
        "versions": {package: version(package) for package in _PACKAGES},
    }


def data_key(dataset: Manifest) -> list[Any]:
    """Return what tells this data from any other: the checksums of its files."""
    return [file.get("sha256") for file in dataset.get("files", ())]


def files_sha256(dataset: Manifest) -> str:
    """Return one checksum for all files of the samples: what stands for a revision where files were imported."""
    return hashlib.sha256("".join(str(one) for one in data_key(dataset)).encode()).hexdigest()


def measured_texts(folder: Path, recipe: Recipe) -> dict[str, tuple[int, int]]:
    """Return the characters and words of each split's texts, as the dataset's own statistics have them."""
    stored = read_json(folder / STATISTICS)
    columns = stored.get("columns", ()) if isinstance(stored, dict) else ()
    for column in columns:
        if recipe.columns == (column["name"],) and column.get("kind") == "text":
            splits = column["splits"]
            return {
                name: (splits[name]["characters"], splits[name]["words"]) for name in recipe.splits if name in splits
            }
    return {}

"""The work of a `tokenize` job: token sequences of one dataset by one recipe."""

from __future__ import annotations

import hashlib
import os
from datetime import date, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from mistudio_core.errors import StudioError, invalid
from mistudio_core.file_names import DATASET_MANIFEST, STATISTICS, TOKENIZATION_MANIFEST
from mistudio_core.files import read_json, sync_folder
from mistudio_core.raw import open_splits
from mistudio_core.records import as_json
from mistudio_core.tokenization.loading.load import is_path, load_tokenizer
from mistudio_core.tokenization.recipes.recipe import Recipe
from mistudio_core.tokenization.scale.tokenizing import Tally, open_task, tokenize
from mistudio_core.tokenization.texts.chat import dated
from mistudio_core.tokenization.tokenizer.stored import StoredTokenizer, open_tokenizer
from mistudio_core.work.running import RunningJob

_PACKAGES = ("tokenizers", "pyarrow", "numpy")


def run(job: RunningJob) -> dict[str, Any]:
    """Tokenize as the job's arguments say and return the manifest of the tokenization."""
    dataset_id = str(job.arguments["dataset_id"])
    final = job.home.tokenization(dataset_id, job.subject_id)
    done = read_json(final / TOKENIZATION_MANIFEST)
    if done is not None:
        return dict(done)
    job.progress("preparing")
    dataset = read_json(job.home.dataset(dataset_id) / DATASET_MANIFEST)
    if dataset is None:
        raise StudioError("not_found", f"The dataset {dataset_id} no longer exists.", "Tokenize another dataset.")
    recipe = Recipe.from_stored(job.arguments["recipe"]).resolved(
        splits=dataset["splits"], columns=dataset["columns"], text_columns=dataset["text_columns"]
    )
    tokenizer = _tokenizer(job, recipe)
    recipe = dated(recipe, tokenizer, local_day(str(job.draft["created_at"])))
    draft = job.home.tokenization_draft(dataset_id, job.subject_id)
    draft.parent.mkdir(parents=True, exist_ok=True)
    piece = job.settings.max_piece_mb << 20
    splits = open_splits(job.home.dataset(dataset_id))
    task = open_task(draft, splits, recipe, tokenizer, max_piece_bytes=piece or None)

    def report(phase: str, tally: Tally) -> None:
        job.progress(phase, tally.samples, tally.total_samples, "samples", bytes_done=tally.text_bytes, live=tally.live)

    manifest = tokenize(
        task, _facts(job, dataset_id, dataset), threads=job.settings.threads, report=report,
        data_key=_data_key(dataset), measured=_measured(job.home.dataset(dataset_id), recipe),
    )  # fmt: skip
    os.rename(draft, final)
    sync_folder(final.parent)
    return manifest


def local_day(moment: str) -> date:
    """Return the day at this place of a moment in ISO 8601."""
    return datetime.fromisoformat(moment).astimezone().date()


def _tokenizer(job: RunningJob, recipe: Recipe) -> StoredTokenizer:
    name = recipe.tokenizer
    if name == "sample":
        from mistudio_core.example.dataset import sample_tokenizer

        return open_tokenizer(sample_tokenizer(job.home), name=name)
    if is_path(name) and job.settings.shared:
        raise invalid("A shared library loads no tokenizer from a path.", "Give a Hub id.")
    return load_tokenizer(
        job.home.tokenizers,
        name,
        revision=recipe.tokenizer_revision,
        hf_token=job.secret,
        source=recipe.tokenizer_source,
    )


def _data_key(dataset: dict[str, Any]) -> list[Any]:
    """Return what tells this data from any other: the checksums of its files."""
    return [file.get("sha256") for file in dataset.get("files", ())]


def _measured(folder: Path, recipe: Recipe) -> dict[str, tuple[int, int]]:
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


def _files_sha256(dataset: dict[str, Any]) -> str:
    """Return one checksum for all files of the samples: what stands for a revision where files were imported."""
    return hashlib.sha256("".join(str(one) for one in _data_key(dataset)).encode()).hexdigest()


def _facts(job: RunningJob, dataset_id: str, dataset: dict[str, Any]) -> dict[str, Any]:
    kept = ("id", "name", "source", "repo_id", "revision", "config", "num_samples")
    return {
        "id": job.subject_id,
        "dataset_id": dataset_id,
        "dataset": {key: dataset.get(key) for key in kept} | {"files_sha256": _files_sha256(dataset)},
        "created_at": as_json(job.draft.get("created_at")),
        "owner": job.draft.get("owner", "local"),
        "versions": {package: version(package) for package in _PACKAGES},
    }

"""The work of a `tokenize` job: token sequences of one dataset by one recipe."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

from mistudio_core.errors import StudioError, invalid
from mistudio_core.files import sync_folder
from mistudio_core.jobs.kinds import ON_CLUSTER
from mistudio_core.manifest_files import dataset_manifest, must_hold_its_files, tokenization_manifest
from mistudio_core.raw import open_splits
from mistudio_core.tokenization.loading.load import is_path
from mistudio_core.tokenization.recipes.recipe import Recipe
from mistudio_core.tokenization.scale.facts import data_key, manifest_facts, measured_texts
from mistudio_core.tokenization.scale.tokenizing import Tally, open_task, tokenize
from mistudio_core.tokenization.texts.chat import dated
from mistudio_core.tokenization.tokenizer.stored import StoredTokenizer, open_tokenizer
from mistudio_core.work.limited_loading import load_for
from mistudio_core.work.on_cluster import tokenize_on_cluster
from mistudio_core.work.running import RunningJob


def run(job: RunningJob) -> dict[str, Any]:
    """Tokenize as the job's arguments say and return the manifest of the tokenization."""
    dataset_id = str(job.arguments["dataset_id"])
    final = job.home.tokenization(dataset_id, job.subject_id)
    done = _finished_before(job, final)
    if done is not None:
        return done
    job.progress("preparing")
    dataset = dataset_manifest(job.home.dataset(dataset_id))
    if dataset is None:
        raise StudioError("not_found", f"The dataset {dataset_id} no longer exists.", "Tokenize another dataset.")
    recipe = Recipe.from_stored(job.arguments["recipe"]).resolved(
        splits=dataset["splits"], columns=dataset["columns"], text_columns=dataset["text_columns"]
    )
    tokenizer = _tokenizer(job, recipe)
    recipe = dated(recipe, tokenizer, local_day(str(job.draft["created_at"])))
    draft = job.home.tokenization_draft(dataset_id, job.subject_id)
    draft.parent.mkdir(parents=True, exist_ok=True)
    if job.arguments.get(ON_CLUSTER):
        return tokenize_on_cluster(job, recipe, tokenizer)
    piece = job.settings.max_piece_mb << 20
    splits = open_splits(job.home.dataset(dataset_id))
    task = open_task(draft, splits, recipe, tokenizer, max_piece_bytes=piece or None)

    def report(phase: str, tally: Tally) -> None:
        job.progress(phase, tally.samples, tally.total_samples, "samples", bytes_done=tally.text_bytes, live=tally.live)

    manifest = tokenize(
        task, _facts(job, dataset), threads=job.settings.threads, report=report, data_key=data_key(dataset),
        measured=measured_texts(job.home.dataset(dataset_id), recipe),
    )  # fmt: skip
    os.rename(draft, final)
    sync_folder(final.parent)
    return manifest


def _finished_before(job: RunningJob, final: Path) -> dict[str, Any] | None:
    """Return the manifest of an earlier run that was killed at its end; a damaged tokenization is made anew."""
    try:
        manifest = tokenization_manifest(final)
        if manifest is not None:
            must_hold_its_files(final, manifest)
            return manifest
    except StudioError as error:
        job.log.info("%s It is made again.", error.message)
    job.home.discard(final)
    return None


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
    return load_for(job, name, recipe.tokenizer_revision, recipe.tokenizer_source)


def _facts(job: RunningJob, dataset: Mapping[str, Any]) -> dict[str, Any]:
    created_at, owner = str(job.draft["created_at"]), str(job.draft.get("owner", "local"))
    return manifest_facts(job.subject_id, dataset, created_at=created_at, owner=owner)

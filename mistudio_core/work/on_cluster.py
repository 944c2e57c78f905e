"""A tokenization that the cluster of the settings makes: its plan lies in the draft, and the job follows it."""

from __future__ import annotations

import os
import shlex
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

from mistudio_core.errors import invalid
from mistudio_core.file_names import PLAN, TOKENIZATION_MANIFEST
from mistudio_core.files import read_json, sync_folder
from mistudio_core.tokenization.recipes.recipe import Recipe
from mistudio_core.tokenization.scale.board import Board
from mistudio_core.tokenization.scale.places import run_on
from mistudio_core.tokenization.scale.planfile import MADE, write_plan
from mistudio_core.tokenization.scale.status import status
from mistudio_core.tokenization.tokenizer.stored import StoredTokenizer
from mistudio_core.work.running import RunningJob

_LOOK_S: Final = 1.0
_END_S: Final = 20.0
"""How long a cancelled job waits until the cluster has taken it from its queue."""
_SHOWN: Final = 5
"""Failures that are shown of many."""


def tokenize_on_cluster(job: RunningJob, recipe: Recipe, tokenizer: StoredTokenizer) -> dict[str, Any]:
    """Carry a plan through on the cluster and return the manifest of what it made, which is then in its place.

    A plan that an earlier job left in its place goes on. Raises `invalid_request` where no cluster is named any more.
    """
    place, *options = shlex.split(job.settings.cluster) or [""]
    if not place:
        raise invalid("No cluster is named any more.", "Set MISTUDIO_CLUSTER again, or tokenize on this machine.")
    dataset_id = str(job.arguments["dataset_id"])
    plan, final = (of(dataset_id, job.subject_id) for of in (job.home.tokenization_draft, job.home.tokenization))
    manifest = read_json(plan / MADE / TOKENIZATION_MANIFEST)
    if manifest is None:
        if not (plan / PLAN).exists():
            job.home.discard(plan)
            write_plan(
                plan, job.home.dataset(dataset_id), recipe, tokenizer, tokenization_id=job.subject_id,
                created_at=str(job.draft["created_at"]), owner=str(job.draft.get("owner", "local")),
                max_piece_bytes=(job.settings.max_piece_mb << 20) or None,
            )  # fmt: skip
        manifest = _followed(job, plan, place, options)
    os.rename(plan / MADE, final)
    sync_folder(final.parent)
    job.home.discard(plan)
    return dict(manifest)


def _followed(job: RunningJob, plan: Path, place: str, options: list[str]) -> dict[str, Any]:
    """Run a plan and tell how far it is; when the job is cancelled, so is the plan."""
    ended = threading.Event()

    def cancel() -> None:
        Board(plan).cancel()
        ended.wait(_END_S)

    with ThreadPoolExecutor(1, thread_name_prefix="plan") as pool:
        running: Future[dict[str, Any]] = pool.submit(run_on, plan, place, options, threads=job.settings.threads)
        running.add_done_callback(lambda _: ended.set())
        job.before_end.append(cancel)
        while not ended.wait(_LOOK_S):
            _tell(job, plan)
        return running.result()


def _tell(job: RunningJob, plan: Path) -> None:
    told = status(plan)
    failed = [{name: word[name] for name in ("stage", "index", "host", "message")} for word in told["failed"][:_SHOWN]]
    live = {"workers": told["workers"], "failed": failed, "num_failed": len(told["failed"])}
    unit = "shards" if told["stage"] == "encode" else "steps"
    job.progress(told["stage"], told["done"], told["total"], unit, live=live)

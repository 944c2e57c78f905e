"""Downloads a dataset from the Hub: resolved, then file by file fetched, verified, converted and freed."""

from __future__ import annotations

import traceback
from dataclasses import replace
from pathlib import Path
from typing import Any

from mistudio_core.errors import StudioError
from mistudio_core.file_names import PLAN, RAW
from mistudio_core.sources import failures
from mistudio_core.sources.client import Hub, without_queries
from mistudio_core.sources.convert import Converter
from mistudio_core.sources.import_options import ImportOptions
from mistudio_core.sources.plan import Plan
from mistudio_core.sources.repo_ids import clean_hf_token, parse_repo_id
from mistudio_core.sources.resolve import resolve, resolve_parquet_branch
from mistudio_core.sources.tables import TableReader
from mistudio_core.sources.wider import WiderError
from mistudio_core.work.disk_guard import DiskGuard
from mistudio_core.work.environment import prepare_environment
from mistudio_core.work.file_by_file import FileByFile
from mistudio_core.work.finish import finish_conversion, finished_before
from mistudio_core.work.first_samples import take_first
from mistudio_core.work.measuring import Measuring
from mistudio_core.work.progress import FileProgress
from mistudio_core.work.running import RunningJob


def run(job: RunningJob) -> dict[str, Any]:
    """Bring the dataset of the job home and return its manifest; goes on where an earlier run ended."""
    manifest = finished_before(job)
    if manifest is not None:
        return manifest
    draft = job.home.dataset_draft(job.subject_id)
    prepare_environment(draft)
    job.progress("resolving")
    hf_token = clean_hf_token(job.secret)
    hub = Hub(hf_token)
    repo_id, _ = parse_repo_id(str(job.arguments["repo_id"]))
    try:
        return _run(job, draft, hub, repo_id)
    except Exception as error:
        if not isinstance(error, StudioError) or error.__cause__ is not None:
            job.log.warning("%s", without_queries("".join(traceback.format_exception(error))))
        revision = job.arguments.get("revision")
        raise failures.hub_failure(error, repo_id, hf_token_given=hf_token is not None, revision=revision) from error


def _run(job: RunningJob, draft: Path, hub: Hub, repo_id: str) -> dict[str, Any]:
    plan = _plan(job, draft, hub, repo_id)
    for split in plan.splits:
        (draft / RAW / split).mkdir(parents=True, exist_ok=True)
    while True:
        try:
            return _converted_all(job, draft, hub, plan)
        except WiderError as error:  # each time wider, so it ends
            job.log.info("%s All files are read again with wider columns.", error.message)
            Converter.start_again(draft, error.features)


def _converted_all(job: RunningJob, draft: Path, hub: Hub, plan: Plan) -> dict[str, Any]:
    limit = job.arguments.get("max_samples")
    measuring = Measuring(draft)
    converter = Converter(draft, _reader(job, draft, plan), measuring.file)
    disk = DiskGuard(job)
    if limit is None:
        progress = FileProgress(job, "downloading", total=plan.num_bytes, unit="bytes", num_files=len(plan.files))
        hub.on_wait = progress.waiting
        receipts = FileByFile(plan, hub, converter, progress, disk).run()
    else:
        progress = FileProgress(
            job, "downloading", total=limit * len(plan.splits), unit="samples", num_files=len(plan.files)
        )
        hub.on_wait = progress.waiting
        receipts = take_first(FileByFile(plan, hub, converter, progress, disk), limit)
    return finish_conversion(job, plan, converter, measuring, receipts)


def _reader(job: RunningJob, draft: Path, plan: Plan) -> TableReader:
    learned, cache = Converter.known_features(draft), draft / "hf" / "datasets"
    options = ImportOptions.from_fields(job.arguments.get("options"))
    return TableReader(
        plan.module, plan.options, plan.features, cache=cache, learned=learned,
        text_columns=options.text_columns or (), replace=options.invalid_utf8 == "replace",
    )  # fmt: skip


def _plan(job: RunningJob, draft: Path, hub: Hub, repo_id: str) -> Plan:
    """Return the plan of an earlier run, or make one: a resumed download stays at its commit."""
    path = draft / PLAN
    plan = Plan.load(path)
    if plan is not None and plan.request == job.arguments:
        return plan
    asked = job.arguments
    chosen: dict[str, Any] = {name: asked.get(name) for name in ("revision", "config", "splits")}
    plan = (resolve_parquet_branch if asked.get("parquet_branch") else resolve)(hub, repo_id, **chosen)
    plan = replace(plan, request=dict(asked))
    plan.save(path)
    return plan

"""Imports files of this machine, which are only read; uploads are copies of ours, and go when they are imported."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mistudio_core.file_names import RAW
from mistudio_core.sources.convert import Converter, Receipt
from mistudio_core.sources.file_proxy import Countdown, local
from mistudio_core.sources.import_options import ImportOptions
from mistudio_core.sources.local import plan_import
from mistudio_core.sources.plan import Plan, SourceFile
from mistudio_core.sources.tables import TableReader
from mistudio_core.sources.unpack import unpacked
from mistudio_core.sources.wider import WiderError
from mistudio_core.work.disk_guard import DiskGuard
from mistudio_core.work.environment import prepare_environment
from mistudio_core.work.file_by_file import READ_FROM_THE_END
from mistudio_core.work.finish import finish_conversion, finished_before
from mistudio_core.work.measuring import Measuring
from mistudio_core.work.progress import FileProgress
from mistudio_core.work.running import RunningJob


def run(job: RunningJob) -> dict[str, Any]:
    """Convert the files of the job and return the manifest; files that an earlier run finished are kept."""
    manifest = finished_before(job) or _imported(job)
    for upload in {job.home.upload_of(Path(path)) for path in job.arguments["paths"]}:
        if upload is not None:
            job.home.discard(upload)
    return manifest


def _imported(job: RunningJob) -> dict[str, Any]:
    options = ImportOptions.from_fields(job.arguments.get("options"))
    plan = plan_import([Path(path) for path in job.arguments["paths"]], job.arguments.get("format"), options)
    draft = job.home.dataset_draft(job.subject_id)
    prepare_environment(draft)
    for split in plan.splits:
        (draft / RAW / split).mkdir(parents=True, exist_ok=True)
    while True:
        try:
            return _converted_all(job, plan, options)
        except WiderError as error:  # each time wider, so it ends
            job.log.info("%s All files are read again with wider columns.", error.message)
            Converter.start_again(draft, error.features)


def _converted_all(job: RunningJob, plan: Plan, options: ImportOptions) -> dict[str, Any]:
    draft = job.home.dataset_draft(job.subject_id)
    disk = DiskGuard(job)
    disk.require(plan.num_bytes)
    learned = Converter.known_features(draft)
    cache = draft / "hf" / "datasets"
    reader = TableReader(
        plan.module, plan.options, plan.features, cache=cache, learned=learned,
        text_columns=options.text_columns or (), replace=options.invalid_utf8 == "replace",
    )  # fmt: skip
    measuring = Measuring(draft)
    converter = Converter(draft, reader, measuring.file)
    progress = FileProgress(job, "reading", total=plan.num_bytes, unit="bytes", num_files=len(plan.files))
    receipts = [_converted(file, plan, converter, progress, disk) for file in plan.files]
    return finish_conversion(job, plan, converter, measuring, receipts)


def _converted(file: SourceFile, plan: Plan, converter: Converter, progress: FileProgress, disk: DiskGuard) -> Receipt:
    receipt = converter.receipt(file)
    if receipt is not None:
        progress.have(file.size, receipt.num_rows)
        return receipt
    path = Path(file.path)
    countdown = Countdown(file.size, progress.bytes)

    def on_rows(count: int) -> None:
        progress.rows(count)
        disk.watch()

    if file.compression is not None and plan.module in READ_FROM_THE_END:
        working = converter.folder / "files"
        working.mkdir(exist_ok=True)
        plain = unpacked(path, file.compression, working / file.local_name, keep_free=disk.keep_free)
        receipt = converter.convert(file, local(plain, file.local_name), on_rows=on_rows)
        plain.unlink()
    else:
        receipt = converter.convert(file, local(path, file.local_name, file.compression, countdown), on_rows=on_rows)
    countdown.finish()
    progress.file_done()
    return receipt

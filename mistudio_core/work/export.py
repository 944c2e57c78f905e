"""Writes a copy of a tokenization, or of its text, for another program into the library's folder of exports."""

from __future__ import annotations

from typing import Any

from mistudio_core.checksums import list_of
from mistudio_core.tokenization.exports.copies import check_export, export_folder, export_tokenization
from mistudio_core.tokenization.exports.listed import write_list
from mistudio_core.tokenization.exports.source import Source
from mistudio_core.work.disk_guard import DiskGuard
from mistudio_core.work.running import RunningJob


def run(job: RunningJob) -> dict[str, Any]:
    """Make the export that the arguments name: `dataset_id`, `kind` and `max_samples` (None for all).

    The subject of the job is the tokenization. Returns what `export_tokenization` returns.
    """
    kind, max_samples = str(job.arguments["kind"]), job.arguments.get("max_samples")
    source = Source.of(job.home, str(job.arguments["dataset_id"]), job.subject_id)
    job.progress("preparing")
    DiskGuard(job).require(check_export(source, kind, max_samples))
    unit = "samples" if kind in ("text", "jsonl") else "sequences"

    def tell(done: int, total: int) -> None:
        job.progress("exporting", done, total, unit)

    folder = export_folder(job.home, job.subject_id, kind)
    list_of(folder).unlink(missing_ok=True)
    made = export_tokenization(source, folder, kind, tell, max_samples=max_samples)
    write_list(folder, max_samples)
    return made

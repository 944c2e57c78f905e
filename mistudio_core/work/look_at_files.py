"""The work of a `look` job: the first rows of a file, as an import with the same options would read them."""

from __future__ import annotations

import os
import resource
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from mistudio_core.errors import StudioError
from mistudio_core.sources.file_proxy import FileProxy, local
from mistudio_core.sources.import_options import ImportOptions
from mistudio_core.sources.local import plan_import
from mistudio_core.sources.plan import SourceFile
from mistudio_core.sources.tables import TableReader
from mistudio_core.sources.unpack import unpacked
from mistudio_core.work.environment import prepare_environment
from mistudio_core.work.file_by_file import READ_FROM_THE_END
from mistudio_core.work.running import RunningJob
from mistudio_core.work.shown_rows import shown

ROWS: Final = 20
_CACHE: Final = "hf"
_UNPACKED: Final = "plain"
_CPU_SECONDS: Final = 60
"""A look that takes longer would not be waited for; the system ends the worker then."""


def run(job: RunningJob) -> dict[str, Any]:
    """Return `{file, columns, text_columns, rows}`: rows of cells as text, None for a missing value.

    Uploads that were made for the look are deleted after it, and so is what was unpacked.
    """
    paths = [Path(path) for path in job.arguments["paths"]]
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_SECONDS, _CPU_SECONDS))
    job.progress("reading")
    try:
        return _look(job, paths)
    finally:
        for upload in {job.home.upload_of(path) for path in paths}:
            if upload is not None:
                job.home.discard(upload)
        os.chdir(job.home.root)  # out of the folder that goes now
        for name in (_CACHE, _UNPACKED):
            job.home.discard(job.folder / name)


def _look(job: RunningJob, paths: list[Path]) -> dict[str, Any]:
    options = ImportOptions.from_fields(job.arguments.get("options"))
    plan = plan_import(paths, job.arguments.get("format"), options)
    prepare_environment(job.folder)
    reader = TableReader(
        plan.module, plan.options, plan.features, cache=job.folder / _CACHE / "datasets",
        text_columns=options.text_columns or (), replace=options.invalid_utf8 == "replace",
    )  # fmt: skip
    file = next(file for file in plan.files if file.size)
    tables, count = [], 0
    for table in reader.read(_readable(job, file, plan.module), file.label, ROWS):
        tables.append(table.slice(0, ROWS - count))
        count += tables[-1].num_rows
        if count >= ROWS:
            break
    if reader.schema is None or not count:
        raise StudioError("no_data", f"{file.label} has no samples.", "Check the parsing options.")
    return shown(pa.concat_tables(tables), reader.schema, file.label)


def _readable(job: RunningJob, file: SourceFile, module: str) -> FileProxy:
    if file.compression is None or module not in READ_FROM_THE_END:
        return local(Path(file.path), file.local_name, file.compression)
    keep_free = job.settings.keep_free_mb << 20
    return local(unpacked(Path(file.path), file.compression, job.folder / _UNPACKED, keep_free=keep_free), _UNPACKED)

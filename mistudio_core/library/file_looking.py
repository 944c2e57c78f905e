"""Looking into files before they are imported: their first rows, read by a worker with the options of the import."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mistudio_core.errors import StudioError
from mistudio_core.jobs import protocol
from mistudio_core.library import making
from mistudio_core.library.handing_over import HandingOver
from mistudio_core.library.start import start
from mistudio_core.records import Job
from mistudio_core.sources.import_options import ImportOptions


class FileLooking(HandingOver):
    """The methods of `Library` that show what an import would read."""

    def look_at_files(
        self, paths: Sequence[str | Path], *, file_format: str | None = None, options: ImportOptions | None = None
    ) -> Job:
        """Start to read the first rows of files as `import_files` would; `file_look` returns them afterwards."""
        places = making.local_paths(self._context, [Path(path) for path in paths])
        arguments = making.import_arguments(places, file_format, options)
        job_id = start(
            self.home,
            self.settings,
            self._catalog,
            kind="look",
            subject=None,
            arguments=arguments | {"asked_by": self.actor.name},
            secret=None,
            check=lambda _: None,
        )
        return self.job(job_id)

    def file_look(self, job_id: str) -> dict[str, Any]:
        """Return what a look found: `{file, num_columns, columns, text_columns, rows}`, the cells as text.

        Raises `in_use` while it runs, what it failed with, and `not_found` for what somebody else asked for.
        """
        job = self.job(job_id)
        folder = self.home.job(job.id)
        request, result = protocol.read_request(folder), protocol.read_result(folder)
        if request is None or request.kind != "look" or request.arguments.get("asked_by") != self.actor.name:
            raise StudioError("not_found", f"There is no look {job_id}.", "Look at the files again.")
        if job.error is not None:
            raise job.error.exception()
        if result is None or result.manifest is None:
            raise StudioError("in_use", "The files are still being read.", "Wait a moment.")
        return dict(result.manifest)

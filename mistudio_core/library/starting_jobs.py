"""A job that uses what is there, without making a dataset or tokenization: started, and returned as it is then."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mistudio_core.library.context import Context
from mistudio_core.library.records_view import look
from mistudio_core.library.start import Subject, start
from mistudio_core.records import Job


def start_job(
    context: Context, kind: str, subject: Subject | None, arguments: Mapping[str, Any], secret: str | None = None
) -> Job:
    """Start a job for `subject`, or one that stands alone; raises as `start`."""
    job_id = start(
        context.home,
        context.settings,
        context.catalog,
        kind=kind,
        subject=subject,
        arguments=arguments,
        secret=secret,
        check=lambda _: None,
    )
    return look(context).job(job_id)

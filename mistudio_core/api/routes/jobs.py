"""Jobs: listing them, reading their logs, stopping and retrying them."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from fastapi.responses import PlainTextResponse

from mistudio_core.api.acts import Acts, Opened
from mistudio_core.api.hub_token import HubToken
from mistudio_core.api.ids import JobId
from mistudio_core.records import Job

routes = Acts(prefix="/jobs", tags=["jobs"])


@routes.get("", summary="List the jobs")
def list_jobs(
    library: Opened,
    *,
    subject_id: Annotated[str | None, Query(description="Only those of this dataset or tokenization.")] = None,
    active: Annotated[bool | None, Query(description="Only unfinished ones, or only finished ones.")] = None,
) -> list[Job]:
    """Return the jobs, newest first."""
    return library.jobs(subject_id, active=active)


@routes.get("/{job_id}", summary="Show a job")
def show_job(library: Opened, job_id: JobId) -> Job:
    """Return a job with how far it is."""
    return library.job(job_id)


@routes.get(
    "/{job_id}/log", summary="The log of a job", responses={200: {"content": {"text/plain; charset=utf-8": {}}}}
)
def job_log(library: Opened, job_id: JobId) -> PlainTextResponse:
    """Return the end of the log that the worker wrote."""
    return PlainTextResponse(library.log(job_id))


@routes.post("/{job_id}/cancel", summary="Cancel a job")
def cancel_job(library: Opened, job_id: JobId) -> Job:
    """Stop a job and return it; what a resume can use is kept."""
    return library.cancel(job_id)


@routes.post("/{job_id}/retry", summary="Resume a job that failed or was cancelled", status_code=202)
def retry_job(library: Opened, job_id: JobId, *, hf_token: HubToken = None) -> Job:
    """Go on with what failed."""
    return library.retry(library.job(job_id).id, hf_token=hf_token)

"""How far a job is: a bar with the phase, the amount, the rate and the time left."""

from __future__ import annotations

from typing import Final

import streamlit as st

from mistudio_core.library import Library
from mistudio_core.records import Job
from mistudio_core.ui.app import failures, keys
from mistudio_core.ui.app.escape import plain
from mistudio_core.ui.app.opening import open_library
from mistudio_core.ui.widgets import formats

_PHASES: Final = {
    "queued": "Queued",
    "resolving": "Querying the Hub",
    "downloading": "Downloading",
    "processing": "Processing",
    "reading": "Reading",
    "making": "Generating stories",
    "preparing": "Preparing",
    "tokenizing": "Tokenizing",
    "finishing": "Finishing",
    "indexing samples": "Indexing samples",
    "indexing words": "Indexing words",
    "loading": "Loading",
    "exporting": "Exporting",
    "uploading": "Uploading",
}


def draw(job: Job) -> None:
    """Draw the progress of an active job."""
    if job.status == "queued":
        st.progress(0.0, text=_PHASES["queued"])
        return
    st.progress(fraction(job), text=describe(job))
    if job.message:
        st.caption(plain(job.message))


def fraction(job: Job) -> float:
    """Return how much of the phase is done, between 0 and 1; 0 while the total is unknown."""
    return min(1.0, max(0.0, job.done / job.total)) if job.total else 0.0


def describe(job: Job) -> str:
    """Return one line: `Downloading 43.0 % · 1.2 GB of 2.9 GB · 3.4 MB/s · about 8 min left`."""
    name = _PHASES.get(job.phase, plain(job.phase or "starting", 40).capitalize())
    parts = [f"**{name}** {100 * fraction(job):.1f} %" if job.total else f"**{name}**"]
    if job.done or job.total:
        parts.append(plain(formats.amount(job.done, job.total, job.unit)))
    parts += [formats.rate(job.rate, job.unit), formats.time_left(job.eta_s)]
    return " · ".join(part for part in parts if part)


def tokens_per_second(job: Job) -> int | None:
    """Return the rate of a tokenization in tokens, by the mean length of the documents so far; None while unknown."""
    documents = job.live.get("documents")
    if job.rate is None or not documents:
        return None
    return round(job.rate * job.live.get("tokens", 0) / documents)


def cancel_button(library: Library, job: Job) -> None:
    """Draw the button that cancels a job, for who may cancel it; finished parts are kept for a resume."""
    if not library.may("cancel", job):
        return
    st.button(
        "Cancel",
        key=keys.of(job.id, "cancel"),
        icon=":material/cancel:",
        help="Stops the job. Finished parts are kept, so it can be resumed.",
        on_click=_cancel,
        args=(job.id,),
    )
    failures.show_stored(keys.of(job.id, "cancel_error"))


def _cancel(job_id: str) -> None:
    with failures.storing(keys.of(job_id, "cancel_error")):
        open_library().cancel(job_id)

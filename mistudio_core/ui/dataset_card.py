"""One dataset as a card of the list."""

from __future__ import annotations

from datetime import datetime

import streamlit as st

from mistudio_core.records import Dataset, Job
from mistudio_core.ui import badges, deletion, failures, formats, job_progress, keys, retry
from mistudio_core.ui.escape import plain

DATASET_PAGE = "pages/dataset.py"


def draw(dataset: Dataset, job: Job | None, num_tokenizations: int, now: datetime) -> None:
    """Draw a dataset with the newest job that works on it or ended on it."""
    with st.container(border=True, height="stretch", gap="xsmall", key=keys.of(dataset.id, "card")):
        _head(dataset)
        st.caption(source_line(dataset))
        _facts(dataset, num_tokenizations, now)
        if job is not None and job.active:
            job_progress.draw(job)
            with st.container(horizontal=True):
                job_progress.cancel_button(job)
            return
        if dataset.status == "error" and dataset.error is not None:
            failures.show(dataset.error)
            retry.show_error(dataset.id)
        st.space("stretch")
        with st.container(horizontal=True, horizontal_alignment="right"):
            if dataset.status == "error":
                retry.button(dataset.id, dataset.error, needs_token=job is not None and job.needs_token)
            deletion.button(dataset.id)


def source_line(dataset: Dataset) -> str:
    """Return where a dataset came from, as Markdown on one line: `Hugging Face · org/name · config · 1a2b3c4`."""
    parts = [badges.SOURCES[dataset.source]]
    if dataset.repo_id:
        parts.append(plain(dataset.repo_id, 100))
    if dataset.config and dataset.config != "default":
        parts.append(plain(dataset.config, 60))
    if dataset.max_samples:
        parts.append(f"first {formats.exact(dataset.max_samples)} of each split")
    return " · ".join(parts)


def _head(dataset: Dataset) -> None:
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute", wrap=False):
        st.page_link(
            DATASET_PAGE,
            label=f"**{plain(dataset.name, 60)}**",
            icon=":material/database:",
            query_params={keys.DATASET_ID: dataset.id},
        )
        with st.container(horizontal=True, width="content", wrap=False):
            badges.draw_access(dataset.access)
            badges.draw(badges.of_dataset(dataset))


def _facts(dataset: Dataset, num_tokenizations: int, now: datetime) -> None:
    parts = []
    if dataset.status == "ready":
        parts += [f"**{formats.counted(dataset.num_samples, 'sample')}**", f"**{formats.size(dataset.size_bytes)}**"]
        if num_tokenizations:
            parts.append(formats.counted(num_tokenizations, "tokenization"))
    parts.append(formats.ago(dataset.created_at, now))
    st.markdown(" · ".join(parts), help=_exactly(dataset))


def _exactly(dataset: Dataset) -> str:
    lines = [f"Created {formats.exact_time(dataset.created_at)}"]
    if dataset.status == "ready":
        lines += [f"{formats.exact(dataset.num_samples)} samples", formats.exact_size(dataset.size_bytes)]
        lines += [f"{plain(name)}: {formats.exact(number)}" for name, number in list(dataset.splits.items())[:20]]
    return "  \n".join(lines)

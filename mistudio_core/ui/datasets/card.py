"""One dataset as a card of the list."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import streamlit as st

from mistudio_core.library import Library
from mistudio_core.library.queries import SOURCES
from mistudio_core.records import Dataset, Job, Tokenization
from mistudio_core.ui.app import failures, keys, pages
from mistudio_core.ui.app.escape import plain
from mistudio_core.ui.datasets import next_step
from mistudio_core.ui.jobs import progress as job_progress
from mistudio_core.ui.jobs import retry
from mistudio_core.ui.widgets import badges, deletion, formats

_LISTED_SPLITS: Final = 12


def draw(
    library: Library, dataset: Dataset, job: Job | None, tokenizations: Sequence[Tokenization], now: datetime
) -> None:
    """Draw a dataset with the newest job that works on it or ended on it."""
    with st.container(border=True, height="stretch", gap="xsmall", key=keys.of("card", dataset.id)):
        _head(dataset)
        st.caption(f"{source_line(dataset)} · {formats.ago(dataset.created_at, now)}")
        if job is not None and job.active:
            job_progress.draw(job)
            with st.container(horizontal=True, horizontal_alignment="right"):
                job_progress.cancel_button(library, job)
            return
        if dataset.status == "error" and dataset.error is not None:
            failures.show(dataset.error)
            retry.show_error(dataset.id)
        if dataset.status == "ready":
            st.markdown(_facts(dataset, len(tokenizations)), help=_exactly(dataset))
        st.space("stretch")
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            if dataset.status == "ready":
                next_step.draw(dataset, tokenizations)
                deletion.menu(library, dataset)
            else:
                retry.button(library, dataset, needs_token=job is not None and job.needs_token)
                deletion.menu(library, dataset)


def source_line(dataset: Dataset) -> str:
    """Return where a dataset came from, as Markdown on one line: `Hugging Face · org/name · config · 1a2b3c4`."""
    parts = [SOURCES[dataset.source]]
    if dataset.repo_id:
        parts.append(plain(dataset.repo_id, 100))
    if dataset.config and dataset.config != "default":
        parts.append(plain(dataset.config, 60))
    if dataset.max_samples:
        parts.append(f"first {formats.exact(dataset.max_samples)} per split")
    return " · ".join(parts)


def _head(dataset: Dataset) -> None:
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute", wrap=False):
        st.page_link(
            pages.DATASET,
            label=f"**{plain(dataset.name, 60)}**",
            icon=":material/database:",
            query_params={keys.DATASET_ID: dataset.id},
            width="stretch",
        )
        with st.container(horizontal=True, width="content", wrap=False):
            badges.draw_access(dataset.access)
            badges.draw(badges.of_dataset(dataset))


def _facts(dataset: Dataset, num_tokenizations: int) -> str:
    parts = [f"**{formats.counted(dataset.num_samples, 'sample')}**", f"**{formats.size(dataset.size_bytes)}**"]
    if num_tokenizations:
        parts.append(formats.counted(num_tokenizations, "tokenization"))
    return " · ".join(parts)


def _exactly(dataset: Dataset) -> str:
    lines = [
        f"{formats.exact(dataset.num_samples)} samples",
        formats.exact_size(dataset.size_bytes),
        f"Created {formats.exact_time(dataset.created_at)}",
    ]
    splits = list(dataset.splits.items())
    lines += [f"{plain(name)}: {formats.exact(number)}" for name, number in splits[:_LISTED_SPLITS]]
    if len(splits) > _LISTED_SPLITS:
        lines.append(f"and {formats.exact(len(splits) - _LISTED_SPLITS)} more splits")
    return "  \n".join(lines)

"""The tokenizations of a dataset: the form, what runs with its live chart, and what is there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import streamlit as st

from mistudio_core.library import Library
from mistudio_core.library.queries import kind_of, makes_tokenization
from mistudio_core.records import Dataset, Job, Tokenization
from mistudio_core.ui.app import keys, polling
from mistudio_core.ui.app.escape import plain
from mistudio_core.ui.jobs import progress as job_progress
from mistudio_core.ui.statistics import compare_link
from mistudio_core.ui.tokenize import card as tokenization_card
from mistudio_core.ui.tokenize import form, recipe_fields, runs_table, tokenizer_choice, where
from mistudio_core.ui.widgets import figures, folding

_MOST_CARDS: Final = 5


def draw(library: Library, dataset: Dataset, find: Callable[[Library], Sequence[Job]]) -> None:
    """Draw the tab; `find` returns the active jobs of this dataset."""
    find = tokenizer_choice.with_loading(find, dataset)
    running = {job.subject_id for job in find(library) if makes_tokenization(job.kind)}
    done = [item for item in library.tokenizations(dataset.id) if item.id not in running]
    _new(library, dataset, at_first=not (done or running))
    polling.live(library, find, _draw_running)
    if not done and not running:
        st.info(
            "No tokenizations yet. Choose your model's tokenizer above: sequences, figures and charts appear here "
            "while the job runs.",
            icon=":material/token:",
        )
    shown = done[::-1]
    if len(shown) > _MOST_CARDS:
        shown = _ticked(library, dataset, shown)
    else:
        compare_link.draw([item.id for item in shown if item.status == "ready"])
    for position, tokenization in enumerate(shown):
        tokenization_card.draw(library, tokenization, library.jobs(tokenization.id), opened=position == 0)


def _ticked(library: Library, dataset: Dataset, done: list[Tokenization]) -> list[Tokenization]:
    """Draw all as a table; return those whose cards are drawn below: what is ticked or asked for, else the newest."""
    ticked = runs_table.draw(library, dataset, done)
    ready = [item.id for item in ticked if item.status == "ready"]
    if len(ready) > 1:
        compare_link.draw(ready)
    else:
        st.caption("Tick two to four to compare them, one to see its figures and code.")
    asked = st.query_params.get(keys.CODE_OF)
    return ticked or [item for item in done if item.id == asked] or done[:1]


def _new(library: Library, dataset: Dataset, *, at_first: bool) -> None:
    if not library.may("start"):
        return
    with st.container(border=True):
        key = recipe_fields.key(dataset, "new")
        if folding.is_open("New tokenization", key, icon=":material/add:", at_first=at_first):
            form.draw(library, dataset)


def _draw_running(library: Library, jobs: Sequence[Job]) -> None:
    for job in jobs:
        with st.container(border=True, gap="small"):
            if not makes_tokenization(job.kind):
                st.markdown(f"**{plain(kind_of(job.kind).title)}**")
                job_progress.draw(job)
                job_progress.cancel_button(library, job)
                continue
            tokenization_card.head(library.tokenization(job.subject_id), job=job)
            job_progress.draw(job)
            where.failed_shards(job)
            tokenization_card.live_figures(job)
            figures.live_lengths(job.id, job.progress_seq, job.live, keys.of(job.subject_id, "lengths"))
            figures.live_top_tokens(job.id, job.progress_seq, job.live, keys.of(job.subject_id, "top"))
            job_progress.cancel_button(library, job)

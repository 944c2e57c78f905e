"""Many tokenizations as a table: one line each, sorted by a click on a column, compared by ticking."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import streamlit as st

from mistudio_core.library import Library
from mistudio_core.library.presets import preset
from mistudio_core.library.queries import makes_tokenization
from mistudio_core.records import Dataset, Job, Tokenization
from mistudio_core.ui.app import keys
from mistudio_core.ui.widgets import badges, titles

_LINE_HEIGHT: Final = 35
_MOST_LINES: Final = 14
_MB: Final = 1 << 20  # as everywhere in the app
# Pixels that let all columns be seen in a window of 1,280; a longer value is seen whole when its cell is clicked.
_COLUMNS: Final[Mapping[str, Any]] = {
    "Tokenizer": st.column_config.TextColumn(width=97),
    "Preset": st.column_config.TextColumn(width=92),
    "Differs by": st.column_config.TextColumn(width=80),
    "Context": st.column_config.NumberColumn(width=62, format="localized", help="Tokens in a sequence"),
    "Sequences": st.column_config.NumberColumn(width=78, format="localized"),
    "Tokens": st.column_config.NumberColumn(width=58, format="compact"),
    "Engine": st.column_config.TextColumn(width=56),
    "Tokens/s": st.column_config.NumberColumn(
        width=66, format="compact", help="Of the whole job, from its start to its end"
    ),
    "MB": st.column_config.NumberColumn(width=48, format="%.2f", help="Size on disk"),
    "Created": st.column_config.DatetimeColumn(width=98, format="distance"),
    "State": st.column_config.TextColumn(width=52),
}


def draw(library: Library, dataset: Dataset, tokenizations: Sequence[Tokenization]) -> list[Tokenization]:
    """Draw the table, newest first as given; return the tokenizations that are ticked."""
    makers: dict[str, Job] = {}
    for job in reversed(library.jobs()):
        if makes_tokenization(job.kind) and job.ended_at is not None:
            makers[job.subject_id] = job
    key = keys.of(dataset.id, f"runs:{hash(tuple(item.id for item in tokenizations))}")
    table = st.dataframe(
        [line(item, makers.get(item.id)) for item in tokenizations],
        hide_index=True,
        lazy=False,
        key=key,
        on_select="rerun",
        selection_mode="multi-row",
        height=_LINE_HEIGHT * (min(len(tokenizations), _MOST_LINES) + 1) + 3,
        column_config=_COLUMNS,
        alt=f"{len(tokenizations)} tokenizations with their recipes and figures",
    )
    return [tokenizations[place] for place in table["selection"]["rows"] if place < len(tokenizations)]


def line(item: Tokenization, maker: Job | None) -> dict[str, Any]:
    """Return the cells of a tokenization, made by the job `maker`; figures are None where it is not ready."""
    ready = item.status == "ready"
    return {
        "Tokenizer": titles.tokenizer(item.tokenizer),
        "Preset": preset(item.recipe.preset).title,
        "Differs by": titles.options(item.recipe.values()),
        "Context": item.context_length,
        "Sequences": item.num_sequences if ready else None,
        "Tokens": item.num_tokens if ready else None,
        "Engine": item.engine or "",
        "Tokens/s": _rate(item, maker) if ready else None,
        "MB": item.size_bytes / _MB if ready else None,
        "Created": item.created_at,
        "State": badges.of_tokenization(item).label,
    }


def _rate(item: Tokenization, maker: Job | None) -> float | None:
    """Return the tokens per second of the job that made a tokenization; None where it is not known."""
    if maker is None or maker.started_at is None or maker.ended_at is None:
        return None
    seconds = (maker.ended_at - maker.started_at).total_seconds()
    return item.num_tokens / seconds if seconds > 0 else None

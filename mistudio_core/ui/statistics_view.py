"""The statistics of a dataset's text and of its tokenizations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import streamlit as st

from mistudio_core.library import Library
from mistudio_core.records import Dataset, Tokenization
from mistudio_core.ui import failures, formats, keys, text_statistics, token_statistics
from mistudio_core.ui.escape import one_line

_TEXT: Final = "text"


def draw(library: Library, dataset: Dataset) -> None:
    """Draw the tab: of the text, or of the tokenization that the address names."""
    done = [item for item in reversed(library.tokenizations(dataset.id)) if item.status == "ready"]
    chooser = st.container(horizontal=True)
    with chooser:
        chosen = _choose(done)
    with failures.shown():
        statistics = library.statistics(chosen.id if chosen else dataset.id)
        if statistics is None:
            st.info("There are no statistics of it yet.", icon=":material/bar_chart_off:")
        elif chosen is None:
            text_statistics.draw(dataset, statistics, chooser)
        else:
            token_statistics.draw(chosen, statistics)


def _choose(done: Sequence[Tokenization]) -> Tokenization | None:
    by_id = {item.id: item for item in done}
    options = [_TEXT, *by_id]
    asked = st.query_params.get(keys.STATISTICS_OF, _TEXT)
    # A bound widget would put its labels into the address; two tokenizations may have the same one.
    chosen = st.selectbox(
        "Statistics of",
        options,
        index=options.index(asked) if asked in by_id else 0,
        key=f"_{keys.STATISTICS_OF}",
        on_change=_chosen,
        format_func=lambda name: _label(by_id.get(name)),
        width=320,
    )
    return by_id.get(chosen)


def _chosen() -> None:
    st.query_params[keys.STATISTICS_OF] = st.session_state[f"_{keys.STATISTICS_OF}"]


def _label(tokenization: Tokenization | None) -> str:
    if tokenization is None:
        return "The text"
    return f"Tokens: {one_line(tokenization.tokenizer, 60)}, {formats.exact(tokenization.context_length)} a row"

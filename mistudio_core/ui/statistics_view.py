"""The statistics of a dataset's text and of its tokenizations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import streamlit as st

from mistudio_core.library import Library
from mistudio_core.records import Dataset, Tokenization
from mistudio_core.ui import failures, formats, keys, length_chart
from mistudio_core.ui.escape import one_line

_TEXT: Final = "text"
_TEXT_LENGTHS: Final = {"characters": "Characters", "words": "Words", "bytes": "Bytes"}


def draw(library: Library, dataset: Dataset) -> None:
    """Draw the tab: of the text, or of the tokenization that the address names."""
    done = [item for item in reversed(library.tokenizations(dataset.id)) if item.status == "ready"]
    chosen = _choose(done)
    with failures.shown():
        statistics = library.statistics(chosen.id if chosen else dataset.id)
        if statistics is None:
            st.info("There are no statistics of it yet.", icon=":material/bar_chart_off:")
        elif chosen is None:
            _of_text(dataset, statistics)
        else:
            _of_tokens(chosen, statistics)


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
        width=420,
    )
    return by_id.get(chosen)


def _chosen() -> None:
    st.query_params[keys.STATISTICS_OF] = st.session_state[f"_{keys.STATISTICS_OF}"]


def _label(tokenization: Tokenization | None) -> str:
    if tokenization is None:
        return "The text"
    return f"Tokens: {one_line(tokenization.tokenizer, 60)}, {formats.exact(tokenization.context_length)} a row"


def _of_tokens(tokenization: Tokenization, statistics: Mapping[str, Any]) -> None:
    vocabulary = statistics.get("vocabulary") or {}
    with st.grid(4, min_column_width=150):
        _figure("Samples", statistics.get("documents"))
        _figure("Tokens", statistics.get("tokens"))
        _figure("Average length, tokens", (statistics.get("document_tokens") or {}).get("mean"))
        _figure("Unique tokens", vocabulary.get("distinct"))
    length_chart.stored(statistics, tokenization.id)


def _of_text(dataset: Dataset, statistics: Mapping[str, Any]) -> None:
    with st.grid(4, min_column_width=150):
        _figure("Samples", dataset.num_samples)
        _figure("Splits", len(dataset.splits))
    st.json(dict(statistics), expanded=False)


def _figure(label: str, number: float | None) -> None:
    rounded = round(number, 1) if isinstance(number, float) else number
    shown, exactly = formats.count(rounded), formats.exact(rounded)
    st.metric(label, shown, help=exactly if exactly != shown else None, border=True, height="stretch")

"""The histogram of document lengths of a tokenization, live and stored, in one place so that nothing jumps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import streamlit as st

from mistudio_core.records import Job
from mistudio_core.ui import keys

_CACHED_CHARTS: Final = 64
_LENGTHS: Final = "document_tokens"


def live(job: Job) -> None:
    """Draw what a running tokenization has counted so far; nothing before its first numbers."""
    lengths = job.live.get(_LENGTHS)
    if lengths:
        chart, alt = _figure(job.id, job.progress_seq, lengths, live=True)
        st.altair_chart(chart, key=keys.of(job.subject_id, "lengths"), alt=alt, width="stretch")


def stored(statistics: Mapping[str, Any] | None, tokenization_id: str) -> None:
    """Draw the histogram that was stored with a tokenization."""
    lengths = (statistics or {}).get(_LENGTHS)
    if lengths is None:
        st.caption("No statistics were stored with this tokenization.")
        return
    chart, alt = _figure(tokenization_id, 0, lengths, live=False)
    st.altair_chart(chart, key=keys.of(tokenization_id, "lengths"), alt=alt, width="stretch")


# All visitors who look at the same state of a job share the chart drawn of it.
@st.cache_data(max_entries=_CACHED_CHARTS, show_spinner=False)
def _figure(record_id: str, seq: int, _lengths: Mapping[str, Any], *, live: bool) -> tuple[Any, str]:  # noqa: ARG001 - the key of the cache
    from mistudio_core.charts.lengths import length_histogram

    figure = length_histogram(_lengths, title="Document lengths", unit="tokens", live=live)
    return figure.chart, figure.alt

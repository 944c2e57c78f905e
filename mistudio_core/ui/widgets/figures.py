"""Putting the charts of the core on a page, in the theme's colours and with their alternative text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

import streamlit as st

if TYPE_CHECKING:
    from mistudio_core.charts.figure import Figure, Scale

_CACHED_CHARTS: Final = 64
_LIVE_TOP: Final = 10  # bars; the page has all of them when the rows are made
_BINNED: Final = "document_tokens"
_MIDDLE_LUMINANCE: Final = 0.5  # of 0 to 1: between the backgrounds of the two themes


def draw(figure: Figure, key: str) -> None:
    """Draw a figure; a stable key lets the browser change the data in place."""
    _place(figure.chart, figure.alt, key)


def scale_choice(key: str, *, default: Scale = "log") -> Scale:
    """Draw the switch between a logarithmic and a linear axis, and return what is chosen."""
    logarithmic = st.toggle("Logarithmic scale", value=default == "log", key=key, persist_state="session")
    return "log" if logarithmic else "linear"


def count_scale_choice(key: str) -> Scale:
    """Draw the switch of the axis of counts, which begins linear."""
    logarithmic = st.toggle("Logarithmic counts", value=False, key=key, persist_state="session")
    return "log" if logarithmic else "linear"


def themed(chart: Any) -> Any:
    """Return a chart whose words can be read: Streamlit's theme leaves subtitles black, and axes and legends pale.

    The chart chooses the colour by its own background, since a visitor's theme may change without a new run.
    """
    light, dark = (st.get_option(f"theme.{kind}.grayTextColor") for kind in ("light", "dark"))
    muted = {"expr": f"luminance(background) > {_MIDDLE_LUMINANCE} ? '{light}' : '{dark}'"}
    words = {"labelColor": muted, "titleColor": muted}
    return chart.configure_title(subtitleColor=muted).configure_axis(**words).configure_legend(**words)


def theme_option(name: str) -> Any:
    """Return a setting of the theme that the visitor sees."""
    kind = "light" if st.context.theme.type == "light" else "dark"
    return st.get_option(f"theme.{kind}.{name}")


def live_lengths(record_id: str, seq: int, result: Mapping[str, Any], key: str) -> None:
    """Draw the document lengths of a running tokenization as its progress number `seq` has them.

    All visitors who look at the same state share the chart drawn of it.
    """
    if result.get(_BINNED, {}).get("count"):
        chart, alt = _drawn(record_id, seq, lambda: _lengths(result, live=True))
        _place(chart, alt, key)


def live_top_tokens(record_id: str, seq: int, result: Mapping[str, Any], key: str) -> None:
    """Draw the most frequent tokens of a running tokenization as its progress number `seq` has them."""
    if result.get("top_tokens"):
        chart, alt = _drawn(f"{record_id}:top", seq, lambda: _top(result))
        _place(chart, alt, key)


def stored_lengths(result: Mapping[str, Any] | None, key: str, scale: Scale = "log") -> None:
    """Draw the document lengths of a finished tokenization."""
    if result is None or _BINNED not in result:
        st.caption("No statistics were stored with this tokenization.")
        return
    draw(_lengths(result, live=False, scale=scale), key)


def _place(chart: Any, alt: str, key: str) -> None:
    st.altair_chart(themed(chart), key=key, alt=alt, width="stretch")


@st.cache_data(max_entries=_CACHED_CHARTS, show_spinner=False)
def _drawn(record_id: str, seq: int, _make: Callable[[], Figure]) -> tuple[Any, str]:
    # Not the figure itself: what a cache keeps outlives a hot reload, and our classes do not.
    del record_id, seq
    figure = _make()
    return figure.chart, figure.alt


def _lengths(result: Mapping[str, Any], *, live: bool, scale: Scale = "log") -> Figure:
    from mistudio_core.charts.lengths import length_histogram

    return length_histogram(result[_BINNED], title="Document lengths", unit="tokens", live=live, scale=scale)


def _top(result: Mapping[str, Any]) -> Figure:
    from mistudio_core.charts.vocabulary import top_tokens

    return top_tokens(result, most=_LIVE_TOP)

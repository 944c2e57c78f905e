"""The statistics of one tokenization: the stored result, or what a running job has counted so far."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

import streamlit as st

from mistudio_core.library import Library
from mistudio_core.records import Tokenization
from mistudio_core.ui.app import keys
from mistudio_core.ui.columns import bar_fields
from mistudio_core.ui.statistics import bar_links, chart_card, rare_ids, summary, token_tables
from mistudio_core.ui.statistics import positions as token_positions
from mistudio_core.ui.widgets import contents, figure_cards, figures, formats

if TYPE_CHECKING:
    from mistudio_core.charts.figure import Figure, Scale

_CARD_WIDTH: Final = 180
_TABLE_WIDTH: Final = 320
_CACHED_CHARTS: Final = 64
_SECTIONS: Final = {
    "figures": "Figures",
    "charts": "Charts",
    "coverage": "Coverage",
    "lengths": "Lengths",
    "dropped": "Dropped tokens",
    "fertility": "Fertility",
    "special": "Special tokens",
}
_AT_THE_END: Final = {"positions": "Positions", "rare": "Unused ids"}  # what a running job does not know yet


def draw(library: Library, tokenization: Tokenization, result: Mapping[str, Any]) -> None:
    """Draw a stored result; padding is never counted as a token."""
    if "document_tokens" not in result:
        st.caption("No statistics were stored with this tokenization.")
        return
    with contents.draw(_SECTIONS | _AT_THE_END):
        _sections(tokenization, result, None)
        if place := contents.fold("positions", "Token frequency by position", icon=":material/timeline:"):
            with place:
                token_positions.draw(tokenization, result["positions"])
        unused = formats.exact(result["vocabulary"]["never_seen"])
        if place := contents.fold("rare", f"Unused and rare ids: {unused} unused", icon=":material/visibility_off:"):
            with place:
                rare_ids.draw(library, tokenization, result["vocabulary"])
        chart_card.save_json(
            "All statistics (JSON)", result, f"statistics-{tokenization.id}", keys.of(tokenization.id, "stats_json")
        )


def draw_live(tokenization: Tokenization, seq: int, result: Mapping[str, Any]) -> None:
    """Draw what a running job has counted so far, as its progress number `seq` has it: the same, as far as it goes."""
    if not result.get("documents") or "document_tokens" not in result:
        st.caption("Nothing has been counted yet.")
        return
    with contents.draw(_SECTIONS):
        _sections(tokenization, result, seq)
        st.caption("Positions and rare ids are shown once all sequences are written.")


def _sections(tokenization: Tokenization, result: Mapping[str, Any], seq: int | None) -> None:
    """Draw what a running job knows too; the charts of its progress number `seq` cannot be clicked."""
    with contents.section("figures"):
        st.markdown(summary.of_tokens(result))
        _cards(result)
    charts = _Charts(tokenization, result, figures.scale_choice(keys.of("token_statistics", "scale")), seq)
    with contents.section("charts"):
        charts.draw()
    if place := contents.fold(
        "coverage", "Tokens covered by the most frequent ids", icon=":material/stacked_line_chart:"
    ):
        with place:
            curve, table = st.columns(2)
            with curve:
                charts.draw_coverage()
            with table:
                token_tables.coverage(result)
    for key, (label, icon, draw_table) in _TABLES.items():
        if place := contents.fold(key, label, icon=icon):
            with place:
                draw_table(result)
    if place := contents.fold("special", "Special and control tokens", icon=":material/code:"):
        with place:
            _special_tokens(result, tokenization if seq is None else None)


def _cards(result: Mapping[str, Any]) -> None:
    vocabulary, lost = result["vocabulary"], result["lost"]
    with st.grid(4, min_column_width=_CARD_WIDTH):
        figure_cards.count("Samples", result["documents"], color="green")
        figure_cards.count("Tokens", result["tokens"], color="blue")
        figure_cards.count("Average length", result["document_tokens"]["mean"], color="violet")
        figure_cards.count("Unique tokens", vocabulary["distinct"], color="yellow")
        figure_cards.share("Vocabulary used", vocabulary["share"], help_text=_of(vocabulary, "distinct", "size", "ids"))
        if result["live"] and not result["sequences"]:
            figure_cards.later(
                "Sequences", "Documents per sequence", "Sequences spanning documents", "Utilisation", "Padding"
            )
        else:
            _sequence_cards(result)
        figure_cards.share("Dropped tokens", lost["share"], help_text=_exactly(lost["tokens"], "token"))
        figure_cards.ratio("Bytes per token", result["fertility"]["bytes_per_token"])


def _sequence_cards(result: Mapping[str, Any]) -> None:
    padding, crossing = result["padding"], result["sequences_crossing_documents"]
    figure_cards.count("Sequences", result["sequences"])
    figure_cards.mean("Documents per sequence", result["documents_per_sequence"])
    figure_cards.share("Sequences spanning documents", crossing["share"], help_text=_crossing(crossing["count"]))
    figure_cards.share("Utilisation", result["utilisation"], help_text="Positions that hold a token, not padding.")
    figure_cards.share("Padding", padding["share"], help_text=_exactly(padding["count"], "position"))


class _Charts:
    """The charts of a result; those of a progress number are made once for all who look at it."""

    def __init__(self, tokenization: Tokenization, result: Mapping[str, Any], scale: Scale, seq: int | None) -> None:
        self._tokenization, self._result, self._scale, self._seq = tokenization, result, scale, seq

    def draw(self) -> None:
        """Draw the charts that are always open in two columns."""
        from mistudio_core.charts.lengths import length_histogram
        from mistudio_core.charts.vocabulary import rank_frequency, top_tokens

        result, tokenization = self._result, self._tokenization
        left, right = st.columns(2)
        with left.container(border=True):
            self._show(
                "lengths",
                lambda: length_histogram(
                    result["document_tokens"], title="Document lengths", unit="tokens", scale=self._scale,
                    live=result["live"],
                ),
                bar_links.to_samples(tokenization.dataset_id, bar_fields.of_tokens(tokenization)),
            )  # fmt: skip
            chart_card.note_if_inexact(result["document_tokens"])
        with right.container(border=True):
            counts = figures.count_scale_choice(keys.of("token_statistics", "counts"))
            self._show(f"top:{counts}", lambda: top_tokens(result, scale=counts), bar_links.to_tokens(tokenization))
        with left.container(border=True):
            self._show("ranks", lambda: rank_frequency(result, scale=self._scale))

    def draw_coverage(self) -> None:
        """Draw how much of the tokens the most frequent ids make up."""
        from mistudio_core.charts.vocabulary import coverage_curve

        self._show("coverage", lambda: coverage_curve(self._result, scale=self._scale))

    def _show(self, name: str, make: Callable[[], Figure], clicks: bar_links.Clicks | None = None) -> None:
        ident = self._tokenization.id
        figure = make() if self._seq is None else _rebuilt(ident, f"{name}:{self._scale}", self._seq, make)
        # While the job runs, neither samples nor sequences can be searched for their tokens.
        chart_card.draw(figure, keys.of(ident, f"stats_{name}"), clicks=clicks if self._seq is None else None)


@st.cache_data(max_entries=_CACHED_CHARTS, show_spinner=False)
def _parts(record_id: str, name: str, seq: int, _make: Callable[[], Figure]) -> tuple[Any, ...]:
    # Not the figure itself: what a cache keeps outlives a hot reload, and our classes do not.
    del record_id, name, seq
    figure = _make()
    return figure.name, figure.chart, figure.alt, figure.data


def _rebuilt(record_id: str, name: str, seq: int, make: Callable[[], Figure]) -> Figure:
    from mistudio_core.charts.figure import Figure

    return Figure(*_parts(record_id, name, seq, make))


def _special_tokens(result: Mapping[str, Any], searched: Tokenization | None) -> None:
    with st.grid(2, min_column_width=_TABLE_WIDTH, border=True):
        token_tables.special_tokens(result, searched)
        token_tables.control_tokens(result)


_TABLES: Final[Mapping[str, tuple[str, str, Callable[[Mapping[str, Any]], None]]]] = {
    "lengths": ("Lengths of documents and sequences", ":material/straighten:", token_tables.distributions),
    "dropped": ("Dropped tokens, and why", ":material/content_cut:", token_tables.lost),
    "fertility": ("Fertility: tokens per byte, character and word", ":material/calculate:", token_tables.fertility),
}


def _of(values: Mapping[str, Any], part: str, total: str, noun: str) -> str:
    return f"{formats.exact(values[part])} of {formats.exact(values[total])} {noun}"


def _crossing(sequences: int) -> str:
    return f"{_exactly(sequences, 'sequence')} with parts of more than one document"


def _exactly(number: int, noun: str) -> str:
    return f"{formats.exact(number)} {noun if number == 1 else noun + 's'}"

"""The statistics of one tokenization, from its stored result."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import streamlit as st

from mistudio_core.records import Tokenization
from mistudio_core.ui import figure_cards, figures, formats, keys

_CARD_WIDTH: Final = 150
_CHART_WIDTH: Final = 380


def draw(tokenization: Tokenization, result: Mapping[str, Any]) -> None:
    """Draw cards and charts of a result of version 1; padding is never counted as a token."""
    lengths = result.get("document_tokens")
    if lengths is None:
        st.caption("No statistics were stored with this tokenization.")
        return
    vocabulary = result["vocabulary"]
    with st.grid(4, min_column_width=_CARD_WIDTH):
        figure_cards.count("Samples", result["documents"], color="green")
        figure_cards.count("Tokens", result["tokens"], color="blue")
        figure_cards.count("Tokens a sample, mean", lengths["mean"], color="violet")
        figure_cards.count("Unique tokens", vocabulary["distinct"], color="yellow")
        figure_cards.count("Rows", result["rows"])
        figure_cards.ratio("Bytes per token", result["fertility"]["bytes_per_token"])
        figure_cards.share(
            "Vocabulary used",
            vocabulary["share"],
            help_text=f"{formats.exact(vocabulary['distinct'])} of {formats.exact(vocabulary['size'])} ids",
        )
        figure_cards.share(
            "Tokens lost", result["lost"]["share"], help_text=f"{formats.exact(result['lost']['tokens'])} tokens"
        )
    _charts(tokenization, result)


def _charts(tokenization: Tokenization, result: Mapping[str, Any]) -> None:
    from mistudio_core.charts.vocabulary import coverage_curve, rank_frequency, top_tokens

    scale = figures.scale_choice(keys.of("token_statistics", "scale"))

    def key(name: str) -> str:
        return keys.of(tokenization.id, f"stats_{name}")

    with st.container(border=True):
        figures.stored_lengths(result, key("lengths"), scale)
    with st.grid(2, min_column_width=_CHART_WIDTH, border=True):
        figures.draw(rank_frequency(result, scale=scale), key("ranks"))
        figures.draw(coverage_curve(result, scale=scale), key("coverage"))
    with st.container(border=True):
        figures.draw(top_tokens(result), key("top"))

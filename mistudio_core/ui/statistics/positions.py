"""Token frequency by position in the sequence: a few tokens as lines, or all counted ones as a heatmap."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import streamlit as st

from mistudio_core.records import Tokenization
from mistudio_core.ui.app import keys
from mistudio_core.ui.statistics import chart_card

_LINES: Final = "Lines, a few tokens"
_MAP: Final = "Heatmap, all counted tokens"


def draw(tokenization: Tokenization, positions: Mapping[str, Any] | None) -> None:
    """Draw the frequency by position, where it was counted."""
    if positions is None or not positions["tokens"]:
        return
    from mistudio_core.charts.figure import token_label
    from mistudio_core.charts.positions import LINE_TOKENS, position_lines, position_map

    def key(what: str) -> str:
        return keys.of(tokenization.id, f"stats_positions_{what}")

    way = st.radio("Positions", [_LINES, _MAP], key=key("way"), horizontal=True, label_visibility="collapsed")
    if way == _MAP:
        chart_card.draw(position_map(positions), key("map"))
        return
    labels = {row["id"]: token_label(row) for row in positions["tokens"]}
    chosen = st.multiselect(
        "Tokens",
        list(labels),
        key=key("ids"),
        format_func=labels.__getitem__,
        max_selections=LINE_TOKENS,
        placeholder=f"Up to {LINE_TOKENS}: special tokens first, then the most frequent",
    )
    chart_card.draw(position_lines(positions, ids=chosen), key("lines"))

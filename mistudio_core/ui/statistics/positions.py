"""Where in the rows the tokens stand: a few as lines, or all that were counted as a map."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import streamlit as st

from mistudio_core.records import Tokenization
from mistudio_core.ui.app import keys
from mistudio_core.ui.statistics import chart_card

_LINES: Final = "A few tokens as lines"
_MAP: Final = "All counted tokens as a map"


def draw(tokenization: Tokenization, positions: Mapping[str, Any] | None) -> None:
    """Draw the frequency by position, where it was counted."""
    if positions is None or not positions["tokens"]:
        return
    from mistudio_core.charts.vocabulary import LINE_TOKENS, position_lines, position_map, token_label

    def key(what: str) -> str:
        return keys.of(tokenization.id, f"stats_positions_{what}")

    with st.container(border=True):
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
            placeholder=f"The first {LINE_TOKENS}: special ones, then the most frequent",
        )
        chart_card.draw(position_lines(positions, ids=chosen), key("lines"))

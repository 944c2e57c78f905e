"""The hits of a token search: each in its place, and what all of them tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import streamlit as st

from mistudio_core.library import Library
from mistudio_core.records import Tokenization
from mistudio_core.ui.app import keys
from mistudio_core.ui.sequences import address as sequence_address
from mistudio_core.ui.sequences.address import HITS_A_PAGE, Asked
from mistudio_core.ui.widgets import figures, formats, token_drawing

if TYPE_CHECKING:
    from mistudio_core.library.queries import Neighbour, TokenHit, TokenHits

_LISTED: Final = 10
_SEQUENCE_PIXELS: Final = 35
_SEAMS_UNKNOWN: Final = (
    "These sequences have no separator between documents, and there are too many hits to check each of them: some "
    "may span two documents."
)


def draw(library: Library, tokenization: Tokenization, asked: Asked) -> None:
    """Draw the hits of the tokens in the address."""
    with st.spinner("Searching all sequences", show_time=True):
        found = _found(library, tokenization, asked)
        last_page = max(1, -(-found.total // HITS_A_PAGE))
        if asked.page > last_page:
            asked = replace(asked, page=last_page)
            found = _found(library, tokenization, asked)
    _sequence(tokenization, found)
    if not found.total:
        st.info("No matches.", icon=":material/search_off:")
        return
    length = len(found.sequence)
    with st.container(horizontal=True, vertical_alignment="center"):
        first = (asked.page - 1) * HITS_A_PAGE
        st.caption(_range(found, first), width="stretch")
        if last_page > 1:
            key = f"token_hits_page:{asked.page}"
            st.pagination(last_page, default=asked.page, key=key, on_change=_turn, args=(key,))

    def opened(hit: TokenHit) -> None:
        sequence_address.ask(sequence=str(hit.sequence), at=f"{hit.position}-{hit.position + length}")

    if not found.seams_known:
        st.caption(f":material/info: {_SEAMS_UNKNOWN}")
    token_drawing.draw_hits(found.hits, keys.of(tokenization.id, f"hits:{asked.page}"), opened)
    _tells(found, tokenization)


def _found(library: Library, tokenization: Tokenization, asked: Asked) -> TokenHits:
    return library.search_tokens(
        tokenization.id,
        text=asked.text if not asked.ids else None,
        ids=asked.ids or None,
        offset=(asked.page - 1) * HITS_A_PAGE,
        limit=HITS_A_PAGE,
        across=asked.across,
    )


def _sequence(tokenization: Tokenization, found: TokenHits) -> None:
    st.caption(f"Query: {formats.counted(len(found.sequence), 'token')}")
    token_drawing.draw_tokens(
        found.sequence,
        keys.of(tokenization.id, "sequence"),
        on_find=lambda ident: sequence_address.ask(ids=str(ident), text=None, page=None),
        on_sample=lambda _split, _index: None,
    )


def _range(found: TokenHits, first: int) -> str:
    total = formats.exact(found.total) if found.total_is_exact else f"at least {formats.exact(found.total)}"
    return f"Hits {formats.exact(first + 1)} to {formats.exact(first + len(found.hits))} of {total}"


def _tells(found: TokenHits, tokenization: Tokenization) -> None:
    from mistudio_core.charts.positions import hits_by_position

    before, after = st.columns(2)
    with before:
        _neighbours("Most frequent before", found.preceding, found.total)
    with after:
        _neighbours("Most frequent after", found.following, found.total)
    with st.container(border=True):
        figures.draw(hits_by_position(found.by_position), keys.of(tokenization.id, "hits_chart"))


def _neighbours(title: str, neighbours: Sequence[Neighbour], total: int) -> None:
    from mistudio_core.charts.figure import visible

    st.subheader(title, anchor=False)
    if not neighbours:
        st.caption("No token there within the same sequence.")
        return
    sequences = [
        {"Token": visible(item.token.text), "Id": item.token.id, "Hits": item.count, "Share": 100 * item.count / total}
        for item in neighbours[:_LISTED]
    ]
    st.dataframe(
        sequences,
        hide_index=True,
        lazy=False,
        height=_SEQUENCE_PIXELS * (len(sequences) + 1) + 3,
        column_config={
            "Id": st.column_config.NumberColumn(format="%d"),
            "Hits": st.column_config.NumberColumn(format="localized"),
            "Share": st.column_config.ProgressColumn(format="%.1f %%", min_value=0, max_value=100),
        },
        alt=f"{title} a hit: {', '.join(str(sequence['Token']) for sequence in sequences[:5])}",
    )


def _turn(key: str) -> None:
    page = st.session_state[key]
    sequence_address.ask(page=str(page) if page > 1 else None)

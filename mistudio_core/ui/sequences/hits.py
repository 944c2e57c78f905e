"""The hits of a token search: each in its place, and what all of them tell."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import streamlit as st

from mistudio_core.library import Library
from mistudio_core.library.queries import TOKEN_SORTS
from mistudio_core.records import Tokenization
from mistudio_core.ui.app import keys
from mistudio_core.ui.sequences import address as sequence_address
from mistudio_core.ui.sequences.address import HITS_A_PAGE, Asked
from mistudio_core.ui.widgets import figures, formats, token_drawing

if TYPE_CHECKING:
    from mistudio_core.library.queries import Neighbour, TokenHit, TokenHits

_LISTED: Final = 10
_SEQUENCE_PIXELS: Final = 35
_SORT_NAMES: Final = {"position": "In order", "before": "By the left", "after": "By the right"}
_SORTED: Final = (
    "Sorted are the first {} hits. Select one of the most frequent tokens below to see all of its contexts."
)
_SEAMS_UNKNOWN: Final = (
    "These sequences have no separator between documents, and there are too many hits to check each of them: some "
    "may span two documents."
)


def draw(library: Library, tokenization: Tokenization, asked: Asked) -> None:
    """Draw the hits of the tokens in the address."""
    with st.spinner("Searching all sequences", show_time=True):
        found = _found(library, tokenization, asked)
        last_page = max(1, -(-found.num_listed // HITS_A_PAGE))
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
        _sort(asked)
        if last_page > 1:
            key = f"token_hits_page:{asked.page}"
            st.pagination(last_page, default=asked.page, key=key, on_change=_turn, args=(key,))

    def opened(hit: TokenHit) -> None:
        sequence_address.ask(sequence=str(hit.sequence), at=f"{hit.position}-{hit.position + length}")

    if found.num_listed < found.total:
        st.caption(f":material/info: {_SORTED.format(formats.exact(found.num_listed))}")
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
        sort=asked.sort,
    )


def _sequence(tokenization: Tokenization, found: TokenHits) -> None:
    st.caption(f"Query: {formats.counted(len(found.sequence), 'token')}")
    token_drawing.draw_tokens(
        found.sequence,
        keys.of(tokenization.id, "sequence"),
        on_find=sequence_address.find,
        on_sample=lambda _split, _index: None,
    )


def _range(found: TokenHits, first: int) -> str:
    total = formats.exact(found.total) if found.total_is_exact else f"at least {formats.exact(found.total)}"
    return f"Hits {formats.exact(first + 1)} to {formats.exact(first + len(found.hits))} of {total}"


def _sort(asked: Asked) -> None:
    """Draw the choice of the order, as the address has it."""
    key = f"token_hits_sort:{asked.sort}"
    st.segmented_control(
        "Sort the hits",
        TOKEN_SORTS,
        key=key,
        default=asked.sort,
        required=True,
        format_func=_SORT_NAMES.__getitem__,
        label_visibility="collapsed",
        help="In the order of the sequences, or by the five tokens before (left) or after (right) the hit.",
        on_change=lambda: sequence_address.ask(sort=st.session_state[key], page=None),
    )


def _tells(found: TokenHits, tokenization: Tokenization) -> None:
    from mistudio_core.charts.positions import hits_by_position

    before, after = st.columns(2)
    ids = [token.id for token in found.sequence]
    with before:
        _neighbours("Most frequent before", found.preceding, found.total, lambda ident: [ident, *ids])
    with after:
        _neighbours("Most frequent after", found.following, found.total, lambda ident: [*ids, ident])
    with st.container(border=True):
        figures.draw(hits_by_position(found.by_position), keys.of(tokenization.id, "hits_chart"))


def _neighbours(
    title: str, neighbours: Sequence[Neighbour], total: int, longer: Callable[[int], Sequence[int]]
) -> None:
    """Draw the tokens beside the hits; selecting one searches for the `longer` query with it."""
    from mistudio_core.charts.figure import visible

    key = f"{title}:{','.join(map(str, longer(0)))}"

    def selected() -> None:
        rows = st.session_state[key]["selection"]["rows"]
        if rows:
            sequence_address.find(longer(neighbours[rows[0]].token.id))

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
        key=key,
        on_select=selected,
        selection_mode="single-row",
        height=_SEQUENCE_PIXELS * (len(sequences) + 1) + 3,
        column_config={
            "Id": st.column_config.NumberColumn(format="%d"),
            "Hits": st.column_config.NumberColumn(format="localized"),
            "Share": st.column_config.ProgressColumn(format="%.1f %%", min_value=0, max_value=100),
        },
        alt=f"{title} a hit: {', '.join(str(sequence['Token']) for sequence in sequences[:5])}. A selected row opens "
        "its contexts.",
    )


def _turn(key: str) -> None:
    page = st.session_state[key]
    sequence_address.ask(page=str(page) if page > 1 else None)

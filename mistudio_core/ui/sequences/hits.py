"""The hits of a token search: each in its place, and what all of them tell."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import streamlit as st

from mistudio_core.library import Library
from mistudio_core.records import Tokenization
from mistudio_core.ui.app import keys
from mistudio_core.ui.concordance import drawing as concordance
from mistudio_core.ui.concordance.drawing import Beside, Line
from mistudio_core.ui.sequences import address as sequence_address
from mistudio_core.ui.sequences.address import HITS_A_PAGE, Asked
from mistudio_core.ui.widgets import figures, formats, token_drawing

if TYPE_CHECKING:
    from mistudio_core.library.queries import Neighbour, TokenHit, TokenHits

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
    with st.container(horizontal=True, vertical_alignment="center"):
        first = (asked.page - 1) * HITS_A_PAGE
        st.caption(_range(found, first), width="stretch")
        concordance.draw_sort(
            asked.sort, "token_hits_sort", "tokens", lambda sort: sequence_address.ask(sort=sort, page=None)
        )
        if last_page > 1:
            key = f"token_hits_page:{asked.page}"
            st.pagination(last_page, default=asked.page, key=key, on_change=_turn, args=(key,))
    if found.num_listed < found.total:
        st.caption(f":material/info: {_SORTED.format(formats.exact(found.num_listed))}")
    if not found.seams_known:
        st.caption(f":material/info: {_SEAMS_UNKNOWN}")
    _lines(tokenization, found, asked)
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


def _lines(tokenization: Tokenization, found: TokenHits, asked: Asked) -> None:
    length = len(found.sequence)

    def opened(number: int) -> None:
        hit = found.hits[number]
        sequence_address.ask(sequence=str(hit.sequence), at=f"{hit.position}-{hit.position + length}")

    lines = [
        Line(f"Sequence {formats.exact(hit.sequence)}", _place(hit), hit.left, hit.match, hit.right)
        for hit in found.hits
    ]
    concordance.draw_lines(lines, keys.of(tokenization.id, f"hits:{asked.page}"), opened)


def _place(hit: TokenHit) -> str:
    sample = f", {hit.sample[0]} #{formats.exact(hit.sample[1])}" if hit.sample else ""
    return f"position {hit.position}{sample}"


def _tells(found: TokenHits, tokenization: Tokenization) -> None:
    from mistudio_core.charts.positions import hits_by_position

    ids = [token.id for token in found.sequence]
    before, after = st.columns(2)
    with before:
        _beside("Most frequent before", found, found.preceding, lambda ident: [ident, *ids])
    with after:
        _beside("Most frequent after", found, found.following, lambda ident: [*ids, ident])
    with st.container(border=True):
        figures.draw(hits_by_position(found.by_position), keys.of(tokenization.id, "hits_chart"))


def _beside(
    title: str, found: TokenHits, neighbours: Sequence[Neighbour], longer: Callable[[int], Sequence[int]]
) -> None:
    """Draw the tokens on one side of the hits; a selected one opens the hits of the `longer` query with it."""
    from mistudio_core.charts.figure import visible

    concordance.draw_beside(
        title,
        [Beside({"Token": visible(item.token.text), "Id": item.token.id}, item.count) for item in neighbours],
        found.total,
        f"{title}:{','.join(map(str, longer(0)))}",
        lambda number: sequence_address.find(longer(neighbours[number].token.id)),
    )


def _turn(key: str) -> None:
    page = st.session_state[key]
    sequence_address.ask(page=str(page) if page > 1 else None)

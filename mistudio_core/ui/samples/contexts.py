"""The contexts of what is searched for: each place in the texts on a line of its own, and what stands beside it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import streamlit as st

from mistudio_core.library import Library
from mistudio_core.library.queries import SampleQuery, SessionClosedError
from mistudio_core.records import Dataset
from mistudio_core.ui.app import keys, search_resources
from mistudio_core.ui.concordance import drawing as concordance
from mistudio_core.ui.concordance.drawing import Beside, Line
from mistudio_core.ui.samples import address as sample_address
from mistudio_core.ui.samples.address import Asked
from mistudio_core.ui.widgets import formats

if TYPE_CHECKING:
    from mistudio_core.library.queries import Concordance, WordCount

_PATIENCE_S: Final = 5.0
"""How long the page waits for texts to be read; the command has a minute."""


def draw(library: Library, dataset: Dataset, asked: Asked, query: SampleQuery) -> None:
    """Draw a page of the hits of a query; raises `StudioError`."""
    if not query.search and not query.control_tokens:
        st.info("Search for a word or a phrase to see every place where it occurs.", icon=":material/search:")
        return
    with st.spinner("Reading the texts", show_time=True):
        found = _found(library, dataset, asked, query)
        last_page = max(1, -(-found.num_listed // query.limit))
        if asked.page > last_page:
            asked = replace(asked, page=last_page)
            found = _found(library, dataset, asked, query)
    if not found.total and found.total_is_exact:
        st.info("No matches. Remove a filter or change the search.", icon=":material/search_off:")
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        st.caption(_range(found, (asked.page - 1) * query.limit), width="stretch")
        concordance.draw_sort(asked.beside, "samples_contexts_sort", "words", sample_address.sort_contexts)
        if last_page > 1:
            key = f"samples_contexts_page:{asked.page}"
            st.pagination(last_page, default=asked.page, key=key, on_change=_turn, args=(key,))
    _notes(found, asked)
    lines = [
        Line(_label(dataset, hit.split, hit.index), f"character {formats.exact(hit.start)}", hit.left, hit.match,
             hit.right)
        for hit in found.hits
    ]  # fmt: skip
    concordance.draw_lines(
        lines,
        keys.of(dataset.id, f"contexts:{asked.page}"),
        lambda number: sample_address.open_found(found.hits[number].number),
    )
    _tells(found, query)


def _found(library: Library, dataset: Dataset, asked: Asked, query: SampleQuery) -> Concordance:
    query = replace(query, offset=(asked.page - 1) * query.limit, sort="", descending=False)

    def ask() -> Concordance:
        opened = search_resources.session(library, dataset)
        return library.concordance(dataset.id, query, sort=asked.beside, session=opened, time_limit_s=_PATIENCE_S)

    try:
        return ask()
    except SessionClosedError:  # another browser has closed this index
        return ask()


def _range(found: Concordance, first: int) -> str:
    total = formats.exact(found.total) if found.total_is_exact else f"at least {formats.exact(found.total)}"
    shown = f"Hits {formats.exact(first + 1)} to {formats.exact(first + len(found.hits))}" if found.hits else "No hits"
    return f"{shown} of {total} in {formats.counted(found.num_samples, 'sample')}"


def _notes(found: Concordance, asked: Asked) -> None:
    if not found.total_is_exact:
        st.caption(
            f":material/info: These are the hits that were read in {_PATIENCE_S:g} seconds, in the order of the "
            "dataset. The command `concordance` reads for a minute."
        )
    if found.num_listed < found.total:
        what = "Listed" if asked.beside == concordance.SORTS[0] else "Sorted"
        st.caption(f":material/info: {what} are the first {formats.exact(found.num_listed)} hits; all are counted.")


def _label(dataset: Dataset, split: str, index: int) -> str:
    return f"#{formats.exact(index)}" if len(dataset.splits) == 1 else f"{split} #{formats.exact(index)}"


def _tells(found: Concordance, query: SampleQuery) -> None:
    # Of one word or a phrase, a neighbour makes a longer phrase; what else is searched for has no such search.
    extends = query.mode == "phrase" or (query.mode in ("words", "any") and len(query.search.split()) == 1)
    sides: dict[str, tuple[Sequence[WordCount], Callable[[str], str]]] = {
        "Most frequent before": (found.preceding, lambda word: f"{word} {query.search}"),
        "Most frequent after": (found.following, lambda word: f"{query.search} {word}"),
    }
    for column, (title, (words, phrase)) in zip(st.columns(2), sides.items(), strict=True):
        with column:
            _beside(title, found, words, phrase if extends else None)


def _beside(title: str, found: Concordance, words: Sequence[WordCount], phrase: Callable[[str], str] | None) -> None:
    """Draw the words on one side of the hits; a selected one opens the contexts of the `phrase` with it."""

    def selected(number: int) -> None:
        assert phrase is not None
        sample_address.ask(search=phrase(words[number].word), mode="phrase")

    concordance.draw_beside(
        title,
        [Beside({"Word": item.word}, item.count) for item in words],
        found.total,
        f"samples_{title}:{found.total}",
        selected if phrase is not None else None,
    )


def _turn(key: str) -> None:
    sample_address.turn_to(st.session_state[key])

"""The way from a sample to the sequences that hold it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import streamlit as st

from mistudio_core.errors import invalid
from mistudio_core.records import Sample, Tokenization
from mistudio_core.ui.app import failures, keys, pages
from mistudio_core.ui.app.opening import open_library

_START_CHARS: Final = 2_000
_START_TOKENS: Final = 12
"""Enough to tell a sample from most others; more would more often reach into the next sequence."""
_ERROR: Final = "own_sequences_error"


def button(tokenization: Tokenization, sample: Sample) -> None:
    """Draw the button that opens the first sequence of a sample."""
    st.button(
        "Sequences", key="own_sequences", icon=":material/token:", type="tertiary",
        on_click=opener(tokenization, sample),
    )  # fmt: skip


def show_error() -> None:
    """Draw why a sample's sequences could not be opened."""
    failures.show_stored(_ERROR)


def opener(tokenization: Tokenization, sample: Sample) -> Callable[[], None]:
    """Return the callback that opens the sequence in which a sample begins, its first tokens marked.

    Where that is not told by a search for these tokens, the search itself is opened.
    """

    def act() -> None:
        with failures.storing(_ERROR):
            library = open_library()
            start = library.preview(tokenization.recipe.to_json(), text=(sample.text or "")[:_START_CHARS]).tokens
            ids = [token.id for token in start if not token.special][:_START_TOKENS]
            if not ids:
                raise invalid("The text has no tokens.", "Open another sample.")
            query = {keys.DATASET_ID: tokenization.dataset_id, "tok": tokenization.id}
            hits = library.search_tokens(tokenization.id, ids=ids).hits
            own = next((hit for hit in hits if hit.sample == (sample.split, sample.index)), None)
            if own is None:
                query["ids"] = ",".join(map(str, ids))
            else:
                query |= {"sequence": str(own.sequence), "at": f"{own.position}-{own.position + len(ids)}"}
            st.switch_page(pages.SEQUENCES, query_params=query)

    return act

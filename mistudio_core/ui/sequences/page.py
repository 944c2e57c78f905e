"""The page of token sequences: read them one by one, or find a sequence of tokens in all of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import streamlit as st

from mistudio_core.errors import StudioError, invalid
from mistudio_core.library import Library
from mistudio_core.records import Dataset, Tokenization
from mistudio_core.ui.app import failures, keys, pages
from mistudio_core.ui.app.escape import one_line, plain
from mistudio_core.ui.sequences import address as sequence_address
from mistudio_core.ui.sequences import hits, reader
from mistudio_core.ui.sequences.address import Asked
from mistudio_core.ui.widgets.choices import distinct

_TITLE: Final = "Sequences"
_TAB: Final = "Tokenizations"
_CHOSEN: Final = "tokens_tok"
_TEXT: Final = "tokens_text"
_IDS: Final = "tokens_ids"
_ACROSS: Final = "tokens_across"


def draw(library: Library) -> None:
    """Draw the sequences of the tokenization that the address names."""
    dataset = _dataset(library)
    if dataset is None:
        st.page_link(pages.DATASETS, label="All datasets", icon=":material/arrow_back:")
        return
    st.page_link(
        pages.DATASET,
        label=plain(dataset.name, 80),
        icon=":material/arrow_back:",
        query_params={keys.DATASET_ID: dataset.id, keys.TAB: _TAB},
    )
    st.title(_TITLE, anchor=False)
    ready = [item for item in library.tokenizations(dataset.id) if item.status == "ready" and item.num_sequences]
    if not ready:
        st.info("No tokenization of this dataset has sequences yet.", icon=":material/token:")
        return
    asked = sequence_address.read()
    tokenization = _choose(ready, asked)
    _search(asked)
    failures.show_stored(keys.TOKENS_ERROR)
    with failures.shown():
        if asked.sequence is None and asked.is_search:
            hits.draw(library, tokenization, asked)
            return
        if asked.is_search:
            st.button("Back to the hits", key="tokens_back", icon=":material/arrow_back:", type="tertiary",
                      on_click=sequence_address.ask, kwargs={"sequence": None, "at": None})  # fmt: skip
        reader.draw(library, tokenization, asked)


def _dataset(library: Library) -> Dataset | None:
    dataset_id = st.query_params.get(keys.DATASET_ID)
    if not dataset_id:
        st.title(_TITLE, anchor=False)
        st.info("Select a dataset and one of its tokenizations.", icon=":material/token:")
        return None
    try:
        return library.dataset(dataset_id)
    except StudioError as error:
        st.title(_TITLE, anchor=False)
        failures.show(error)
        return None


def _choose(ready: Sequence[Tokenization], asked: Asked) -> Tokenization:
    by_id = {item.id: item for item in ready}
    current = asked.tokenization if asked.tokenization in by_id else ready[-1].id
    if st.session_state.get(_CHOSEN, current) != current:
        st.session_state[_CHOSEN] = current
        index = 0
    else:
        index = list(by_id).index(current)
    chosen = st.selectbox(
        "Tokenization",
        list(by_id),
        index=index,
        key=_CHOSEN,
        format_func=distinct({item.id: _label(item) for item in ready}).__getitem__,
        on_change=_chosen,
        width=420,
    )
    return by_id[chosen]


def _chosen() -> None:
    sequence_address.ask(tok=st.session_state[_CHOSEN], sequence=None, at=None, page=None)


def _label(tokenization: Tokenization) -> str:
    splits = ", ".join(one_line(name, 30) for name in tokenization.recipe.splits)
    return f"{one_line(tokenization.tokenizer, 60)}, {tokenization.context_length} tokens per sequence ({splits})"


def _search(asked: Asked) -> None:
    """Draw the search; what is typed counts when the form is sent, so that a text may begin with a space."""
    with st.form("tokens_search", border=False):
        with st.container(horizontal=True, vertical_alignment="bottom"):
            st.text_input(
                "Find tokens by text",
                value=asked.text,
                key=f"{_TEXT}:{asked.text}",
                help="Tokenized as in the middle of a document: a leading space matters.",
                placeholder=" Paris",
            )
            st.text_input(
                "or by ids",
                value=", ".join(map(str, asked.ids)),
                key=f"{_IDS}:{asked.ids}",
                placeholder="6342, 318",
                width=200,
            )
            st.form_submit_button("Find", icon=":material/search:", on_click=_find, args=(asked,))
        st.checkbox(
            "Include matches across documents",
            value=asked.across,
            key=f"{_ACROSS}:{asked.across}",
            help="A sequence may hold several documents. If off, hits that span two of them are left out.",
        )


def _find(before: Asked) -> None:
    text = st.session_state[f"{_TEXT}:{before.text}"]
    ids = st.session_state[f"{_IDS}:{before.ids}"]
    across = st.session_state[f"{_ACROSS}:{before.across}"]
    ids_are_new = sequence_address.ids_of(ids) != before.ids or not text
    with failures.storing(keys.TOKENS_ERROR):
        if ids and not sequence_address.ids_of(ids):
            raise invalid(
                f"{ids[:80]!r} is not a list of token ids.",
                f"Enter up to {sequence_address.MAX_IDS} whole numbers, separated by commas.",
            )
        by_ids = bool(ids) and ids_are_new
        sequence_address.ask(
            text=None if by_ids else text,
            ids=",".join(map(str, sequence_address.ids_of(ids))) if by_ids else None,
            across="1" if across else None,
            sequence=None,
            at=None,
            page=None,
        )

"""The page of token sequences: read them one by one, or find a sequence of tokens in all of them."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any, Final

import streamlit as st

from mistudio_core.errors import StudioError, invalid
from mistudio_core.library import Library
from mistudio_core.library.queries import MOST_TOKENS
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
    """Draw the search: a text is looked for as it is typed, with its spaces, ids when they are complete."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input(
            "Find tokens by text",
            **_shown(_TEXT, asked.text),
            type="search",
            live=keys.LIVE,
            help="Tokenized as in the middle of a document: a leading space matters.",
            placeholder=" Paris",
            on_change=_find_text,
        )
        st.text_input(
            "or by ids",
            **_shown(_IDS, ", ".join(map(str, asked.ids)), same=_same_ids),
            placeholder="6342, 318",
            width=200,
            on_change=_find_ids,
        )
    st.checkbox(
        "Include matches across documents",
        **_shown(_ACROSS, asked.across),
        help="A sequence may hold several documents. If off, hits that span two of them are left out.",
        on_change=lambda: _ask(across="1" if st.session_state[_ACROSS] else None),
    )


def _shown(key: str, value: Any, same: Callable[[Any, Any], bool] = operator.eq) -> dict[str, Any]:
    """Return key and value of a widget that shows what the address says; what is being typed is left alone."""
    if key not in st.session_state:
        return {"key": key, "value": value}
    if not same(st.session_state[key], value):
        st.session_state[key] = value
    return {"key": key}


def _same_ids(typed: str, shown: str) -> bool:
    return sequence_address.ids_of(typed) == sequence_address.ids_of(shown)


def _find_text() -> None:
    failures.forget(keys.TOKENS_ERROR)
    _ask(text=st.session_state[_TEXT] or None, ids=None)


def _find_ids() -> None:
    typed = st.session_state[_IDS]
    ids = sequence_address.ids_of(typed)
    with failures.storing(keys.TOKENS_ERROR):
        if typed.strip() and not ids:
            raise invalid(
                f"{typed[:80]!r} is not a list of token ids.",
                f"Enter up to {MOST_TOKENS} whole numbers, separated by commas.",
            )
        _ask(ids=",".join(map(str, ids)) or None, text=None)


def _ask(**changes: str | None) -> None:
    sequence_address.ask(**changes, sequence=None, at=None, page=None)

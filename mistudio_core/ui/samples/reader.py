"""One complete sample in a drawer: its text at the match, its other columns, and the way to the next one."""

from __future__ import annotations

import json
from typing import Any, Final

import streamlit as st

from mistudio_core.errors import StudioError
from mistudio_core.library.queries import Found
from mistudio_core.records import Dataset, Sample, Tokenization
from mistudio_core.ui.app import failures, keys, pages
from mistudio_core.ui.app.escape import plain
from mistudio_core.ui.app.opening import open_library
from mistudio_core.ui.samples import address as sample_address
from mistudio_core.ui.samples import cards, finding, order, own_sequences, page_cards
from mistudio_core.ui.widgets import excerpts, formats, key_presses, titles, token_drawing
from mistudio_core.ui.widgets.key_presses import Press

_PART_CHARS: Final = 50_000
"""So much text a browser lays out at once without a pause, and so much is sent at a time."""
_TOKENS_CHARS: Final = 20_000  # encoded while the drawer waits; some 5,000 tokens to draw
_AS_TOKENS: Final = "sample_as_tokens"
_WIDTH: Final = 760
_TREE_BYTES: Final = 500_000  # of JSON; a larger tree would freeze the page


def open_drawer(dataset: Dataset, page_size: int) -> None:
    """Open the sample that the address names."""

    def closed() -> None:
        opened = sample_address.read().opened
        sample_address.open_sample(None)
        if opened is not None and sample_address.read().view != sample_address.CONTEXTS:
            order.go_to(opened, page_size)

    st.dialog("Sample", width=_WIDTH, position="right", on_dismiss=closed)(_drawer)(dataset)


def _drawer(dataset: Dataset) -> None:
    number = sample_address.read().opened
    if number is None:
        st.rerun()
    tokenization = _tokenization(dataset)
    try:
        found = _found(dataset, number, tokenization)
    except StudioError as error:
        failures.show(error)
        return
    _steps(number, found, tokenization)
    if not found.page.rows:
        st.info("No such sample in this list.", icon=":material/search_off:")
        return
    sample = found.page.rows[0]
    _head(dataset, sample, tokenization)
    own_sequences.show_error()
    if tokenization is not None and sample.text and st.session_state.get(_AS_TOKENS):
        _tokens(tokenization, sample.text)
    else:
        _text(dataset, sample)
    nested = {name: value for name, value in sample.columns.items() if cards.is_nested(value)}
    cards.draw_columns(
        {name: value for name, value in sample.columns.items() if name not in nested},
        "sample_columns",
    )
    for name, value in nested.items():
        _tree(name, value)


def _tokenization(dataset: Dataset) -> Tokenization | None:
    tokenizations = [item for item in open_library().tokenizations(dataset.id) if item.status == "ready"]
    return order.chosen_tokenization(sample_address.read().fields, tokenizations)


def _found(dataset: Dataset, number: int, tokenization: Tokenization | None) -> Found:
    query = finding.query_of(sample_address.read().fields, tokenization, offset=number, limit=1)
    return finding.find(open_library(), dataset, query)


def _steps(number: int, found: Found, tokenization: Tokenization | None) -> None:
    total, is_exact = found.page.total, found.page.total_is_exact
    is_last = is_exact and number + 1 >= total
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button("Previous", key="sample_previous", icon=":material/arrow_back:", disabled=number <= 0,
                  on_click=sample_address.open_sample, args=(number - 1,))  # fmt: skip
        st.button("Next", key="sample_next", icon=":material/arrow_forward:", icon_position="right",
                  disabled=is_last,
                  on_click=sample_address.open_sample, args=(number + 1,))  # fmt: skip
        count = formats.exact(total) if is_exact else f"at least {formats.exact(total)}"
        st.caption(f"{formats.exact(number + 1)} of {count} in this list", width="stretch")
        if tokenization is not None:
            st.toggle("As tokens", key=_AS_TOKENS, persist_state="session", help=f"Of {tokenization.tokenizer}")
        presses = [
            Press(("ArrowLeft", "k"), "previous", lambda: sample_address.open_sample(max(0, number - 1))),
            Press(("ArrowRight", "j"), "next", lambda: sample_address.open_sample(number + (not is_last))),
            Press(("Escape",), "close"),
        ]
        if tokenization is not None:
            presses.insert(2, Press(("t",), "text as tokens", _switch_tokens))
            if found.page.rows and found.page.rows[0].text:
                presses.insert(
                    3, Press(("o",), "its sequences", own_sequences.opener(tokenization, found.page.rows[0]))
                )
        key_presses.draw(presses, "sample_keys")


def _head(dataset: Dataset, sample: Sample, tokenization: Tokenization | None) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**#{formats.exact(sample.index)}**", width="content")
        if len(dataset.splits) > 1:
            st.badge(plain(sample.split, 40), color="gray")
        if sample.text is not None:
            st.caption(f"{formats.exact(len(sample.text))} characters", width="content")
            (tokens,) = page_cards.token_counts(open_library(), dataset, tokenization, [sample])
            if tokens:
                st.caption(tokens, width="content")
            st.download_button(
                "Download text",
                data=sample.text.encode,
                file_name=f"{sample.split}-{sample.index}.txt",
                mime="text/plain",
                icon=":material/download:",
                on_click="ignore",
                type="tertiary",
            )
            if sample.text:
                asked = sample_address.read().fields
                st.page_link(
                    pages.COMPARE,
                    label="Compare tokenizers",
                    icon=":material/compare_arrows:",
                    query_params={"view": "text", "of": dataset.id, "split": sample.split, "sample": str(sample.index)}
                    | ({"column": asked["column"]} if "column" in asked else {}),
                )
            if tokenization is not None and sample.text:
                own_sequences.button(tokenization, sample)


def _text(dataset: Dataset, sample: Sample) -> None:
    text = sample.text
    if not text:
        st.caption("No text." if text is None else "The text is empty.")
        return
    name = f"{dataset.id}:{cards.name(sample)}"
    parts = -(-len(text) // _PART_CHARS)
    part = 1
    if parts > 1:
        first_match = sample.matches[0][0] if sample.matches else 0
        at = first_match // _PART_CHARS + 1
        part = st.pagination(parts, default=at, key=f"sample_part:{name}:{at}")
        st.caption(f"Part {formats.exact(part)} of {formats.exact(parts)} of the text")
    start = (part - 1) * _PART_CHARS
    excerpt = excerpts.cut(text, sample.matches, start, start + _PART_CHARS)
    cards.draw_text(excerpt.pieces, "sample_text")


def _switch_tokens() -> None:
    st.session_state[_AS_TOKENS] = not st.session_state.get(_AS_TOKENS)


def _tokens(tokenization: Tokenization, text: str) -> None:
    """Draw a text token by token, as this tokenization's recipe encodes it; a click finds a token in all sequences."""
    cut = text[:_TOKENS_CHARS]
    try:
        found = open_library().preview(tokenization.recipe.to_json(), text=cut)
    except StudioError as error:
        failures.show(error)
        return
    address = {keys.DATASET_ID: tokenization.dataset_id, "tok": tokenization.id}
    token_drawing.draw_tokens(
        found.tokens,
        "sample_tokens",
        on_find=lambda ids: st.switch_page(pages.SEQUENCES, query_params=address | {"ids": ",".join(map(str, ids))}),
        on_sample=lambda _split, _index: None,
    )
    shown = f"{formats.counted(len(found.tokens), 'token')} of {plain(titles.tokenizer(tokenization.tokenizer))}"
    if len(cut) < len(text):
        shown += f", for the first {formats.exact(len(cut))} of {formats.exact(len(text))} characters"
    st.caption(shown)


def _tree(name: str, value: Any) -> None:
    st.caption(plain(name, 80))
    size = len(json.dumps(value))
    if size <= _TREE_BYTES:
        st.json(value, expanded=2)
    else:
        st.caption(f"Too large to show ({formats.size(size)}); export the sample to read it.")

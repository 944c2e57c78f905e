"""A sample, or a typed text, as coloured tokens under the recipe of the form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import streamlit as st

from mistudio_core.errors import StudioError
from mistudio_core.library import Library
from mistudio_core.records import Dataset
from mistudio_core.ui.app import failures, keys
from mistudio_core.ui.app.escape import one_line, plain
from mistudio_core.ui.app.opening import open_library
from mistudio_core.ui.tokenize import recipe_fields
from mistudio_core.ui.widgets import formats, token_marks

_SAMPLE, _TYPED = "A sample", "My own text"
_START_TEXT: Final = "The quick brown fox – naïve 東京 🙂 <|endoftext|>"
_PREVIEWED_CHARS: Final = 20_000  # enough to see how a tokenizer works, and shown at once
_PAGE: Final = 400  # tokens; each is an element that the browser lays out
_TABLE_HEIGHT: Final = 320


@st.fragment
def draw(dataset: Dataset, tokenizer: Mapping[str, Any], recipe: Mapping[str, Any] | None) -> None:
    """Draw the preview; `recipe` is None while the form is invalid, which is shown elsewhere."""
    with st.container(border=True, gap="small"):
        text = _chosen_text(dataset, recipe)
        if text is None or recipe is None:
            return
        cut = text[:_PREVIEWED_CHARS]
        try:
            found = _preview(open_library(), tokenizer["sha256"], dict(recipe), cut)
        except StudioError as error:
            failures.show(error)
            return
        st.caption(policy_line(found["policy"], tokenizer))
        _tokens(dataset, found["tokens"], len(cut))
        if len(cut) < len(text):
            st.caption(f"The first {formats.exact(len(cut))} of {formats.exact(len(text))} characters.")


def policy_line(policy: Mapping[str, Any], tokenizer: Mapping[str, Any]) -> str:
    """Return in words where a recipe puts special tokens, as Markdown."""
    names = {ident: text for text, ident in tokenizer["control"].items()}

    def listed(field: str) -> str:
        return " ".join(_named(names, ident) for ident in policy[field])

    words = (
        ("sequence_start", "each sequence begins with"),
        ("sequence_end", "each sequence ends with"),
        ("begin_sequence", "begin_sequence_token is"),
        ("document_start", "each document begins with"),
        ("document_end", "each document ends with"),
        ("separator", "separator between documents is"),
    )
    parts = [f"{words} {listed(field)}" for field, words in words if policy[field]]
    if not policy["separator"]:
        parts.append("no separator between documents")
    if policy["pad_id"] is not None:
        parts.append(f"padding is {_named(names, policy['pad_id'])}")
    line = (
        f"sequences of {formats.exact(policy['sequence_length'])} tokens · "
        + " · ".join(parts)
        + f" · ids stored as {policy['dtype']}"
    )
    return line[:1].upper() + line[1:]


def _named(names: Mapping[int, str], ident: int) -> str:
    return f"**{plain(names.get(ident, f'[{ident}]'), 60)}**"


def _chosen_text(dataset: Dataset, recipe: Mapping[str, Any] | None) -> str | None:
    """Draw the choice between samples and typed text; return the text, None where there is none to show."""
    choice, split, index = st.columns([3, 2, 2], vertical_alignment="bottom")
    source = choice.radio(
        "Preview of", [_SAMPLE, _TYPED], horizontal=True, key=keys.of(dataset.id, "preview_of"), persist_state="session"
    )
    if source == _TYPED:
        return st.text_area(
            "Text", _START_TEXT, key=keys.of(dataset.id, "preview_text"), max_chars=_PREVIEWED_CHARS, height=100,
            persist_state="session",
        )  # fmt: skip
    names = [name for name, number in dataset.splits.items() if number]
    chosen = split.selectbox(
        "Split", names, key=keys.of(dataset.id, "preview_split"), format_func=lambda name: one_line(name, 40)
    )
    number = index.number_input(
        "Sample", min_value=0, max_value=max(0, dataset.splits[chosen] - 1), value=0, step=1,
        key=keys.of(dataset.id, f"preview_index_{names.index(chosen)}"), help="Index within the split, from 0.",
    )  # fmt: skip
    return None if recipe is None else _sample_text(dataset, recipe, chosen, number)


def _sample_text(dataset: Dataset, recipe: Mapping[str, Any], split: str, index: int) -> str | None:
    try:
        text = open_library().source_text(dataset.id, recipe, split=split, index=index).text
    except StudioError as error:
        failures.show(error)
        return None
    if text is None:
        st.info("This recipe skips this sample: its text is missing, empty or too short.", icon=":material/skip_next:")
    return text


# Plain values alone: what a cache keeps outlives a hot reload, and our classes do not.
@st.cache_data(max_entries=recipe_fields.CACHED, show_spinner=False)
def _preview(_library: Library, sha256: str, recipe: dict[str, Any], text: str) -> dict[str, Any]:
    del sha256  # a part of the key: the same name may come to stand for another tokenizer
    return _library.preview(recipe, text=text).to_json()


def _tokens(dataset: Dataset, tokens: Sequence[Mapping[str, Any]], num_chars: int) -> None:
    shown, with_ids, as_table = st.columns([3, 1, 1], vertical_alignment="center")
    special = sum(token["special"] for token in tokens)
    shown.markdown(
        f"**{formats.counted(len(tokens), 'token')}** of {formats.counted(num_chars, 'character')}"
        + (f", {formats.exact(special)} of them :red-background[special]" if special else "")
        + (", :orange-background[parts of characters] as bytes" if any(map(token_marks.is_part, tokens)) else "")
    )
    ids = with_ids.toggle("Ids", key=keys.of(dataset.id, "preview_ids"), persist_state="session")
    table = as_table.toggle("Positions", key=keys.of(dataset.id, "preview_table"), persist_state="session")
    pages = -(-len(tokens) // _PAGE)
    page = st.pagination(pages, key=keys.of(dataset.id, f"preview_page_{pages}")) if pages > 1 else 1
    first = (page - 1) * _PAGE
    part = tokens[first : first + _PAGE]
    st.markdown(token_marks.line(part, with_ids=ids, first=first))
    if table:
        st.dataframe(_rows(part, first), hide_index=True, lazy=False, height=_TABLE_HEIGHT, alt="Tokens with positions")


def _rows(tokens: Sequence[Mapping[str, Any]], first: int) -> list[dict[str, Any]]:
    return [
        {
            "Position": place,
            "Id": token["id"],
            "Token": token_marks.visible(str(token["text"])),
            "Characters": f"{token['start']}–{token['end']}" if token["end"] > token["start"] else "added",
            "Kind": token_marks.kind(token),
        }
        for place, token in enumerate(tokens, first)
    ]

"""Where the text of a tokenization comes from: splits, and a column, a template or conversations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import streamlit as st

from mistudio_core.errors import StudioError
from mistudio_core.library import Library
from mistudio_core.library.queries import TextSources
from mistudio_core.records import Dataset
from mistudio_core.ui.app import failures
from mistudio_core.ui.app.escape import one_line, plain
from mistudio_core.ui.tokenize import recipe_fields
from mistudio_core.ui.tokenize.recipe_fields import CHAT, COLUMN, TEMPLATE
from mistudio_core.ui.widgets import formats

_SHOWN_CHARS: Final = 600
_TEMPLATE_HEIGHT: Final = 110
_NAMED_COLUMNS: Final = 20
_KINDS: Final = {COLUMN: "One column", TEMPLATE: "Template", CHAT: "Conversations"}


def draw(library: Library, dataset: Dataset, sources: TextSources, tokenizer: Mapping[str, Any] | None) -> None:
    """Draw the choice; `sources` are the columns that a recipe can read, by kind, `tokenizer` is the loaded one."""
    kinds = [
        kind
        for kind, possible in ((COLUMN, [*sources.text, *sources.tokens]), (TEMPLATE, sources.text),
                               (CHAT, sources.chat))
        if possible
    ]  # fmt: skip
    splits, kind, source = st.columns([3, 3, 3])
    _splits(dataset, splits)
    with kind:
        chosen = st.radio(
            "Text from",
            kinds,
            horizontal=True,
            key=recipe_fields.key(dataset, "text_from"),
            format_func=_KINDS.__getitem__,
            persist_state="session",
            help="One column, several columns joined by a template, or conversations rendered with the tokenizer's "
            "chat template.",
        )
    if chosen == TEMPLATE:
        _template(library, dataset, sources.text)
    elif chosen == CHAT:
        source.selectbox(
            "Conversation column",
            list(sources.chat),
            key=recipe_fields.key(dataset, "chat"),
            format_func=lambda name: one_line(name, 60),
            help="Detected by its type: a list of messages, each with role and content, or with from and value.",
        )
        _conversation(library, dataset, tokenizer)
    else:
        _column(dataset, source, sources)


def _splits(dataset: Dataset, place: st.delta_generator.DeltaGenerator) -> None:
    names = [name for name, number in dataset.splits.items() if number]
    place.multiselect(
        "Splits",
        names,
        default=["train"] if "train" in names else names[:1],
        key=recipe_fields.key(dataset, "splits"),
        format_func=lambda name: f"{one_line(name, 40)} ({formats.count(dataset.splits.get(name, 0))})",
        persist_state="session",
        help="Sequences never mix splits.",
    )


def _column(dataset: Dataset, place: st.delta_generator.DeltaGenerator, sources: TextSources) -> None:
    names = [*sources.text, *sources.tokens]
    place.selectbox(
        "Column",
        names,
        index=names.index("text") if "text" in names else 0,
        key=recipe_fields.key(dataset, "column"),
        format_func=lambda name: one_line(name, 60) + (" (token ids)" if name in sources.tokens else ""),
        persist_state="session",
        help="A column of integers is used as token ids and checked against the tokenizer's vocabulary.",
    )


def _template(library: Library, dataset: Dataset, columns: Sequence[str]) -> None:
    typing, preview = st.columns(2)
    with typing:
        st.text_area(
            "Template",
            key=recipe_fields.key(dataset, "template"),
            height=_TEMPLATE_HEIGHT,
            placeholder="\n\n".join("{" + one_line(name, 60) + "}" for name in columns[:3]),
            persist_state="session",
            help="Column names in braces; write a literal brace as {{ or }}.",
        )
        named = ", ".join(plain(name, 60) for name in columns[:_NAMED_COLUMNS])
        st.caption(f"Text columns: {named}" + ("…" if len(columns) > _NAMED_COLUMNS else ""))
    with preview:
        fields = recipe_fields.text_fields(dataset)
        if fields["template"].strip():
            _first_sample(library, dataset, {"tokenizer": "sample", **fields})
        else:
            st.caption("Enter a template to see its result.")


def _conversation(library: Library, dataset: Dataset, tokenizer: Mapping[str, Any] | None) -> None:
    """Say which chat template is used, and show what it makes."""
    if tokenizer is None:
        st.caption("Load the tokenizer to see a conversation in its chat template.")
        return
    if tokenizer["has_chat_template"]:
        st.caption("Uses the tokenizer's own chat template.")
    else:
        st.caption(
            "This tokenizer has no chat template: each turn becomes one line, its role, a colon and its content."
        )
    named = {
        "tokenizer": recipe_fields.tokenizer_name(dataset),
        "tokenizer_revision": recipe_fields.changed_revision(dataset),
        "tokenizer_source": recipe_fields.tokenizer_source(dataset),
    }
    _first_sample(library, dataset, named | recipe_fields.text_fields(dataset) | recipe_fields.chat_options(dataset))


def _first_sample(library: Library, dataset: Dataset, recipe: Mapping[str, Any]) -> None:
    st.markdown(":small[Result for the first sample]")
    try:
        text = library.source_text(dataset.id, recipe).text
    except StudioError as error:
        failures.show(error)
        return
    if text is None:
        st.caption("This sample has no text, or the chat template rejects it, so it would be skipped.")
    else:
        with st.container(border=True):
            st.text(text[:_SHOWN_CHARS] + ("…" if len(text) > _SHOWN_CHARS else ""))

"""One text cut by two to four tokenizers, one above the other: a sample, or what is typed; all of it in the address."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import streamlit as st

from mistudio_core.errors import StudioError
from mistudio_core.library import Library
from mistudio_core.records import Tokenization
from mistudio_core.ui.app import address, failures, pages
from mistudio_core.ui.app.escape import one_line, plain
from mistudio_core.ui.samples import links as sample_links
from mistudio_core.ui.widgets import components, formats, titles
from mistudio_core.ui.widgets.choices import distinct

if TYPE_CHECKING:
    from mistudio_core.library.queries import TextCuts

VIEW: Final = "text"
_WITH, _TEXT, _OF, _SPLIT, _SAMPLE, _COLUMN = "with", "text", "of", "split", "sample", "column"
_START_TEXT: Final = "The quick brown fox – naïve 東京 🙂 – un-believ-ably  tokenized: 1,234,567.89"
_MOST_CHARS: Final = 4_000  # of a text: some thousand tokens by each, which the browser lays out at once
_MOST_TYPED: Final = 1_500  # and an address holds
_FEWEST, _MOST = 2, 4
_CHOICE: Final = "one_text_tokenizers"
_TYPED: Final = "one_text_typed"

_component = components.registered("mistudio_text_cuts", "statistics/one_text", html="<div class='cuts'></div>")


def parameters(names: Sequence[str], **sample: Any) -> dict[str, str | list[str]]:
    """Return the address of a text by these tokenizers (or tokenizations): of a sample by `of`, `split`, `sample`."""
    given = {name: str(value) for name, value in sample.items() if value is not None}
    return {"view": VIEW, _WITH: list(names), **given}


def link(label: str, names: Sequence[str], **sample: Any) -> None:
    """Draw a link to a sample's text by these tokenizers."""
    st.page_link(
        pages.COMPARE, label=label, icon=":material/format_list_bulleted:", query_params=parameters(names, **sample)
    )


def draw(library: Library) -> None:
    """Draw the choice of tokenizers, the text, and how each cuts it."""
    there = {name: values[-1] for name, values in address.parameters().items() if values}
    asked = address.parameters().get(_WITH, [])
    offered = _offered(library, asked)
    names = _choose(offered, asked)
    with failures.shown():
        text = there.get(_TEXT)
        if text is None and _OF in there:
            text = _sample_text(library, there)
        text = _START_TEXT if text is None else text
        _type(text)
        if len(names) < _FEWEST:
            st.info(
                "Choose two to four tokenizers. The form *New tokenization* loads more of them.",
                icon=":material/compare_arrows:",
            )
            return
        cut = text[:_MOST_CHARS]
        _draw(library.compare_text(names, cut), [offered[name] for name in names])
        if len(cut) < len(text):
            st.caption(f"The first {formats.exact(len(cut))} of {formats.exact(len(text))} characters.")


def _offered(library: Library, asked: Sequence[str]) -> Mapping[str, str]:
    """Return what can be chosen, by what the library calls it: tokenizers of tokenizations, and others it keeps.

    Of several tokenizations by one tokenizer it is one that is asked for, or else the newest.
    """
    ready = [item for item in library.tokenizations() if item.status == "ready"]
    wanted = [item for item in ready if item.id in asked]
    there = set(map(_tokenizer, wanted))
    newest = {_tokenizer(item): item for item in ready if _tokenizer(item) not in there}
    chosen = [*wanted, *newest.values()]
    offered = {item.id: titles.tokenizer(item.tokenizer) for item in chosen}
    used = {item.tokenizer for item in chosen}
    if not library.settings.shared:  # where others' names are their own affair
        offered |= {item.name: titles.tokenizer(item.name) for item in library.tokenizers() if item.name not in used}
    return distinct(offered)


def _tokenizer(item: Tokenization) -> tuple[str, str | None, str]:
    return item.tokenizer, item.recipe.tokenizer_revision, item.recipe.tokenizer_source


def _choose(offered: Mapping[str, str], asked: Sequence[str]) -> list[str]:
    chosen = list(dict.fromkeys(name for name in asked if name in offered))[:_MOST]
    key = f"{_CHOICE}:{','.join(chosen)}"
    return st.multiselect(
        "Tokenizers",
        list(offered),
        default=chosen or list(offered)[:_MOST],
        key=key,
        format_func=offered.__getitem__,
        max_selections=_MOST,
        placeholder="Choose two to four",
        on_change=lambda: address.put({_WITH: list(st.session_state[key])}),
    )


def _sample_text(library: Library, there: Mapping[str, str]) -> str:
    """Return the text of the sample in the address, and draw the way to it."""
    number = there.get(_SAMPLE, "")
    index = int(number) if number.isascii() and number.isdigit() and len(number) < 16 else 0
    split, column = there.get(_SPLIT), there.get(_COLUMN)
    rows = library.samples(there[_OF], split=split, column=column, offset=index, limit=1).rows
    if not rows:
        raise StudioError("not_found", f"There is no sample {index:,}.", "Samples count from 0.")
    dataset = library.dataset(there[_OF])
    label = f"Sample {formats.exact(index)} of {plain(dataset.name, 60)}, {plain(rows[0].split, 40)}"
    sample_links.link(label, there[_OF], split=split, column=column, opened=index)
    return rows[0].text or ""


def _type(text: str) -> None:
    """Draw the text; what is typed takes the place of a sample."""
    shown = text[:_MOST_TYPED]
    key = f"{_TYPED}:{hash(shown)}"
    label = "Text" if shown == text else f"Text (its first {formats.exact(_MOST_TYPED)} characters)"
    st.text_area(
        label,
        value=shown,
        key=key,
        max_chars=_MOST_TYPED,
        height=110,
        on_change=lambda: address.put({_TEXT: st.session_state[key], **dict.fromkeys((_OF, _SPLIT, _SAMPLE, _COLUMN))}),
    )


def _draw(found: TextCuts, names: Sequence[str]) -> None:
    st.markdown(_summary(found, names))
    rows = [
        {
            "differs": piece.differs,
            "cells": [
                [[token.id, token.text, int(token.special)] for token in tokens[slice(*own)]]
                for tokens, own in zip(found.tokens, piece.tokens, strict=True)
            ],
        }
        for piece in found.pieces
    ]
    _component(key="one_text_cuts", data={"names": [one_line(name, 40) for name in names], "pieces": rows})
    st.caption(
        "A column is a part of the text between two places where all of them cut; a bar below it says that they cut it "
        "differently. A space at a word's token is no difference, and special tokens of a recipe are left out."
    )


def _summary(found: TextCuts, names: Sequence[str]) -> str:
    """Return how many tokens each makes of it, and where they first differ, as Markdown."""
    counts = [f"{plain(name)} **{formats.exact(len(own))}**" for name, own in zip(names, found.tokens, strict=True)]
    differing = [piece for piece in found.pieces if piece.differs]
    text = f"Tokens: {', '.join(counts)}. "
    if not differing:
        return text + "All of them cut this text in the same places."
    first = differing[0]
    part = found.text[first.start : first.end]
    quoted = plain(f"“{part}”", 60) if part.strip() else "white space"
    share = f"{formats.exact(len(differing))} of {formats.counted(len(found.pieces), 'part')}"
    return f"{text}{share} are cut differently, the first at character {formats.exact(first.start)}: {quoted}"

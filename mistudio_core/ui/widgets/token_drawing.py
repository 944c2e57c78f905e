"""Tokens as coloured text, drawn in the browser by a component of our own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

import streamlit as st

from mistudio_core.library.queries import MOST_TOKENS
from mistudio_core.ui.widgets import components, formats

if TYPE_CHECKING:
    from mistudio_core.library.queries import Source


class Drawable(Protocol):
    """A token as it is drawn: of stored sequences or of a preview."""

    @property
    def id(self) -> int:
        """Its id."""
        ...

    @property
    def text(self) -> str:
        """What it stands for."""
        ...

    @property
    def special(self) -> bool:
        """Whether ordinary text never produces it."""
        ...


_component = components.registered("mistudio_tokens", "widgets/token_drawing", html="<div class='tokens'></div>")


def draw_tokens(
    tokens: Sequence[Drawable], key: str, *, first: int = 0, parts: Sequence[Source] = (),
    mark: tuple[int, int] | None = None, on_find: Callable[[Sequence[int]], None],
    on_sample: Callable[[str, int], None],
) -> None:  # fmt: skip
    """Draw tokens, the first of which is at position `first` of its sequence.

    `parts` are the pieces that come from one sample each; `mark` are the highlighted positions [start, end).
    `on_find` gets the ids of consecutive tokens to search for, `on_sample` the split and index of a sample to open.
    """

    def found() -> None:
        chosen = st.session_state[key].find
        run = [tokens[at].id for at in chosen if isinstance(at, int) and 0 <= at < len(tokens)] if chosen else []
        if run:
            on_find(run[:MOST_TOKENS])

    def sampled() -> None:
        place = st.session_state[key].sample
        part = parts[place] if isinstance(place, int) and 0 <= place < len(parts) else None
        if part is not None:
            on_sample(part.split, part.sample)

    data = {
        "tokens": [[token.id, token.text, int(token.special)] for token in tokens],
        "first": first,
        "parts": [{"start": part.start, "end": part.end, "label": _label(part)} for part in parts],
        "mark": mark,
    }
    _component(key=key, data=data, on_find_change=found, on_sample_change=sampled)


def _label(part: Source) -> str:
    begins = "" if part.first == 0 else f", from token {formats.exact(part.first)} on"
    return f"{part.split} #{formats.exact(part.sample)}{begins}"

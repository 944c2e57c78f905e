"""Tokens as coloured text, and hits with their context, drawn in the browser by a component of our own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import streamlit as st

from mistudio_core.library.queries import MOST_TOKENS
from mistudio_core.ui.widgets import components, formats

if TYPE_CHECKING:
    from mistudio_core.library.queries import Source, TokenHit


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
    _component(key=key, data=data, on_find_change=found, on_sample_change=sampled, on_hit_change=_nothing)


def draw_hits(hits: Sequence[TokenHit], key: str, on_open: Callable[[TokenHit], None]) -> None:
    """Draw hits one below the other, with the match in the middle; `on_open` gets the one to read."""

    def opened() -> None:
        place = st.session_state[key].hit
        if isinstance(place, int) and 0 <= place < len(hits):
            on_open(hits[place])

    data: dict[str, Any] = {
        "hits": [
            {"label": f"Sequence {formats.exact(hit.sequence)}", "at": hit.position, "left": hit.left,
             "match": hit.match, "right": hit.right,
             "sample": f", {hit.sample[0]} #{formats.exact(hit.sample[1])}" if hit.sample else ""}
            for hit in hits
        ]
    }  # fmt: skip
    _component(key=key, data=data, on_hit_change=opened, on_find_change=_nothing, on_sample_change=_nothing)


def _label(part: Source) -> str:
    begins = "" if part.first == 0 else f", from token {formats.exact(part.first)} on"
    return f"{part.split} #{formats.exact(part.sample)}{begins}"


def _nothing() -> None:
    """This drawing asks for nothing of the kind."""

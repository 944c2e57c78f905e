"""Samples as cards, drawn in the browser by one element: fifty cards of Streamlit's own take ten times as long.

Text reaches the page as text, never as Markdown or HTML, and what is copied is what the sample holds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import streamlit as st

from mistudio_core.records import Sample
from mistudio_core.ui.widgets import components, excerpts, formats

CARD_CHARS: Final = 20_000
"""A text up to this length opens in its card; a longer one is read part by part."""
_MAX_COLUMNS: Final = 12
_VALUE_CHARS: Final = 160
_CARD_VALUE_CHARS: Final = 20_000
_NAME_CHARS: Final = 80

_component = components.registered("mistudio_sample_cards", "samples/cards", html="<div class='cards'></div>")


@dataclass(frozen=True, slots=True)
class Card:
    """A sample to draw: `number` is its place in the result, from 0, `facts` are shown beside its name."""

    sample: Sample
    number: int
    facts: tuple[str, ...] = ()
    expanded: bool = False
    folded_chars: int = excerpts.FOLDED_CHARS


def draw(
    cards: Sequence[Card], key: str, *, with_split: bool, turn: str, focus: str,
    on_open: Callable[[int], None], on_unfold: Callable[[str], None],
) -> None:  # fmt: skip
    """Draw cards. With another `turn` the page scrolls to their top, with another `focus` to the card it names.

    `on_open` gets the number of a sample to read, `on_unfold` the name of one to expand.
    """

    def opened() -> None:
        number = st.session_state[key].open
        if isinstance(number, int) and not isinstance(number, bool) and number >= 0:
            on_open(number)

    def unfolded() -> None:
        if isinstance(st.session_state[key].unfold, str):
            on_unfold(st.session_state[key].unfold)

    data = {"cards": [_card(card, with_split=with_split) for card in cards], "turn": turn, "focus": focus}
    _component(key=key, data=data, on_open_change=opened, on_unfold_change=unfolded)


def draw_text(pieces: Sequence[str], key: str) -> None:
    """Draw a text by itself, plain and marked pieces by turns, with a way from match to match."""
    _component(key=key, data={"text": pieces}, on_open_change=_nothing, on_unfold_change=_nothing)


def draw_columns(columns: Mapping[str, Any], key: str) -> None:
    """Draw columns of single values by themselves, as completely as possible."""
    if columns:
        listed = [_column(column, value, _CARD_VALUE_CHARS) for column, value in columns.items()]
        _component(key=key, data={"columns": listed}, on_open_change=_nothing, on_unfold_change=_nothing)


def is_nested(value: Any) -> bool:
    """Tell whether a value is shown as a tree; bytes come as their size and are not."""
    return isinstance(value, list) or (isinstance(value, Mapping) and not _is_size(value))


def name(sample: Sample) -> str:
    """Return the name of a sample within its dataset."""
    return f"{sample.split}:{sample.index}"


def _nothing() -> None:
    """A text by itself asks for nothing."""


def _card(card: Card, *, with_split: bool) -> dict[str, Any]:
    sample = card.sample
    shown = _text(sample.text, sample.matches, card)
    columns = list(sample.columns.items())
    return {
        "name": name(sample),
        "open": card.number,
        "title": f"#{formats.exact(sample.index)}",
        "split": sample.split if with_split else "",
        "facts": [fact for fact in (_length(sample), *card.facts) if fact],
        "columns": [_column(column, value) for column, value in columns[:_MAX_COLUMNS]],
        "more": max(0, len(columns) - _MAX_COLUMNS),
        **shown,
    }


def _text(text: str | None, matches: excerpts.Spans, card: Card) -> dict[str, Any]:
    if not text:
        return {"empty": "No text." if text is None else "The text is empty.", "pieces": [], "unfold": ""}
    fits = len(text) <= CARD_CHARS
    folded = excerpts.folded(text, matches, chars=card.folded_chars)
    excerpt = excerpts.cut(text, matches, 0, len(text)) if card.expanded and fits else folded
    is_cut = excerpt.end - excerpt.start < len(text)
    can_fold = not is_cut and folded != excerpt
    characters = f"{formats.exact(len(text))} characters"
    return {
        "pieces": excerpt.pieces,
        "cut_before": excerpt.start > 0,
        "cut_after": excerpt.end < len(text),
        "unfold": (f"Show all {characters}" if fits else "") if is_cut else "Collapse" if can_fold else "",
        "read": f"Read all {characters}" if is_cut and not fits else "",
    }


def _length(sample: Sample) -> str:
    return "" if sample.text is None else _exactly(len(sample.text), "character")


def _exactly(number: int, noun: str) -> str:
    return f"{formats.exact(number)} {noun}" + ("" if number == 1 else "s")


def written(value: Any, most_chars: int) -> str:
    """Return a value of a column on little room: bytes and nested values by their size."""
    if _is_size(value):
        return formats.size(value["bytes"])
    if is_nested(value):
        return formats.counted(len(value), "item" if isinstance(value, list) else "field")
    shown = "none" if value is None else str(value)
    return shown if len(shown) <= most_chars else f"{shown[:most_chars]}… ({formats.exact(len(shown))} characters)"


def _column(column: str, value: Any, most_chars: int = _VALUE_CHARS) -> dict[str, Any]:
    shown = written(value, most_chars)
    kind = "none" if value is None else "nested" if is_nested(value) else "plain"
    return {"name": column[:_NAME_CHARS], "value": shown, "kind": kind}


def _is_size(value: Any) -> bool:
    return isinstance(value, Mapping) and set(value) == {"bytes"} and isinstance(value["bytes"], int)

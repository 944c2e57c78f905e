"""Which page of the samples, in which order, how many at a time, and with the tokens of which tokenization."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any, Final

import streamlit as st

from mistudio_core.library.queries import RANKED_MODES, SampleColumn
from mistudio_core.records import Dataset, Tokenization
from mistudio_core.ui.app import keys
from mistudio_core.ui.app.escape import one_line
from mistudio_core.ui.samples import address as sample_address
from mistudio_core.ui.samples import table
from mistudio_core.ui.samples.address import Asked
from mistudio_core.ui.widgets import formats
from mistudio_core.ui.widgets.choices import distinct

_MEASURES: Final = {"chars": "characters", "words": "words", "bytes": "bytes"}
_COLUMN: Final = "column:"
_CARDS: Final = "cards"
_VIEWS: Final = {
    _CARDS: ":material/view_agenda: Cards",
    sample_address.TABLE: ":material/table_rows: Table",
    sample_address.CONTEXTS: ":material/format_align_center: Contexts",
}
_GO_TO: Final = "samples_go_to"


def draw_order(
    fields: Mapping[str, Any], columns: Sequence[SampleColumn], tokenizations: Sequence[Tokenization]
) -> None:
    """Draw the choice of order."""
    options = _sorts(fields, columns, tokenizations)
    default = next(iter(options))
    st.selectbox(
        "Order",
        list(options),
        **sample_address.chosen("sort", list(options), fields.get("sort"), default=default),
        format_func=options.__getitem__,
        label_visibility="collapsed",
        on_change=sample_address.changed,
        width=160,
    )
    if default == "position" or fields.get("sort"):  # best first, or copies together: that has no other way round
        st.toggle(
            "Descending",
            **sample_address.typed("descending", bool(fields.get("descending"))),
            on_change=sample_address.changed,
        )


def draw_view(dataset: Dataset, tokenizations: Sequence[Tokenization], asked: Asked) -> None:
    """Draw the choices of view, page size and the tokenization whose tokens are counted."""
    key = f"samples_view_{asked.view}"
    st.segmented_control(
        "View as", list(_VIEWS), default=asked.view or _CARDS, required=True, key=key, on_change=_view_changed,
        format_func=_VIEWS.__getitem__, label_visibility="collapsed", args=(key,),
    )  # fmt: skip
    with st.popover(
        "View", icon=":material/tune:", help="Samples per page, and the tokenization that token counts come from"
    ):
        if asked.view == sample_address.TABLE:
            table.draw_options(dataset)
        st.selectbox(
            "Samples per page",
            sample_address.PAGE_SIZES,
            **sample_address.chosen("page_size", sample_address.PAGE_SIZES, asked.page_size),
            on_change=sample_address.changed,
        )
        if tokenizations:
            _tokenization(asked.fields, tokenizations)


def _view_changed(key: str) -> None:
    chosen = st.session_state[key]
    sample_address.show_as(None if chosen == _CARDS else chosen)


def sort_by(fields: Mapping[str, Any], columns: Sequence[SampleColumn], name: str) -> None:
    """Sort by a column, and the other way round if that is how it is sorted already."""
    column = next((item for item in columns if item.name == name), None)
    if column is None:
        return
    sort = "chars" if column.is_text else _sort_name(column.name)
    same = fields.get("sort") == sort
    changes: dict[str, Any] = {"sort": sort, "descending": True if same and not fields.get("descending") else None}
    if column.is_text and not column.is_main:
        changes["column"] = column.name
    sample_address.ask(**changes)


def chosen_tokenization(fields: Mapping[str, Any], tokenizations: Sequence[Tokenization]) -> Tokenization | None:
    """Return the tokenization that the address names, else the newest."""
    named = (item for item in tokenizations if item.id == fields.get("tokenization"))
    return next(named, tokenizations[-1] if tokenizations else None)


def draw_pages(total: int, page: int, page_size: int, *, at_the_end: bool = False) -> None:
    """Draw the way to any page of the result; at the end of a long page once more."""
    pages = -(-total // page_size)
    if pages <= 1:
        return
    key = _pager_key(f"{keys.SAMPLES_PAGE}_end" if at_the_end else keys.SAMPLES_PAGE, page)
    st.pagination(pages, default=page, key=key, on_change=_turn, args=(key,))


def _pager_key(name: str, page: int) -> str:
    """Return the key of a pager that shows this page: another one where it was turned from elsewhere.

    A pager always has a default, and Streamlit warns of one whose value is set beside it.
    """
    made = st.session_state.get(keys.of(name, "made"), 0)
    key = keys.of(name, str(made)) if made else name
    if st.session_state.get(key, page) == page:
        return key
    st.session_state[keys.of(name, "made")] = made + 1
    return keys.of(name, str(made + 1))


def draw_going(total: int, page_size: int, *, by_index: bool) -> None:
    """Draw the ways to any sample: by its number, or at random. `by_index` means that the list is a complete split."""
    with st.popover("Go to", icon=":material/my_location:"):
        label = "Sample index (from 0)" if by_index else "Position in this list (from 1)"
        first = 0 if by_index else 1
        st.number_input(
            label,
            min_value=first,
            max_value=total - 1 + first,
            value=None,
            step=1,
            key=_GO_TO,
            on_change=_go_to_typed,
            args=(page_size, first, total),
        )
    st.button(
        "Random",
        key="samples_random",
        icon=":material/casino:",
        help="Open a random sample of this list",
        on_click=lambda: go_to(random.randrange(total), page_size),
    )


def go_to(number: int, page_size: int) -> None:
    """Show the page with a sample of the result, by its number from 0, and that sample on it."""
    sample_address.turn_to(number // page_size + 1)
    turns = st.session_state.get(keys.SAMPLES_FOCUS, (0, 0))[1]
    st.session_state[keys.SAMPLES_FOCUS] = (number, turns + 1)


def _sorts(
    fields: Mapping[str, Any], columns: Sequence[SampleColumn], tokenizations: Sequence[Tokenization]
) -> dict[str, str]:
    """Return what can be sorted by, with its label; what the store does unasked comes first."""
    ranked = bool(fields.get("search")) and fields.get("mode", RANKED_MODES[0]) in RANKED_MODES
    copies = bool(fields.get("duplicates"))
    sorts = {"relevance": "relevance"} if ranked else {"copies": "copies"} if copies else {}
    sorts["position"] = "position"
    sorts |= _MEASURES
    if tokenizations:
        sorts["tokens"] = "tokens"
    for column in columns:
        if column.is_scalar and not column.is_main:
            sorts[_sort_name(column.name)] = f"column {one_line(column.name, 60)}"
    return distinct({name: f"By {label}" for name, label in sorts.items()})


def _sort_name(name: str) -> str:
    """Return how a column is called as an order, where measures and positions have names too."""
    taken = {"position", "relevance", "tokens", *_MEASURES}
    return f"{_COLUMN}{name}" if name in taken or name.startswith(_COLUMN) else name


def _tokenization(fields: Mapping[str, Any], tokenizations: Sequence[Tokenization]) -> None:
    chosen = chosen_tokenization(fields, tokenizations)
    labels = distinct({item.id: _tokenization_label(item) for item in tokenizations})
    st.selectbox(
        "Token counts from",
        list(labels),
        **sample_address.chosen(
            "tokenization", list(labels), chosen.id if chosen else "", default=tokenizations[-1].id
        ),
        format_func=labels.__getitem__,
        help="The tokenization whose token counts are shown and used by filters and sorting.",
        on_change=sample_address.changed,
    )


def _tokenization_label(tokenization: Tokenization) -> str:
    splits = ", ".join(one_line(name, 30) for name in tokenization.recipe.splits)
    return one_line(tokenization.tokenizer, 60) + (f" ({splits})" if splits else "")


def _turn(key: str) -> None:
    sample_address.turn_to(st.session_state[key])


def _go_to_typed(page_size: int, first: int, total: int) -> None:
    typed = st.session_state[_GO_TO]
    if typed is not None:
        st.session_state[_GO_TO] = None  # so that the same number leads there again
        go_to(min(max(typed - first, 0), total - 1), page_size)


def shown_range(first: int, count: int, total: int, *, exact: bool) -> str:
    """Return which of how many are shown, as Markdown."""
    of_all = formats.exact(total) if exact else f"at least {formats.exact(total)}"
    return f"Samples {formats.exact(first + 1)} to {formats.exact(first + count)} of {of_all}"

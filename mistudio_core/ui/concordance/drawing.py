"""A concordance on the page: one line for each hit, its order, and what stands beside the hits most often."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import streamlit as st

from mistudio_core.library.queries import TOKEN_SORTS
from mistudio_core.ui.widgets import components

SORTS: Final = TOKEN_SORTS
"""Those of words are the same."""
_SORT_NAMES: Final = {"position": "In order", "before": "By the left", "after": "By the right"}
_LISTED: Final = 10
_ROW_PIXELS: Final = 35

_component = components.registered("mistudio_hits", "concordance/drawing", html="<div class='hits'></div>")


@dataclass(frozen=True, slots=True)
class Line:
    """A hit with what stands beside it; `place` says more about where it is than its `label`."""

    label: str
    place: str
    left: str
    match: str
    right: str


@dataclass(frozen=True, slots=True)
class Beside:
    """A word or token that stands beside hits, by its `cells`, and how often."""

    cells: dict[str, Any]
    count: int


def draw_lines(lines: Sequence[Line], key: str, on_open: Callable[[int], None]) -> None:
    """Draw hits one below the other, with the match in the middle; `on_open` gets the number of the one to read."""

    def opened() -> None:
        number = st.session_state[key].hit
        if isinstance(number, int) and 0 <= number < len(lines):
            on_open(number)

    _component(key=key, data={"hits": [asdict(line) for line in lines]}, on_hit_change=opened)


def draw_sort(sort: str, key: str, beside: str, on_change: Callable[[str], None]) -> None:
    """Draw the choice of the order; `beside` says by what hits are compared."""
    key = f"{key}:{sort}"
    st.segmented_control(
        "Sort the hits",
        SORTS,
        key=key,
        default=sort,
        required=True,
        format_func=_SORT_NAMES.__getitem__,
        label_visibility="collapsed",
        help=f"In the order in which they come, or by the five {beside} before (left) or after (right) the hit.",
        on_change=lambda: on_change(str(st.session_state[key])),
    )


def draw_beside(
    title: str, beside: Sequence[Beside], total: int, key: str, on_select: Callable[[int], None] | None
) -> None:
    """Draw what stands on one side most often; `on_select` gets the number of the one whose contexts are asked for."""
    st.header(title, anchor=False)
    if not beside:
        st.caption("Nothing stands there.")
        return

    def selected() -> None:
        rows = st.session_state[key]["selection"]["rows"]
        if rows and on_select is not None:
            on_select(rows[0])

    rows = [item.cells | {"Hits": item.count, "Share": 100 * item.count / total} for item in beside[:_LISTED]]
    shown: dict[str, Any] = {
        "hide_index": True,
        "lazy": False,
        "key": key,
        "height": _ROW_PIXELS * (len(rows) + 1) + 3,
        "column_config": {
            "Id": st.column_config.NumberColumn(format="%d"),
            "Hits": st.column_config.NumberColumn(format="localized"),
            "Share": st.column_config.ProgressColumn(format="%.1f %%", min_value=0, max_value=100),
        },
    }
    alt = f"{title} a hit: {', '.join(str(next(iter(row.values()))) for row in rows[:5])}."
    if on_select is None:
        st.dataframe(rows, alt=alt, **shown)
    else:
        alt += " A selected row opens its contexts."
        st.dataframe(rows, alt=alt, on_select=selected, selection_mode="single-row", **shown)

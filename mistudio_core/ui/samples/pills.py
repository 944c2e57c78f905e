"""What the samples are filtered by, as pills that can be taken out one by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import streamlit as st

from mistudio_core.errors import StudioError
from mistudio_core.library.queries import SampleColumn, condition_on, left_out
from mistudio_core.ui.app.escape import plain
from mistudio_core.ui.samples import address as sample_address
from mistudio_core.ui.widgets import formats

_PILL_CHARS: Final = 60
_MEASURES: Final = {"chars": "characters", "bytes": "bytes", "words": "words", "tokens": "tokens"}
_SIGNS: Final = {">=": " ≥ ", "<=": " ≤ ", "!=": " ≠ ", "=": " = "}

Pill = tuple[str, dict[str, Any]]
"""What a pill says, and what the address has to be asked for to take its filter out."""


def draw(fields: Mapping[str, Any], columns: Sequence[SampleColumn]) -> None:
    """Draw a pill for each filter of the address."""
    pills = pills_of(fields, columns)
    if not pills:
        return
    with st.container(horizontal=True, gap="xsmall", key="samples_pills"):
        for place, (text, changes) in enumerate(pills):
            st.button(
                plain(text, _PILL_CHARS),
                key=f"samples_pill_{place}",
                icon=":material/close:",
                icon_position="right",
                help="Remove filter",
                on_click=_take_out,
                args=(changes,),
            )
        if len(pills) > 1:
            everything = {name: None for _, changes in pills for name in changes}
            st.button("Clear all", key="samples_clear", type="tertiary", on_click=_take_out, args=(everything,))


def pills_of(fields: Mapping[str, Any], columns: Sequence[SampleColumn]) -> list[Pill]:
    """Return the pills of some fields of a query; the search has a place of its own."""
    pills: list[Pill] = []
    if split := fields.get("split"):
        pills.append((f"split {split}", {"split": None}))
    for measure, word in _MEASURES.items():
        low, high = f"min_{measure}", f"max_{measure}"
        if (text := _range(fields.get(low), fields.get(high))) is not None:
            pills.append((f"{word} {text}", {low: None, high: None}))
    if fields.get("duplicates"):
        pills.append(("duplicates only", {"duplicates": None}))
    if fields.get("documents"):
        pills.append(("tokenized only", {"documents": None}))
    if fields.get("control_tokens"):
        pills.append(("contains control tokens", {"control_tokens": None}))
    conditions = tuple(fields.get("where", ()))
    for condition in conditions:
        left = tuple(other for other in conditions if other != condition)
        pills.append((_readable(condition, columns), {"where": left}))
    return pills


def _range(low: int | None, high: int | None) -> str | None:
    if low is None and high is None:
        return None
    if low is None:
        return f"≤ {formats.exact(high)}"
    if high is None:
        return f"≥ {formats.exact(low)}"
    return formats.exact(low) if low == high else f"{formats.exact(low)} to {formats.exact(high)}"


def _readable(text: str, columns: Sequence[SampleColumn]) -> str:
    """Return a condition with room round its sign, and what it leaves out beside what it says."""
    by_name = {column.name: column for column in columns}
    try:
        condition = condition_on(text, list(by_name))
    except StudioError:  # the page says what is wrong with it
        return text
    column = by_name[condition.column]
    subject = f"{condition.function}({column.name})" if condition.function else column.name
    shown = f"{subject}{_SIGNS.get(condition.operator, condition.operator)}{condition.value}"
    missing = left_out(condition, is_text=column.is_text, is_float=column.type.startswith("float"))
    return f"{shown}, excludes {' and '.join(missing)}" if missing else shown


def _take_out(changes: dict[str, Any]) -> None:
    sample_address.ask(**changes)

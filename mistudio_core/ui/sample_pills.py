"""What the samples are filtered by, as pills that can be taken out one by one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import streamlit as st

from mistudio_core.ui import formats, sample_address
from mistudio_core.ui.escape import plain

_PILL_CHARS: Final = 60
_MEASURES: Final = {"chars": "characters", "bytes": "bytes", "words": "words", "tokens": "tokens"}
_SIGNS: Final = ((">=", " ≥ "), ("<=", " ≤ "), ("!=", " ≠ "), ("=", " = "))

Pill = tuple[str, dict[str, Any]]
"""What a pill says, and what the address has to be asked for to take its filter out."""


def draw(fields: Mapping[str, Any]) -> None:
    """Draw a pill for each filter of the address."""
    pills = pills_of(fields)
    if not pills:
        return
    with st.container(horizontal=True, gap="xsmall", key="samples_pills"):
        for place, (text, changes) in enumerate(pills):
            st.button(
                plain(text, _PILL_CHARS),
                key=f"samples_pill_{place}",
                icon=":material/close:",
                icon_position="right",
                help="Take this filter out",
                on_click=_take_out,
                args=(changes,),
            )
        if len(pills) > 1:
            everything = {name: None for _, changes in pills for name in changes}
            st.button("Clear all", key="samples_clear", type="tertiary", on_click=_take_out, args=(everything,))


def pills_of(fields: Mapping[str, Any]) -> list[Pill]:
    """Return the pills of some fields of a query; the search has a place of its own."""
    pills: list[Pill] = []
    if split := fields.get("split"):
        pills.append((f"split {split}", {"split": None}))
    for measure, word in _MEASURES.items():
        low, high = f"min_{measure}", f"max_{measure}"
        if (text := _range(fields.get(low), fields.get(high))) is not None:
            pills.append((f"{word} {text}", {low: None, high: None}))
    if fields.get("duplicates"):
        pills.append(("exact copies", {"duplicates": None}))
    if fields.get("documents"):
        pills.append(("documents of the tokenization", {"documents": None}))
    if fields.get("control_tokens"):
        pills.append(("with control tokens", {"control_tokens": None}))
    conditions = tuple(fields.get("where", ()))
    for condition in conditions:
        left = tuple(other for other in conditions if other != condition)
        pills.append((_readable(condition), {"where": left}))
    return pills


def _range(low: int | None, high: int | None) -> str | None:
    if low is None and high is None:
        return None
    if low is None:
        return f"≤ {formats.exact(high)}"
    if high is None:
        return f"≥ {formats.exact(low)}"
    return formats.exact(low) if low == high else f"{formats.exact(low)} to {formats.exact(high)}"


def _readable(condition: str) -> str:
    """Return a condition with room round its sign; a name may hold such a sign, and is then shown as it is."""
    for sign, shown in _SIGNS:
        if sign in condition:
            return shown.join(condition.split(sign)) if condition.count(sign) == 1 else condition
    return condition


def _take_out(changes: dict[str, Any]) -> None:
    sample_address.ask(**changes)

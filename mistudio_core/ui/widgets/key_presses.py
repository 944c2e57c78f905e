"""Keys that do what buttons on the page do, and the list of them that `?` opens."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st

from mistudio_core.ui.widgets import components

_component = components.registered("mistudio_keys", "widgets/key_presses", html="<div class='keys'></div>")
_NAMES = {"ArrowLeft": "←", "ArrowRight": "→", "Escape": "Esc"}


@dataclass(frozen=True, slots=True)
class Press:
    """Some keys, by the names that browsers give them, and what each of them does.

    `act` is called for them; with `focus`, a CSS selector, the browser goes to that element instead. Without either
    the browser does it by itself, and the keys are only listed.
    """

    keys: tuple[str, ...]
    does: str
    act: Callable[[], None] | None = None
    focus: str = ""


def focus(selector: str, key: str) -> None:
    """Take the browser to the first element that a CSS selector names, as soon as it is there."""
    _component(key=key, data={"presses": [], "first": selector}, on_pressed_change=_nothing)


def draw(presses: Sequence[Press], key: str) -> None:
    """Listen to the keys while this is on the page, unless somebody is typing or a dialog lies above it."""

    def pressed() -> None:
        place = st.session_state[key].pressed
        act = presses[place].act if isinstance(place, int) and 0 <= place < len(presses) else None
        if act is not None:
            act()

    listed = [
        {
            "keys": list(press.keys),
            "shown": [_NAMES.get(name, name) for name in press.keys],
            "does": press.does,
            "acts": press.act is not None,
            "focus": press.focus,
        }
        for press in presses
    ]
    _component(key=key, data={"presses": listed}, on_pressed_change=pressed, width="content")


def _nothing() -> None:
    """There are no keys."""

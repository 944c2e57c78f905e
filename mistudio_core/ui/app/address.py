"""The parameters of the address, as they are after what this session has written last.

The browser sends its address along with each request. A request that was on its way when another one changed
the address brings the old one: a timer's, or a second click's. For a moment after a change the old addresses
are therefore known for what they are, and not taken for a step back in the browser's history.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Final

import streamlit as st

from mistudio_core.ui.app import keys

Parameters = dict[str, list[str]]

_SETTLING_S: Final = 1.0
"""Longer than a request is on its way, and shorter than it takes to see a page and go back."""


def parameters() -> Parameters:
    """Return the parameters that count, each with its values."""
    there = _sent()
    written, replaced = st.session_state.get(keys.ADDRESS_WRITTEN, (None, ()))
    recent = [old for old, moment in replaced if time.monotonic() - moment < _SETTLING_S]
    return dict(written) if written is not None and there in recent else there


def put(changes: Mapping[str, str | list[str] | None]) -> None:
    """Write some parameters, None taking one out, all at once: each writing is a step of the browser's history."""
    there = parameters()
    wanted = {name: _values(value) for name, value in {**there, **changes}.items() if value}
    if wanted == there == _sent():
        return
    now = time.monotonic()
    _, replaced = st.session_state.get(keys.ADDRESS_WRITTEN, (None, ()))
    recent = [(old, moment) for old, moment in replaced if now - moment < _SETTLING_S and old != wanted]
    st.session_state[keys.ADDRESS_WRITTEN] = (wanted, [*recent, (there, now), (_sent(), now)])
    st.query_params.from_dict({name: value if len(value) > 1 else value[0] for name, value in wanted.items()})


def settle() -> None:
    """Set the address of this run of the page as the one that its timers have to match."""
    _, replaced = st.session_state.get(keys.ADDRESS_WRITTEN, (None, ()))
    st.session_state[keys.ADDRESS_WRITTEN] = (parameters(), replaced)


def is_settled() -> bool:
    """Tell whether this request came with the address that counts; a timer's run that did not has nothing to say."""
    written, _ = st.session_state.get(keys.ADDRESS_WRITTEN, (None, ()))
    return written is None or _sent() == written


def _sent() -> Parameters:
    return {name: st.query_params.get_all(name) for name in st.query_params}


def _values(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else list(value)

"""Waiting for the Hub without holding up whoever is at the browser: what they do meanwhile ends the wait."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

import streamlit as st

from mistudio_core.ui.app import keys

_CALLS: Final = 8
"""At a time, of all visitors; one that nobody waits for any more ends by its own limit of time."""
_LOOK_EVERY_S: Final = 0.05

Answer = TypeVar("Answer")


def result_of(call: Callable[[], Answer]) -> Answer:
    """Return what `call` returns, or raise what it raises; it runs in a thread and may not use Streamlit.

    Draw the rest of the page first. A newer run of the page ends the wait: a call that has not begun is never made.
    """
    future = _pool().submit(call)
    try:
        while True:
            try:
                return future.result(_LOOK_EVERY_S)
            except TimeoutError:
                if future.done():
                    raise
            st.session_state.get(keys.FRAMED)  # where Streamlit stops a run that a newer one has overtaken
    finally:
        future.cancel()


@st.cache_resource(show_spinner=False)
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_CALLS, thread_name_prefix="hub")

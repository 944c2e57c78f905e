"""How an error is shown: what happened, why, and what to do; what was typed stays where it is."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from mistudio_core.errors import StudioError
from mistudio_core.records import ErrorInfo
from mistudio_core.ui.escape import plain

_log = logging.getLogger(__name__)
_LONG = 4_000  # characters: an error may list what there is to choose from


def show(error: StudioError | ErrorInfo) -> None:
    """Draw an error with its hint."""
    text = plain(error.message, _LONG)
    if error.hint:
        text += f"\n\n{plain(error.hint, _LONG)}"
    st.error(text, icon=":material/error:")


def unexpected(error: Exception) -> StudioError:
    """Log a failure nobody planned for and return what people are told of it."""
    _log.error("unexpected failure", exc_info=error)
    return StudioError(
        "internal",
        f"Something went wrong inside the app ({type(error).__name__}).",
        "Try again; the log of the server has the details.",
    )


@contextmanager
def shown() -> Iterator[None]:
    """Draw an error of the core in the place of what could not be drawn; other errors pass."""
    try:
        yield
    except StudioError as error:
        show(error)


def keep(key: str, error: StudioError | None) -> None:
    """Remember the error of a callback until the next act of the same form; None forgets it."""
    st.session_state[key] = None if error is None else ErrorInfo.of(error)


def show_kept(key: str) -> None:
    """Draw the error that a callback left under `key`."""
    kept = st.session_state.get(key)
    if kept is not None:
        # Read field by field: after a hot reload the stored record is of the class's older copy.
        show(ErrorInfo(kept.code, kept.message, kept.hint))

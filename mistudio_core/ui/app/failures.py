"""How an error is shown: what happened, why, and what to do; what was typed stays where it is."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import streamlit as st

from mistudio_core.errors import StudioError, unexpected
from mistudio_core.records import ErrorInfo
from mistudio_core.ui.app import keys, pages
from mistudio_core.ui.app.escape import plain

_log = logging.getLogger(__name__)
_LONG: Final = 4_000  # characters: an error may list what there is to choose from
_NO_FAULTS: Final = {"cancelled": ":material/block:", "duplicate": ":material/library_add_check:"}
"""What somebody asked for, or has already: nothing is broken, so it does not look like it."""


def show(error: StudioError | ErrorInfo) -> None:
    """Draw an error with its hint, and the way to the dataset that a duplicate names."""
    text = plain(error.message, _LONG)
    if error.hint:
        text += f"\n\n{plain(error.hint, _LONG)}"
    if error.code in _NO_FAULTS:
        st.info(text, icon=_NO_FAULTS[error.code])
    else:
        st.error(text, icon=":material/error:")
    if error.code == "duplicate" and str(error.details.get("id")).startswith("ds_"):
        st.page_link(
            pages.DATASET,
            label="Open that dataset",
            icon=":material/database:",
            query_params={keys.DATASET_ID: error.details["id"]},
        )


@contextmanager
def shown() -> Iterator[None]:
    """Draw an error in the place of what could not be drawn."""
    try:
        yield
    except StudioError as error:
        show(error)


@contextmanager
def storing(key: str) -> Iterator[None]:
    """Remember the error of a callback under `key`, for `show_stored` to draw, until the next try.

    What a callback does only after success goes inside the block too. An unexpected error
    is logged and shown in general words: a public page must not show how it came about.
    """
    st.session_state[key] = None
    try:
        yield
    except StudioError as error:
        st.session_state[key] = ErrorInfo.of(error)
    except Exception as error:  # noqa: BLE001 - the outermost frame of a callback
        _log.error("unexpected failure", exc_info=error)
        st.session_state[key] = ErrorInfo.of(unexpected(error, "in the app"))


def forget(key: str) -> None:
    """Forget the error under `key`."""
    st.session_state[key] = None


def show_stored(key: str) -> None:
    """Draw the error that a callback left under `key`."""
    error = st.session_state.get(key)
    if error is not None:
        # Read field by field: after a hot reload the stored record is one of the class's older copy.
        show(ErrorInfo(error.code, error.message, error.hint, error.details))

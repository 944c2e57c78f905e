"""Deleting, after a question that names what goes and what stays, and putting it back for a minute."""

from __future__ import annotations

import time
from typing import Final

import streamlit as st

from mistudio_core.errors import StudioError, in_use
from mistudio_core.library import Library
from mistudio_core.library.queries import UNDO_SECONDS
from mistudio_core.records import Dataset, Tokenization
from mistudio_core.ui.app import failures, keys, pages, search_resources
from mistudio_core.ui.app.escape import plain
from mistudio_core.ui.app.opening import open_library
from mistudio_core.ui.widgets import formats, titles

_ERROR: Final = "delete_error"
_UNDO_ERROR: Final = "undo_error"
_TIMER_SLACK_S: Final = 0.5  # so that the time is over when the timer of the browser says so
_COMES_AGAIN: Final = {
    "huggingface": "The repository on the Hub is not touched: it can be downloaded again.",
    "local": "The files it was imported from are not touched.",
    "sample": "It can be made again at any time.",
}


def menu(library: Library, record: Dataset | Tokenization) -> None:
    """Draw a button that shows the one that asks whether to delete a dataset or a tokenization, for who may do so."""
    if not library.may("delete", record):
        return
    # Not a menu button, and not a popover: what Streamlit draws in those cannot be reached with the keyboard.
    shown = keys.of(record.id, "more_shown")
    st.button("More", key=keys.of(record.id, "more"), icon=":material/more_horiz:", type="tertiary",
              on_click=_toggle, args=(shown,))  # fmt: skip
    if st.session_state.get(shown):
        st.button(
            "Delete…",
            key=keys.of(record.id, "delete"),
            icon=":material/delete:",
            type="tertiary",
            on_click=_ask,
            args=(record.id,),
        )


def _toggle(key: str) -> None:
    st.session_state[key] = not st.session_state.get(key)


def dialog(library: Library) -> None:
    """Draw the open question, if there is one.

    Which record it asks about is kept in the session, so that a page which runs again by itself (a
    job has ended meanwhile) does not close it.
    """
    record_id = st.session_state.get(keys.DIALOG)
    if record_id is not None:
        _confirm(library, record_id)


def _close() -> None:
    st.session_state[keys.DIALOG] = None


@st.dialog("Delete?", icon=":material/delete:", on_dismiss=_close)
def _confirm(library: Library, record_id: str) -> None:
    if st.session_state.get(keys.DIALOG) is None:
        st.rerun()  # a callback has closed the question; only a full run takes the dialog away
    try:
        _describe(library, record_id)
    except StudioError as error:
        failures.show(error)
        st.button("Close", on_click=_close)
        return
    failures.show_stored(_ERROR)
    with st.container(horizontal=True, horizontal_alignment="right"):
        st.button("Cancel", key="delete_no", on_click=_close)
        st.button(":red[Delete]", key="delete_yes", icon=":material/delete:", on_click=_delete, args=(record_id,))


def _describe(library: Library, record_id: str) -> None:
    if record_id.startswith("tok_"):
        tokenization = library.tokenization(record_id)
        st.markdown(
            f"The sequences of **{plain(tokenization.tokenizer)}** "
            f"({formats.counted(tokenization.num_sequences, 'sequence')}, {formats.size(tokenization.size_bytes)}) "
            "will be deleted, with their statistics and exported copies."
        )
        st.markdown("The dataset, its other tokenizations, the stored tokenizer and what was pushed to the Hub stay.")
        return
    dataset = library.dataset(record_id)
    st.markdown(
        f"**{plain(dataset.name)}** ({formats.counted(dataset.num_samples, 'sample')}, "
        f"{formats.size(dataset.size_bytes)}) will be deleted from this library, with its statistics, search index, "
        "name and notes."
    )
    st.markdown(f"{_COMES_AGAIN[dataset.source]} Stored tokenizers and what was pushed to the Hub stay.")
    tokenizations = library.tokenizations(record_id)
    if others := [item.id for item in tokenizations if not library.may("delete", item)]:
        raise in_use(
            f"Other users of this shared library have tokenized {dataset.name}.",
            "It can be deleted once they have deleted their tokenizations.",
            *others,
        )
    if tokenizations:
        st.warning(
            f"{_also_deleted(len(tokenizations))}: " + "; ".join(_short(item) for item in tokenizations),
            icon=":material/warning:",
        )
    if library.jobs(record_id, active=True):
        st.warning("A job is running on it and will be cancelled.", icon=":material/warning:")


def _short(tokenization: Tokenization) -> str:
    name = plain(titles.tokenizer(tokenization.tokenizer), 60)
    return f"{name}, {formats.exact(tokenization.context_length)} tokens per sequence"


def _also_deleted(number: int) -> str:
    return "Its tokenization is deleted too" if number == 1 else f"Its {number} tokenizations are deleted too"


def _ask(record_id: str) -> None:
    st.session_state[keys.of(record_id, "more_shown")] = False
    st.session_state[keys.DIALOG] = record_id
    failures.forget(_ERROR)


def _delete(record_id: str) -> None:
    search_resources.release(record_id)  # an open file would keep its disk
    with failures.storing(_ERROR):
        gone = open_library().delete(record_id, cascade=True, undoable=True)
        _close()
        if gone.undo is None:
            st.session_state[keys.NOTICE] = f"Deleted; {formats.size(gone.freed_bytes)} freed."
        else:
            st.session_state[keys.UNDO] = gone.undo
            st.session_state[keys.UNDO_UNTIL] = time.monotonic() + UNDO_SECONDS
            failures.forget(_UNDO_ERROR)
        if st.query_params.get(keys.DATASET_ID) == record_id:
            st.switch_page(pages.DATASETS)


def offer_undo() -> None:
    """Draw the line that puts back what was deleted last; it goes away by itself when that is no longer possible."""
    failures.show_stored(_UNDO_ERROR)
    if st.session_state.get(keys.UNDO) is None:
        return
    left = st.session_state[keys.UNDO_UNTIL] - time.monotonic()
    if left <= 0:
        st.session_state[keys.UNDO] = None
        return
    # One run of the page when the time is over, by a timer in the browser.
    st.fragment(_undo_line, run_every=left + _TIMER_SLACK_S)()


def _undo_line() -> None:
    if st.session_state[keys.UNDO] is None or time.monotonic() > st.session_state[keys.UNDO_UNTIL]:
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="center", border=True):
        kept = formats.duration(UNDO_SECONDS)
        st.markdown(f":material/delete: Deleted. It can be put back for {kept}, then its disk is freed.")
        st.button("Undo", key="undo", icon=":material/undo:", type="tertiary", on_click=_undo)


def _undo() -> None:
    with failures.storing(_UNDO_ERROR):
        undo, st.session_state[keys.UNDO] = st.session_state[keys.UNDO], None
        open_library().restore(undo)
        st.session_state[keys.NOTICE] = "Put back."

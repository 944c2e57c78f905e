"""Deleting, after a question that names what goes."""

from __future__ import annotations

import streamlit as st

from mistudio_core.errors import StudioError, in_use
from mistudio_core.library import Library
from mistudio_core.records import Dataset, Tokenization
from mistudio_core.ui.app import failures, keys, pages, search_resources
from mistudio_core.ui.app.escape import plain
from mistudio_core.ui.app.opening import open_library
from mistudio_core.ui.widgets import formats

_ERROR = "delete_error"


def button(library: Library, record: Dataset | Tokenization, *, label: str = "Delete") -> None:
    """Draw the button that asks whether to delete a dataset or a tokenization, for who may delete it."""
    if not library.may("delete", record):
        return
    st.button(
        label,
        key=keys.of(record.id, "delete"),
        icon=":material/delete:",
        type="tertiary",
        on_click=_ask,
        args=(record.id,),
    )


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


@st.dialog("Delete permanently?", icon=":material/delete:", on_dismiss=_close)
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
        st.button(
            "Delete", key="delete_yes", type="primary", icon=":material/delete:", on_click=_delete, args=(record_id,)
        )


def _describe(library: Library, record_id: str) -> None:
    if record_id.startswith("tok_"):
        tokenization = library.tokenization(record_id)
        st.markdown(
            f"The sequences of **{plain(tokenization.tokenizer)}** "
            f"({formats.counted(tokenization.num_sequences, 'sequence')}, {formats.size(tokenization.size_bytes)}) "
            "will be deleted. The dataset and its other tokenizations are kept."
        )
        return
    dataset = library.dataset(record_id)
    st.markdown(
        f"**{plain(dataset.name)}** ({formats.counted(dataset.num_samples, 'sample')}, "
        f"{formats.size(dataset.size_bytes)}) will be deleted from this library. Its source is not touched."
    )
    tokenizations = library.tokenizations(record_id)
    if others := [item.id for item in tokenizations if not library.may("delete", item)]:
        raise in_use(
            f"Other users of this shared library have tokenized {dataset.name}.",
            "It can be deleted once they have deleted their tokenizations.",
            *others,
        )
    if tokenizations:
        st.warning(
            f"{_also_deleted(len(tokenizations))}: " + ", ".join(plain(item.tokenizer, 60) for item in tokenizations),
            icon=":material/warning:",
        )
    if library.jobs(record_id, active=True):
        st.warning("A job is running on it and will be cancelled.", icon=":material/warning:")


def _also_deleted(number: int) -> str:
    return "Its tokenization is deleted too" if number == 1 else f"Its {number} tokenizations are deleted too"


def _ask(record_id: str) -> None:
    st.session_state[keys.DIALOG] = record_id
    failures.forget(_ERROR)


def _delete(record_id: str) -> None:
    search_resources.release(record_id)  # an open file would keep its disk
    with failures.storing(_ERROR):
        gone = open_library().delete(record_id, cascade=True)
        _close()
        st.session_state[keys.NOTICE] = f"Deleted; {formats.size(gone.freed_bytes)} freed."
        if st.query_params.get(keys.DATASET_ID) == record_id:
            st.switch_page(pages.DATASETS)

"""Checking the files, making the catalog again, and deleting exports."""

from __future__ import annotations

import streamlit as st

from mistudio_core.library import Library
from mistudio_core.library.tidying import FAILED_DAYS, SUCCEEDED_DAYS, UPLOAD_DAYS
from mistudio_core.ui.app import failures, keys
from mistudio_core.ui.app.escape import plain
from mistudio_core.ui.app.opening import open_library
from mistudio_core.ui.widgets import formats

_ERROR = "maintenance_error"
_PROBLEMS = "maintenance_problems"
_NOTES = "maintenance_notes"
_REPAIRABLE = "maintenance_repairable"
_MOST_SHOWN = 50


def draw(library: Library) -> None:
    """Draw the acts and what the last one found, for the host of the library."""
    if not library.may("maintain"):
        return
    st.header("Maintenance", anchor=False)
    with st.container(horizontal=True):
        st.button(
            "Verify all files",
            key="verify",
            icon=":material/fact_check:",
            on_click=_verify,
            help="Reads every file and compares it with what was written.",
        )
        st.button(
            "Rebuild the catalog",
            key="rebuild",
            icon=":material/restart_alt:",
            on_click=_rebuild,
            help="Rebuilds the list of datasets from the files on disk. Nothing is deleted.",
        )
        st.button(
            "Delete exports",
            key="delete_exports",
            icon=":material/folder_delete:",
            on_click=_delete_exports,
            disabled=not library.storage()["exports"],
            help="Copies for other programs, and exported samples. They can be created again.",
        )
    st.caption(
        f"Once a day finished jobs older than {SUCCEEDED_DAYS} days are deleted with their logs, failed and cancelled "
        f"ones after {FAILED_DAYS} days, and uploads that were never imported after {UPLOAD_DAYS} days. Datasets, "
        "tokenizations and what *Resume* needs are kept."
    )
    failures.show_stored(_ERROR)
    for problem in st.session_state.get(_PROBLEMS) or ():
        st.warning(plain(problem, 500), icon=":material/report:")
    for note in st.session_state.get(_NOTES) or ():
        st.caption(f":material/info: {plain(note, 500)}")
    if st.session_state.get(_REPAIRABLE):
        st.button(
            "Repair what can be repaired",
            key="repair",
            icon=":material/build:",
            on_click=_repair,
            help="Makes indexes, statistics, exports, tokenizers and records again from other files.",
        )


def _verify() -> None:
    _forget()
    with failures.storing(_ERROR):
        found = open_library().verify()
        st.session_state[_PROBLEMS] = list(found.problems[:_MOST_SHOWN])
        st.session_state[_NOTES] = list(found.notes[:_MOST_SHOWN])
        st.session_state[_REPAIRABLE] = found.repairable
        if not found.problems:
            st.session_state[keys.NOTICE] = f"{formats.counted(found.checked, 'file')} verified, no problems found."


def _repair() -> None:
    _forget()
    with failures.storing(_ERROR):
        done = open_library().repair()
        st.session_state[_PROBLEMS] = list(done.left[:_MOST_SHOWN])
        jobs = f", {formats.counted(len(done.jobs), 'job')} at work on them" if done.jobs else ""
        st.session_state[keys.NOTICE] = f"{formats.counted(len(done.repaired), 'problem')} repaired{jobs}."


def _forget() -> None:
    for key in (_PROBLEMS, _NOTES, _REPAIRABLE):
        st.session_state[key] = None


def _delete_exports() -> None:
    with failures.storing(_ERROR):
        freed = open_library().delete_exports()
        st.session_state[keys.NOTICE] = f"Exports deleted; {formats.size(freed)} freed."


def _rebuild() -> None:
    with failures.storing(_ERROR):
        rebuilt = open_library().rebuild()
        st.session_state[keys.NOTICE] = (
            f"Catalog rebuilt: {formats.counted(rebuilt.datasets, 'dataset')} and "
            f"{formats.counted(rebuilt.tokenizations, 'tokenization')}."
        )

"""Going on with something that was interrupted, with its access token asked for again where it needs one."""

from __future__ import annotations

import streamlit as st

from mistudio_core.library import Library
from mistudio_core.records import Dataset, Job, Tokenization
from mistudio_core.ui.app import failures, keys
from mistudio_core.ui.app.opening import open_library

_RESUMABLE = frozenset({"cancelled", "worker_died", "hub_unreachable", "rate_limited", "disk_full"})


def button(library: Library, record: Dataset | Tokenization | Job, *, needs_token: bool) -> None:
    """Draw Resume (finished parts are kept) or Retry for something that failed, for who may go on with it."""
    if not library.may("retry", record):
        return
    record_id = record.id
    label = "Resume" if record.error is not None and record.error.code in _RESUMABLE else "Retry"
    key = keys.of(record_id, "retry")
    if needs_token:
        with st.popover(label, icon=":material/refresh:", key=keys.of(record_id, "retry_open")):
            st.text_input(
                "Access token",
                type="password",
                key=keys.of(record_id, "retry_token"),
                on_change="ignore",
                placeholder="hf_…",
                help="This job was started with an access token. Tokens are never stored, so enter it again.",
            )
            st.button(label, key=key, type="primary", on_click=_retry, args=(record_id,))
    else:
        st.button(label, key=key, icon=":material/refresh:", on_click=_retry, args=(record_id,))


def show_error(record_id: str) -> None:
    """Draw why the last press of the button did not help."""
    failures.show_stored(keys.of(record_id, "retry_error"))


def _retry(record_id: str) -> None:
    hf_token = st.session_state.get(keys.of(record_id, "retry_token")) or None
    with failures.storing(keys.of(record_id, "retry_error")):
        open_library().retry(record_id, hf_token=hf_token)

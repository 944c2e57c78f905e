"""Copies of token sequences in other formats, and a push to a repository of the user's own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

import streamlit as st

from mistudio_core.errors import invalid
from mistudio_core.library import Library
from mistudio_core.library.queries import Export
from mistudio_core.records import Job, Tokenization
from mistudio_core.ui.app import failures, keys
from mistudio_core.ui.app.escape import one_line
from mistudio_core.ui.app.opening import open_library
from mistudio_core.ui.widgets import formats

KINDS: Final = {
    "parquet": ("Sequences as Parquet", "Token sequences in files that load_dataset and the Hub can read."),
    "bin": ("Sequences as .bin", "16-bit ids for sparsify's MemmapDataset; vocabularies of up to 65,536 ids."),
    "text": ("Text as Parquet", "The text that was tokenized."),
    "jsonl": ("Text as JSON lines", "The text that was tokenized."),
}
"""What can be made, with a line about each."""
_CARD_WIDTH: Final = 170


def draw(library: Library, tokenization: Tokenization, jobs: Sequence[Job]) -> None:
    """Draw what of it the actor may do; `jobs` are those of this tokenization that the actor sees, newest first."""
    if library.may("export", tokenization):
        _copies(library, tokenization)
    last = next((job for job in jobs if job.kind in ("export", "push")), None)
    if last is not None and last.error is not None:
        failures.show(last.error)
    _push_form(tokenization, pushed=any(job.kind == "push" and job.status == "succeeded" for job in jobs))


def _copies(library: Library, tokenization: Tokenization) -> None:
    """Draw the kinds of export and the exports that exist."""
    ready = {item.kind: item for item in library.exports(tokenization.id)}
    with st.grid(len(KINDS), min_column_width=_CARD_WIDTH, gap="small"):
        for kind, (title, line) in KINDS.items():
            with st.container(border=True, gap="xsmall", height="stretch"):
                st.button(
                    title,
                    key=keys.of(tokenization.id, f"export_{kind}"),
                    width="stretch",
                    on_click=_export,
                    args=(tokenization.id, kind),
                )
                st.caption(line)
                if kind in ready:
                    _ready(ready[kind], shared=library.settings.shared)
    failures.show_stored(keys.of(tokenization.id, "export_error"))


def _ready(export: Export, *, shared: bool) -> None:
    moment = datetime.fromtimestamp(export.made_at, UTC)
    st.markdown(f":green-badge[:material/check: {formats.size(export.size_bytes)}]", help=formats.exact_time(moment))
    if not shared:  # strangers do not see paths of the app's machine
        st.code(one_line(str(export.path), 1000), language=None, wrap_lines=True)


def _push_form(tokenization: Tokenization, *, pushed: bool) -> None:
    st.markdown("**Push to the Hugging Face Hub**" + (" :green-badge[:material/check: Pushed]" if pushed else ""))
    with st.form(keys.of(tokenization.id, "push"), border=False):
        repo, hf_token, private = st.columns([3, 3, 1], vertical_alignment="bottom")
        repo.text_input(
            "Your repository",
            key=keys.of(tokenization.id, "push_repo"),
            placeholder="your-name/token-sequences",
            help="A dataset repository; it is created if it does not exist.",
        )
        hf_token.text_input(
            "Access token with write permission",
            key=keys.of(tokenization.id, "push_token"),
            type="password",
            placeholder="hf_…",
            help="Passed to the job that needs it, never stored.",
        )
        private.toggle("Private", value=True, key=keys.of(tokenization.id, "push_private"))
        st.form_submit_button("Push", icon=":material/cloud_upload:", on_click=_push, args=(tokenization.id,))
    failures.show_stored(keys.of(tokenization.id, "push_error"))


def _export(tokenization_id: str, kind: str) -> None:
    with failures.storing(keys.of(tokenization_id, "export_error")):
        open_library().export_tokenization(tokenization_id, kind)
        st.session_state[keys.NOTICE] = "Export started."


def _push(tokenization_id: str) -> None:
    state = st.session_state
    with failures.storing(keys.of(tokenization_id, "push_error")):
        repo = (state[keys.of(tokenization_id, "push_repo")] or "").strip()
        if not repo:
            raise invalid("No repository given.", "Enter one of your own, such as your-name/token-sequences.")
        private = bool(state[keys.of(tokenization_id, "push_private")])
        open_library().push(
            tokenization_id, repo, private=private, hf_token=state[keys.of(tokenization_id, "push_token")] or None
        )
        state[keys.NOTICE] = "Push started."

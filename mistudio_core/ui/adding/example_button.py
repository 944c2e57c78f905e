"""The built-in sample: one press and there is something to look at, with no network."""

from __future__ import annotations

from typing import Literal

import streamlit as st

from mistudio_core.library import Library
from mistudio_core.ui.app import failures, keys
from mistudio_core.ui.app.opening import open_library


def invite(library: Library) -> None:
    """Draw what an empty library shows."""
    if not library.may("start"):
        st.info("This library is empty. Sign in to add a dataset.", icon=":material/login:")
        return
    with st.container(border=True, horizontal_alignment="center", gap="small", key="invitation"):
        st.space("small")
        st.markdown("## :material/auto_stories: Your library is empty", text_alignment="center")
        st.markdown(
            "Start with the example dataset: 5,000 short stories and a tokenizer trained on them, generated on "
            "this machine in a few seconds. No network or account needed.",
            text_alignment="center",
            width=560,
        )
        button(kind="primary")
        st.caption(
            "Or download a dataset from the Hugging Face Hub, or upload your own files, below.", text_alignment="center"
        )
        st.space("small")


def offer(*, opens: bool = False) -> None:
    """Draw the same offer in fewer words; with `opens` the dataset's page shows the example then."""
    st.markdown(
        "5,000 short stories and a tokenizer trained on them, generated on this machine in a few seconds, without a "
        "network. A quick way to try everything."
    )
    button(opens=opens)


def button(*, kind: Literal["primary", "secondary"] = "secondary", opens: bool = False) -> None:
    """Draw the button that makes the sample dataset."""
    st.button(
        "Create the example dataset",
        key="make_sample",
        icon=":material/bolt:",
        type=kind,
        on_click=_make,
        args=(opens,),
    )
    failures.show_stored(keys.SAMPLE_ERROR)


def _make(opens: bool) -> None:
    with failures.storing(keys.SAMPLE_ERROR):
        made = open_library().make_example()
        st.session_state[keys.ADD_OPEN] = False
        if opens:
            st.query_params[keys.DATASET_ID] = made.id

"""Taking token sequences elsewhere: code to copy for each trainer."""

from __future__ import annotations

import streamlit as st

from mistudio_core.library import Library
from mistudio_core.library.queries import REMOTE
from mistudio_core.records import Tokenization
from mistudio_core.ui.app import keys
from mistudio_core.ui.app.escape import plain


def draw(library: Library, tokenization: Tokenization) -> None:
    """Draw the choice of the program, and its code."""
    found = {item.program: item for item in library.snippets(tokenization.id)}
    chosen = st.radio(
        "Code for",
        list(found),
        horizontal=True,
        key=keys.of(tokenization.id, "use_for"),
        persist_state="session",
    )
    snippet = found[chosen]
    if snippet.code is None:
        st.info(plain(snippet.problem, 500), icon=":material/info:")
    else:
        st.code(snippet.code, language=snippet.language)
        if snippet.note:
            st.markdown(snippet.note)  # a caption would make the names in it too pale to be read
    if library.settings.shared and snippet.name != REMOTE:
        st.caption("The sequences are on the app's machine: copy the folder first, then change the path in the code.")

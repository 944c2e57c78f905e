"""What a link to a dataset shows that the library does not hold, such as one to a demo whose disk was emptied."""

from __future__ import annotations

import streamlit as st

from mistudio_core.library import Library
from mistudio_core.ui.adding import example_button


def draw(library: Library) -> None:
    """Say why the dataset may be gone, and offer the example in a library that holds nothing."""
    st.title("This dataset is not here", anchor=False)
    if library.datasets():
        st.info("It was deleted, or the link is wrong. See the list of all datasets.", icon=":material/link_off:")
        return
    if library.settings.shared:
        st.info(
            "The disk of this demo was emptied, as happens when nobody has used it for some hours, and the dataset "
            "went with it. The link itself may well have been right.",
            icon=":material/cleaning_services:",
        )
    else:
        st.info("It was deleted, or it is in another folder: this library is empty.", icon=":material/link_off:")
    if library.may("start"):
        example_button.offer(opens=True)

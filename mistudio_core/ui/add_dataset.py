"""The three ways to get a dataset, side by side."""

from __future__ import annotations

import streamlit as st

from mistudio_core.library import Library
from mistudio_core.ui import download_form, import_form, sample_button


def draw(library: Library, *, with_sample: bool) -> None:
    """Draw the forms; an empty library offers its sample elsewhere and louder."""
    labels = [":material/cloud_download: Hugging Face Hub", ":material/upload_file: Your files"]
    if with_sample:
        labels.append(":material/bolt: Sample")
    with st.container(border=True, key="add_dataset"):
        tabs = st.tabs(labels)
        with tabs[0]:
            download_form.draw()
        with tabs[1]:
            import_form.draw(library.settings)
        if with_sample:
            with tabs[2]:
                sample_button.offer()

"""Bringing files from the visitor's computer."""

from __future__ import annotations

import shutil

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from mistudio_core.errors import StudioError
from mistudio_core.library import Library
from mistudio_core.ui.app import failures, keys
from mistudio_core.ui.app.opening import open_library
from mistudio_core.ui.datasets import file_preview, import_fields


def draw(library: Library) -> None:
    """Draw the form, and the preview of the files if there is one."""
    settings = library.settings
    with st.form("import", border=False):
        st.file_uploader(
            "Files",
            key=_uploads_key(),
            accept_multiple_files=True,
            max_upload_size=settings.max_upload_mb,
            help="Parquet, JSONL, JSON, CSV, TSV, TXT or Arrow, also compressed as .gz, .bz2, .xz or .zst. "
            "Several files of one kind become one dataset. Import larger files by path, from Python or the command "
            "line.",
        )
        st.text_input("Name (optional)", key=keys.IMPORT_NAME, placeholder="Name of the first file")
        if settings.shared:
            st.checkbox(
                "Share with everybody who uses this app",
                key=keys.IMPORT_PUBLIC,
                help="Others can then see, search, tokenize and download the samples. Otherwise only you and the host "
                "of this app see the dataset. You can change this later.",
            )
        with st.expander("Parsing options", icon=":material/tune:"):
            import_fields.draw()
        with st.container(horizontal=True):
            st.form_submit_button("Preview", icon=":material/visibility:", on_click=_preview)
            st.form_submit_button("Import", icon=":material/upload_file:", type="primary", on_click=_import)
    failures.show_stored(keys.IMPORT_ERROR)
    file_preview.draw(library)


def _uploads_key() -> str:
    # An uploader is emptied by giving it another key.
    return f"{keys.UPLOADS}_{st.session_state.get(keys.UPLOADS_ROUND, 0)}"


def _import() -> None:
    st.session_state[keys.ADD_OPEN] = True
    uploads: list[UploadedFile] = st.session_state.get(_uploads_key()) or []
    with failures.storing(keys.IMPORT_ERROR):
        library = open_library()
        paths = library.upload([(file.name, file) for file in uploads])
        try:
            library.import_files(
                paths,
                name=_name(uploads[0].name),
                options=import_fields.chosen(),
                public=bool(st.session_state.get(keys.IMPORT_PUBLIC)),
            )
        except StudioError:
            shutil.rmtree(paths[0].parent, ignore_errors=True)
            raise
        st.session_state[keys.IMPORT_NAME] = ""
        st.session_state[keys.PREVIEW_JOB] = None
        st.session_state[keys.UPLOADS_ROUND] = st.session_state.get(keys.UPLOADS_ROUND, 0) + 1
        st.session_state[keys.NOTICE] = "Import started."


def _preview() -> None:
    st.session_state[keys.ADD_OPEN] = True
    uploads: list[UploadedFile] = st.session_state.get(_uploads_key()) or []
    st.session_state[keys.PREVIEW_JOB] = None
    with failures.storing(keys.IMPORT_ERROR):
        library = open_library()
        paths = library.upload([(file.name, file) for file in uploads[:1]])
        try:
            job = library.look_at_files(paths, options=import_fields.chosen())
        except StudioError:
            shutil.rmtree(paths[0].parent, ignore_errors=True)
            raise
        st.session_state[keys.PREVIEW_JOB] = job.id


def _name(file_name: str) -> str:
    typed = (st.session_state[keys.IMPORT_NAME] or "").strip()
    return typed or file_name.split(".", maxsplit=1)[0].strip() or "import"

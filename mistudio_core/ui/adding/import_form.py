"""Bringing files: from the visitor's computer, or by path where the app runs on it; their first rows are shown."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from mistudio_core.errors import StudioError, invalid
from mistudio_core.library import Library
from mistudio_core.ui.adding import file_preview, import_fields, import_paths
from mistudio_core.ui.app import failures, keys
from mistudio_core.ui.app.opening import open_library
from mistudio_core.ui.widgets import formats

_FORMATS: Final = "Parquet, JSON lines, JSON, CSV, TSV, text or Arrow, also compressed as .gz, .bz2, .xz or .zst."


def draw(library: Library) -> None:
    """Draw the form, and the first rows of the files as they would be read with the options chosen."""
    settings = library.settings
    by_path = "" if settings.shared else "; by path of any size"
    st.caption(
        f"{_FORMATS} Up to {formats.exact(settings.max_upload_mb)} MB per uploaded file{by_path}. "
        "Several files of one format become one dataset."
    )
    st.file_uploader(
        "Files from your computer",
        key=_uploads_key(),
        accept_multiple_files=True,
        max_upload_size=settings.max_upload_mb,
        on_change=_preview,
    )
    if not settings.shared:
        st.text_area(
            "Paths on this machine",
            key=keys.IMPORT_PATHS,
            height=80,
            placeholder="/data/books/*.jsonl.zst",
            on_change=_preview,
            help="One per line, of any size; they are only read. Names may hold * and ?. A folder written by "
            "save_to_disk works too.",
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
        import_fields.draw(on_change=_preview)
    st.button("Import", key="import", icon=":material/upload_file:", type="primary", on_click=_import)
    failures.show_stored(keys.IMPORT_ERROR)
    file_preview.draw(library)


def _uploads_key() -> str:
    # An uploader is emptied by giving it another key.
    return f"{keys.UPLOADS}_{st.session_state.get(keys.UPLOADS_ROUND, 0)}"


def _uploads() -> Sequence[UploadedFile]:
    return st.session_state.get(_uploads_key()) or []


def _files(library: Library, *, most: int | None = None) -> list[Path]:
    """Return the files in the form, or the first `most` of them; those that were sent are stored in the library."""
    uploads, paths = _uploads(), import_paths.expanded(st.session_state.get(keys.IMPORT_PATHS) or "")
    if uploads and paths:
        raise invalid("There are uploaded files and paths.", "Remove one or the other: a dataset is made of one kind.")
    if paths and not library.settings.shared:
        return paths[:most]
    return library.upload([(file.name, file) for file in uploads[:most]])


def _drop(paths: Sequence[Path]) -> None:
    """Remove what was stored for a request that was refused."""
    if _uploads():
        shutil.rmtree(paths[0].parent, ignore_errors=True)


def _import() -> None:
    st.session_state[keys.ADD_OPEN] = True
    with failures.storing(keys.IMPORT_ERROR):
        library = open_library()
        paths = _files(library)
        try:
            library.import_files(
                paths,
                name=_name(_uploads()[0].name if _uploads() else paths[0].name),
                options=import_fields.chosen(),
                public=bool(st.session_state.get(keys.IMPORT_PUBLIC)),
            )
        except StudioError:
            _drop(paths)
            raise
        _end_preview(library)
        st.session_state[keys.IMPORT_NAME] = st.session_state[keys.IMPORT_PATHS] = ""
        st.session_state[keys.UPLOADS_ROUND] = st.session_state.get(keys.UPLOADS_ROUND, 0) + 1
        st.session_state[keys.ADD_OPEN] = False
        st.session_state[keys.NOTICE] = "Import started."


def _preview() -> None:
    """Read the first rows anew: other files are in the form, or they are to be read otherwise."""
    st.session_state[keys.ADD_OPEN] = True
    with failures.storing(keys.IMPORT_ERROR):
        library = open_library()
        _end_preview(library)
        if not _uploads() and not (st.session_state.get(keys.IMPORT_PATHS) or "").strip():
            return
        options = import_fields.chosen()
        paths = _files(library, most=1)
        try:
            job = library.look_at_files(paths, options=options)
        except StudioError:
            _drop(paths)
            raise
        st.session_state[keys.PREVIEW_JOB] = job.id
        st.session_state[keys.PREVIEW_UPLOAD] = str(paths[0].parent) if _uploads() else None


def _end_preview(library: Library) -> None:
    """Forget the last preview, and stop it if it still runs: nobody waits for it."""
    job_id, st.session_state[keys.PREVIEW_JOB] = st.session_state.get(keys.PREVIEW_JOB), None
    upload = st.session_state.get(keys.PREVIEW_UPLOAD)
    if any(job.id == job_id for job in library.jobs(active=True)):
        library.cancel(str(job_id))
        if upload is not None:  # one that has ended has removed it
            shutil.rmtree(upload, ignore_errors=True)


def _name(file_name: str) -> str:
    typed = (st.session_state[keys.IMPORT_NAME] or "").strip()
    return typed or file_name.split(".", maxsplit=1)[0].strip() or "import"

"""Bringing files from the visitor's computer."""

from __future__ import annotations

import re
import secrets
import shutil
from pathlib import Path
from typing import Final

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from mistudio_core.errors import StudioError, invalid
from mistudio_core.library import Library
from mistudio_core.ui.app import failures, keys
from mistudio_core.ui.app.opening import open_library
from mistudio_core.ui.datasets import file_preview, import_fields

_CHUNK_BYTES: Final = 1 << 20
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST_NAME: Final = 120


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
    uploads: list[UploadedFile] = st.session_state.get(_uploads_key()) or []
    with failures.storing(keys.IMPORT_ERROR):
        library = open_library()
        folder, paths = _store(library, uploads)
        try:
            library.import_files(paths, name=_name(uploads[0].name), options=import_fields.chosen())
        except StudioError:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        st.session_state[keys.IMPORT_NAME] = ""
        st.session_state[keys.PREVIEW_JOB] = None
        st.session_state[keys.UPLOADS_ROUND] = st.session_state.get(keys.UPLOADS_ROUND, 0) + 1
        st.session_state[keys.NOTICE] = "Import started."


def _preview() -> None:
    uploads: list[UploadedFile] = st.session_state.get(_uploads_key()) or []
    st.session_state[keys.PREVIEW_JOB] = None
    with failures.storing(keys.IMPORT_ERROR):
        library = open_library()
        folder, paths = _store(library, uploads[:1])
        try:
            job = library.look_at_files(paths, options=import_fields.chosen())
        except StudioError:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        st.session_state[keys.PREVIEW_JOB] = job.id


def _name(file_name: str) -> str:
    typed = (st.session_state[keys.IMPORT_NAME] or "").strip()
    return typed or file_name.split(".", maxsplit=1)[0].strip() or "import"


def _store(library: Library, uploads: list[UploadedFile]) -> tuple[Path, list[Path]]:
    """Copy the uploads into a folder of their own below `uploads/`; the browser's limits are checked again."""
    if not uploads:
        raise invalid("No file selected.", "Drop files onto the upload field, or press Upload.")
    limit = library.settings.max_upload_mb << 20
    for upload in uploads:
        if upload.size > limit:
            raise StudioError(
                "too_large",
                f"{upload.name} exceeds the upload limit of {library.settings.max_upload_mb} MB.",
                "Import it by path, from Python or the command line, or raise MISTUDIO_MAX_UPLOAD_MB.",
            )
    folder = library.home.uploads / f"up_{secrets.token_hex(8)}"
    try:
        folder.mkdir(parents=True)
        return folder, [_copy(upload, folder) for upload in uploads]
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise StudioError(
            "disk_full", f"The upload could not be stored ({error.strerror}).", "Free disk space and try again."
        ) from None


def _copy(upload: UploadedFile, folder: Path) -> Path:
    target = folder / safe_name(upload.name)
    for number in range(2, 10_000):
        if not target.exists():
            break
        target = folder / f"{number}-{safe_name(upload.name)}"
    upload.seek(0)
    with open(target, "xb") as file:
        shutil.copyfileobj(upload, file, _CHUNK_BYTES)
    return target


def safe_name(name: str) -> str:
    """Return a file name of letters, digits, `.`, `_` and `-` that keeps the ending of `name`."""
    safe = _UNSAFE.sub("_", name.replace("\\", "/").rsplit("/", 1)[-1]).lstrip(".")
    return safe[-_LONGEST_NAME:].lstrip(".-") or "upload"

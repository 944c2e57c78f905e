"""Where the bytes lie, which limits hold, and what this runs on."""

from __future__ import annotations

import platform
from dataclasses import fields
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final

import streamlit as st

from mistudio_core import __version__
from mistudio_core.library import Library
from mistudio_core.settings import Settings
from mistudio_core.ui.widgets import formats

_PARTS: Final = {
    "datasets": ("Datasets and their token rows", "datasets"),
    "tokenizers": ("Tokenizers", "tokenizers"),
    "jobs": ("Jobs and their logs", "jobs"),
    "uploads": ("Uploads that wait for their import", "uploads"),
    "exports": ("Exports", "exports"),
}
_MEANINGS: Final = {
    "shared": "Strangers share this library: no paths, no saved Hub login, no gated or private data",
    "max_upload_mb": "Largest upload, MB",
    "max_look_jobs": "Tokenizers loaded for a look at a time",
    "max_download_jobs": "Downloads and pushes at a time",
    "max_compute_jobs": "Imports, tokenizations and exports at a time",
    "max_index_jobs": "Search indexes built at a time",
    "max_waiting_jobs": "Jobs that may wait",
    "threads": "Threads of one tokenization",
    "quota_gb": "Disk the library may fill, GB",
    "keep_free_mb": "Disk a download leaves free, MB",
    "max_piece_mb": "Largest indivisible text, MB",
    "lock_timeout_s": "Longest wait for the catalog, s",
}
_NO_LIMIT: Final = frozenset({"quota_gb"})
_BY_ENGINE: Final = frozenset({"max_piece_mb"})
_PACKAGES: Final = (
    "streamlit",
    "datasets",
    "transformers",
    "tokenizers",
    "gigatoken",
    "duckdb",
    "pyarrow",
    "altair",
    "huggingface-hub",
    "tantivy",
)


def storage(library: Library) -> None:
    """Draw the size of each folder."""
    st.subheader("Storage", anchor=False)
    sizes = library.storage().to_json()
    free = sizes.pop("free_bytes", None)
    used = sum(sizes.values())
    with st.grid(3, min_column_width=160):
        st.metric("In this library", formats.size(used), help=formats.exact_size(used), border=True)
        st.metric("Free on the disk", formats.size(free), help=formats.exact_size(free), border=True)
        st.metric("Datasets", formats.count(len(library.datasets())), border=True)
    rows = [
        {
            "Holds": _PARTS.get(part, (part, part))[0],
            "Folder": _PARTS.get(part, (part, part))[1],
            "Size": formats.size(number),
            "Bytes": formats.exact(number),
        }
        for part, number in sorted(sizes.items(), key=lambda item: -item[1])
    ]
    _table(rows, "Size of each folder of the library")
    if not library.settings.shared:
        st.caption("Folder on the machine of the app")
        st.code(str(library.home.root), language=None, wrap_lines=True)


def limits(library: Library) -> None:
    """Draw the settings in force, with the variable that sets each."""
    st.subheader("Limits", anchor=False)
    st.caption("Each is set by an environment variable when the app is started, and enforced in the core.")
    rows = [
        {
            "Setting": _MEANINGS.get(field.name, field.name.replace("_", " ")),
            "Value": _value(library.settings, field.name),
            "Variable": f"MISTUDIO_{field.name.upper()}",
        }
        for field in fields(Settings)
        if field.name != "home"  # shown above
    ]
    _table(rows, "Settings in force")


def versions() -> None:
    """Draw the versions of what the results depend on."""
    st.subheader("Versions", anchor=False)
    rows = [
        {"Package": "miStudio Datasets", "Version": __version__},
        {"Package": "Python", "Version": platform.python_version()},
    ]
    rows += [{"Package": name, "Version": _version(name)} for name in _PACKAGES]
    _table(rows, "Versions of the packages in use")


def _value(settings: Settings, name: str) -> str:
    value: Any = getattr(settings, name)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value == 0 and name in _NO_LIMIT:
        return "no limit"
    if value == 0 and name in _BY_ENGINE:
        return "by engine"
    return formats.exact(value)


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _table(rows: list[dict[str, str]], alt: str) -> None:
    st.dataframe(rows, hide_index=True, lazy=False, height="content", alt=alt)

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
    "datasets": ("Datasets and token sequences", "datasets"),
    "tokenizers": ("Tokenizers", "tokenizers"),
    "jobs": ("Jobs and logs", "jobs"),
    "uploads": ("Uploads waiting for import", "uploads"),
    "exports": ("Exports", "exports"),
}
_MEANINGS: Final = {
    "shared": "Shared library: no paths, no saved Hub login, no gated or private data",
    "max_upload_mb": "Upload limit, MB",
    "cluster": "Cluster for tokenizations",
    "max_look_jobs": "Concurrent tokenizer loads and file previews",
    "max_download_jobs": "Concurrent downloads and pushes",
    "max_compute_jobs": "Concurrent imports, tokenizations and exports",
    "max_index_jobs": "Concurrent search index builds",
    "max_waiting_jobs": "Queue limit, jobs",
    "threads": "Threads per tokenization",
    "quota_gb": "Disk quota of the library, GB",
    "keep_free_mb": "Disk space kept free, MB",
    "max_piece_mb": "Largest text encoded in one piece, MB",
    "lock_timeout_s": "Catalog lock timeout, s",
}
_NOT_LISTED: Final = frozenset({"home", "admin"})  # shown above; and names of people are nobody else's business
_NO_LIMIT: Final = frozenset({"quota_gb"})
_BY_ENGINE: Final = frozenset({"max_piece_mb"})
_PACKAGES: Final = (
    "streamlit",
    "datasets",
    "transformers",
    "tokenizers",
    "gigatoken",
    "nanotoken",
    "duckdb",
    "pyarrow",
    "altair",
    "huggingface-hub",
    "tantivy",
)


def storage(library: Library) -> None:
    """Draw the size of each folder."""
    st.header("Storage", anchor=False)
    sizes = library.storage().to_json()
    free = sizes.pop("free_bytes", None)
    used = sum(sizes.values())
    with st.grid(3, min_column_width=160):
        st.metric("Used by the library", formats.size(used), help=formats.exact_size(used), border=True)
        st.metric("Free disk space", formats.size(free), help=formats.exact_size(free), border=True)
        st.metric("Datasets", formats.count(len(library.datasets())), border=True)
    rows = [
        {
            "Contents": _PARTS.get(part, (part, part))[0],
            "Folder": _PARTS.get(part, (part, part))[1],
            "Size": formats.size(number),
            "Bytes": formats.exact(number),
        }
        for part, number in sorted(sizes.items(), key=lambda item: -item[1])
    ]
    _table(rows, "Size of each folder of the library")
    if not library.settings.shared:
        st.caption("Path on the app's machine")
        st.code(str(library.home.root), language=None, wrap_lines=True)


def limits(library: Library) -> None:
    """Draw the settings in force, with the variable that sets each."""
    st.header("Limits", anchor=False)
    st.caption("Set by environment variables when the app starts.")
    rows = [
        {
            "Setting": _MEANINGS.get(field.name, field.name.replace("_", " ")),
            "Value": _value(library.settings, field.name),
            "Variable": f"MISTUDIO_{field.name.upper()}",
        }
        for field in fields(Settings)
        if field.name not in _NOT_LISTED
    ]
    _table(rows, "Settings with their values")


def versions() -> None:
    """Draw the versions of what the results depend on."""
    st.header("Versions", anchor=False)
    rows = [
        {"Package": "miStudio Datasets", "Version": __version__},
        {"Package": "Python", "Version": platform.python_version()},
    ]
    rows += [{"Package": name, "Version": _version(name)} for name in _PACKAGES]
    _table(rows, "Versions of the packages in use")


def _value(settings: Settings, name: str) -> str:
    value: Any = getattr(settings, name)
    if isinstance(value, tuple):
        return ", ".join(value) or "none"
    if isinstance(value, str):
        return value or "none"
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

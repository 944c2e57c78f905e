"""The complete result as a file: written as it is found, downloaded by the browser or left in the library's folder."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import streamlit as st

from mistudio_core.errors import StudioError
from mistudio_core.library import Library
from mistudio_core.library.queries import EXPORT_KINDS, list_of
from mistudio_core.records import Dataset, Tokenization
from mistudio_core.ui.app import failures, keys
from mistudio_core.ui.samples import finding
from mistudio_core.ui.samples.address import Asked
from mistudio_core.ui.widgets import formats

_NAMES: Final = {"parquet": "Parquet", "jsonl": "JSON lines", "csv": "CSV", "spreadsheet": "Spreadsheet"}
_HELP: Final = (
    "**Parquet** keeps all types and can be imported again. **JSON lines** and **CSV** write labels by name and bytes "
    "as base64. CSV writes nested values as JSON. **Spreadsheet** is CSV in which text that a spreadsheet may read as "
    "a formula has an apostrophe before it."
)
_DOWNLOAD_BYTES: Final = 100 << 20
"""Streamlit holds in memory what a browser downloads; a larger file is fetched by its path."""
_WIDTH: Final = 320


def draw(library: Library, dataset: Dataset, asked: Asked, tokenization: Tokenization | None) -> None:
    """Draw the button behind which the export is."""
    if not library.may("start"):
        return
    popover = st.popover("Export", icon=":material/ios_share:", key="samples_export", on_change="rerun")
    if not popover.open:
        return
    with popover, st.container(width=_WIDTH):
        st.caption("All samples in this list, in its order.")
        kind = st.segmented_control(
            "Format", EXPORT_KINDS, default=EXPORT_KINDS[0], required=True, key="samples_export_kind",
            format_func=_NAMES.__getitem__, help=_HELP,
        )  # fmt: skip
        asked_for = (dataset.id, tuple(sorted(asked.fields.items())), kind)
        if st.button("Export", key="samples_export_make", icon=":material/save:"):
            if library.settings.shared:
                _forget()  # strangers' files would fill the disk
            with failures.shown():
                path = _write(library, dataset, str(kind), asked.fields, tokenization)
                st.session_state[keys.EXPORTED] = (asked_for, str(path))
        exported_for, path_text = st.session_state.get(keys.EXPORTED, (None, ""))
        if exported_for == asked_for and Path(path_text).is_file():
            _offer(library, dataset, Path(path_text))


def _write(
    library: Library, dataset: Dataset, kind: str, fields: Mapping[str, Any], tokenization: Tokenization | None
) -> Path:
    """Write the file under a bar that moves; a click elsewhere ends it, and leaves nothing behind."""
    query = finding.query_fields(fields, tokenization)
    bar = st.progress(0.0, text="Finding samples")
    most = max(1, dataset.num_samples)
    path = library.export_samples(
        dataset.id,
        kind,
        query,
        progress=lambda done: _show_progress(bar, done, most),
    )
    bar.empty()
    return path


def _forget() -> None:
    """Delete the file that this session exported before."""
    _, path = st.session_state.pop(keys.EXPORTED, (None, ""))
    if path:
        for gone in (Path(path), list_of(Path(path))):
            gone.unlink(missing_ok=True)


def _show_progress(bar: Any, done: int, most: int) -> None:
    bar.progress(min(1.0, done / most), text=f"{formats.exact(done)} samples written")


def _offer(library: Library, dataset: Dataset, path: Path) -> None:
    size = path.stat().st_size
    if size <= _DOWNLOAD_BYTES:
        st.download_button(
            f"Download {formats.size(size)}",
            data=lambda: _opened(path),
            file_name=f"{dataset.id}-samples{path.suffix}",
            mime="application/octet-stream",
            icon=":material/download:",
            on_click="ignore",
            type="primary",
        )
    elif library.settings.shared:
        failures.show(
            StudioError(
                "too_large",
                f"The file is {formats.size(size)}, too large to download from this shared app.",
                "Filter the samples, or run the app on your own machine.",
            )
        )
    if not library.settings.shared:
        st.caption(f"{formats.size(size)} on the app's machine")
        st.code(str(path), language=None, wrap_lines=True)


def _opened(path: Path) -> io.BytesIO:
    return io.BytesIO(path.read_bytes())

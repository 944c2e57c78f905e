"""The fields that say how files are read, where the files alone cannot."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import streamlit as st

from mistudio_core.library import ImportOptions
from mistudio_core.ui.app import keys

_NO_HEADER: Final = "No header"
_ONLY_EMPTY, _NONE_MISSING = "Empty cells only", "No missing values"
_ENCODINGS: Final = ("utf-16", "cp1252", "latin-1", "shift_jis", "gb18030", "euc_kr", "koi8_r")
_REPLACE: Final = "Replace with U+FFFD and count the samples"
_UNITS: Final = {"Line": "line", "Paragraph": "paragraph", "Document (whole file)": "document"}


def draw(*, on_change: Callable[[], None]) -> None:
    """Draw the fields; one that is left alone is read as `datasets` reads it by itself."""
    st.caption("Only needed if the preview below looks wrong; it follows each change.")
    delimiter, header, nulls = st.columns(3)
    delimiter.text_input(
        "CSV: delimiter",
        key=keys.IMPORT_DELIMITER,
        on_change=on_change,
        placeholder="Comma (TSV: tab)",
        help="The character between cells, such as ; or |. Type tab for the tab character.",
    )
    header.selectbox(
        "CSV: header",
        [_NO_HEADER],
        index=None,
        key=keys.IMPORT_HEADER,
        on_change=on_change,
        accept_new_options=True,
        placeholder="First line",
        help="Or type the number of the header's line, counted from 0: the lines before it are skipped.",
    )
    nulls.selectbox(
        "CSV: missing values",
        [_ONLY_EMPTY, _NONE_MISSING],
        index=None,
        key=keys.IMPORT_NULLS,
        on_change=on_change,
        accept_new_options=True,
        placeholder="Empty, NA, null, None, nan, …",
        help="Cell values to read as missing. Separate your own with commas, for example NA,-.",
    )
    encoding, field, unit = st.columns(3)
    encoding.selectbox(
        "Encoding",
        _ENCODINGS,
        index=None,
        key=keys.IMPORT_ENCODING,
        on_change=on_change,
        accept_new_options=True,
        placeholder="UTF-8",
        help="Of CSV, JSON and text files, by its Python name.",
    )
    field.text_input(
        "JSON: field",
        key=keys.IMPORT_FIELD,
        on_change=on_change,
        placeholder="None: JSON lines or a list",
        help="If the file is one JSON object: the key that holds the list of samples.",
    )
    unit.selectbox(
        "Text: one sample per",
        list(_UNITS),
        index=None,
        key=keys.IMPORT_UNIT,
        on_change=on_change,
        placeholder="Line",
    )
    draw_text_fields(keys.IMPORT_TEXT_COLUMNS, keys.IMPORT_INVALID, on_change=on_change)


def draw_text_fields(columns_key: str, invalid_key: str, *, on_change: Callable[[], None] | None = None) -> None:
    """Draw what imports and downloads both ask: which columns of bytes are text, and what invalid UTF-8 becomes."""
    columns, invalid = st.columns([1, 2])
    columns.text_input(
        "Binary columns with text",
        key=columns_key,
        on_change=on_change,
        placeholder="None",
        help="Of Parquet and Arrow files: column names separated by commas, for example content,body.",
    )
    invalid.selectbox(
        "Invalid UTF-8 bytes",
        [_REPLACE],
        index=None,
        key=invalid_key,
        on_change=on_change,
        placeholder="Reject the file",
    )


def chosen() -> ImportOptions:
    """Return what the fields say; raises `invalid_request` for what cannot be meant."""
    state = st.session_state
    nulls = {_ONLY_EMPTY: ("",), _NONE_MISSING: ()}
    missing, header = state.get(keys.IMPORT_NULLS), state.get(keys.IMPORT_HEADER)
    return ImportOptions(
        delimiter=state.get(keys.IMPORT_DELIMITER) or None,
        header="none" if header == _NO_HEADER else header or None,
        null_values=None if not missing else nulls.get(missing, tuple(missing.split(","))),
        encoding=state.get(keys.IMPORT_ENCODING) or None,
        field=state.get(keys.IMPORT_FIELD) or None,
        sample_by=_UNITS.get(state.get(keys.IMPORT_UNIT) or ""),
        text_columns=names_of(state.get(keys.IMPORT_TEXT_COLUMNS)),
        invalid_utf8="replace" if state.get(keys.IMPORT_INVALID) else None,
    )


def names_of(typed: str | None) -> tuple[str, ...] | None:
    """Return the names that were typed with commas between them; None where there are none."""
    return tuple(name.strip() for name in (typed or "").split(",") if name.strip()) or None

"""The fields that say how files are read, where the files alone cannot."""

from __future__ import annotations

from typing import Final

import streamlit as st

from mistudio_core.library import ImportOptions
from mistudio_core.ui.app import keys

_NO_HEADER: Final = "No line of names"
_ONLY_EMPTY, _NONE_MISSING = "Only empty cells", "No cell is missing"
_ENCODINGS: Final = ("utf-16", "cp1252", "latin-1", "shift_jis", "gb18030", "euc_kr", "koi8_r")
REPLACE: Final = "Replace them by U+FFFD, and count the samples"
_UNITS: Final = {"Line": "line", "Paragraph": "paragraph", "Document (the whole file)": "document"}


def draw() -> None:
    """Draw the fields; one that is left alone is read as `datasets` reads it by itself."""
    st.caption("Only where the first rows below are not as they should be.")
    delimiter, header, nulls = st.columns(3)
    delimiter.text_input(
        "CSV: delimiter",
        key=keys.IMPORT_DELIMITER,
        placeholder="Comma, tab for TSV",
        help="One character between the cells, such as ; or |. Write tab for a tabulator.",
    )
    header.selectbox(
        "CSV: header", [_NO_HEADER], index=None, key=keys.IMPORT_HEADER, placeholder="The first line holds the names"
    )
    nulls.selectbox(
        "CSV: missing values",
        [_ONLY_EMPTY, _NONE_MISSING],
        index=None,
        key=keys.IMPORT_NULLS,
        accept_new_options=True,
        placeholder="Empty, NA, null, None, nan, …",
        help="Which cells hold nothing. Words of your own are written with commas between them, such as NA,-.",
    )
    encoding, field, unit = st.columns(3)
    encoding.selectbox(
        "Encoding",
        _ENCODINGS,
        index=None,
        key=keys.IMPORT_ENCODING,
        accept_new_options=True,
        placeholder="UTF-8",
        help="Of CSV, JSON and text files, as Python names it.",
    )
    field.text_input(
        "JSON: field",
        key=keys.IMPORT_FIELD,
        placeholder="None: one object a line, or a list",
        help="The key whose value is the list of samples, where the file is one large object.",
    )
    unit.selectbox(
        "Text: one sample is a …", list(_UNITS), index=None, key=keys.IMPORT_UNIT, placeholder="Line",
    )  # fmt: skip
    columns, invalid = st.columns([1, 2])
    columns.text_input(
        "Columns of bytes that hold text",
        key=keys.IMPORT_TEXT_COLUMNS,
        placeholder="None",
        help="Of Parquet and Arrow files: names with commas between them, such as content,body.",
    )
    invalid.selectbox(
        "Bytes in a text that are not UTF-8",
        [REPLACE],
        index=None,
        key=keys.IMPORT_INVALID,
        placeholder="Refuse the file",
    )


def chosen() -> ImportOptions:
    """Return what the fields say; raises `invalid_request` for what cannot be meant."""
    state = st.session_state
    nulls = {_ONLY_EMPTY: ("",), _NONE_MISSING: ()}
    said = state.get(keys.IMPORT_NULLS)
    return ImportOptions(
        delimiter=state.get(keys.IMPORT_DELIMITER) or None,
        header="none" if state.get(keys.IMPORT_HEADER) else None,
        null_values=None if not said else nulls.get(said, tuple(said.split(","))),
        encoding=state.get(keys.IMPORT_ENCODING) or None,
        field=state.get(keys.IMPORT_FIELD) or None,
        sample_by=_UNITS.get(state.get(keys.IMPORT_UNIT) or ""),
        text_columns=names_of(state.get(keys.IMPORT_TEXT_COLUMNS)),
        invalid_utf8="replace" if state.get(keys.IMPORT_INVALID) else None,
    )


def names_of(typed: str | None) -> tuple[str, ...] | None:
    """Return the names that were typed with commas between them; None where there are none."""
    return tuple(name.strip() for name in (typed or "").split(",") if name.strip()) or None

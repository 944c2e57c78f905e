"""Unused and rare ids of a vocabulary, page by page and as a file."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any, Final

import streamlit as st

from mistudio_core.library import Library
from mistudio_core.records import Tokenization
from mistudio_core.ui.app import failures, keys
from mistudio_core.ui.app.opening import open_library
from mistudio_core.ui.statistics import chart_card, token_tables
from mistudio_core.ui.widgets import formats

PAGE_SIZE: Final = 100
_CACHED_LISTS: Final = 4  # of up to some hundred thousand ids each
_NEVER: Final = 0
_COLUMNS: Final = {"Id": "id", "Token": "token", "Count": "count"}


def draw(library: Library, tokenization: Tokenization, vocabulary: Mapping[str, Any]) -> None:
    """Draw the list and its files."""
    with failures.shown():
        _list(library, tokenization, vocabulary)


def _list(library: Library, tokenization: Tokenization, vocabulary: Mapping[str, Any]) -> None:
    counts = {_NEVER: vocabulary["never_seen"]} | {row["at_most"]: row["ids"] for row in vocabulary["rarely_seen"]}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        most = st.selectbox(
            "Occurrences",
            list(counts),
            key=_key(tokenization, "most"),
            format_func=lambda limit: f"{_times(limit)} ({formats.exact(counts[limit])})",
            width=260,
        )
        page = st.container(width="content")
        _downloads(library, tokenization, most)
    found = _found(library, tokenization, most)
    if not found:
        st.caption("No such ids.")
        return
    pages = -(-len(found) // PAGE_SIZE)
    with page:
        number = st.pagination(pages, key=_key(tokenization, f"page_{most}")) if pages > 1 else 1
    first = (number - 1) * PAGE_SIZE
    shown = found[first : first + PAGE_SIZE]
    st.caption(
        f"Ids {formats.exact(first + 1)} to {formats.exact(first + len(shown))} of {formats.exact(len(found))}, "
        "rarest first"
    )
    columns = {title: [row[name] for row in shown] for title, name in _COLUMNS.items()}
    key, alt = _key(tokenization, f"rows_{most}_{number}"), f"{len(shown)} ids with their tokens and counts"
    if most == _NEVER:
        st.dataframe(columns, hide_index=True, lazy=False, key=key, alt=alt)
    else:
        token_tables.opening(columns, key, alt, tokenization)


def _times(most: int) -> str:
    if most == _NEVER:
        return "never"
    return "once" if most == 1 else f"1 to {formats.exact(most)} times"


def _downloads(library: Library, tokenization: Tokenization, most: int) -> None:
    name = f"ids-{'never-seen' if most == _NEVER else f'seen-at-most-{most}'}-{tokenization.id}"
    rows = _found(library, tokenization, most)
    st.download_button(
        "CSV",
        lambda: _csv(rows),
        file_name=f"{name}.csv",
        mime="text/csv",
        icon=":material/download:",
        on_click="ignore",
        key=_key(tokenization, "csv"),
    )
    chart_card.save_json("JSON", rows, name, _key(tokenization, "json"))


def _csv(rows: Sequence[Mapping[str, Any]]) -> bytes:
    written = io.StringIO()
    writer = csv.DictWriter(written, ["id", "token", "count"], quoting=csv.QUOTE_NONNUMERIC)
    writer.writeheader()
    writer.writerows(rows)
    return written.getvalue().encode()


def _found(library: Library, tokenization: Tokenization, most: int) -> list[dict[str, Any]]:
    library.tokenization(tokenization.id)  # who may not see it gets nothing from the cache either
    return _read(tokenization.id, most)


@st.cache_data(max_entries=_CACHED_LISTS, show_spinner="Reading the vocabulary")
def _read(tokenization_id: str, most: int) -> list[dict[str, Any]]:
    found = open_library().rare_ids(tokenization_id, most=most)
    return [row.to_json() for row in found if bool(row.count) == bool(most)]


def _key(tokenization: Tokenization, what: str) -> str:
    return keys.of(tokenization.id, f"stats_rare_{what}")

"""What a dataset is: figures, splits, columns, where it came from, and what people noted about it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import streamlit as st

from mistudio_core.library import Library
from mistudio_core.records import Dataset
from mistudio_core.ui.app import failures, keys
from mistudio_core.ui.app.escape import one_line
from mistudio_core.ui.app.opening import open_library
from mistudio_core.ui.widgets import figure_cards, formats

_TABLE_HEIGHT: Final = 300
_TALL_TABLE: Final = 8  # rows; a longer table scrolls
_ERROR: Final = "overview_error"


def draw(library: Library, dataset: Dataset) -> None:
    """Draw the tab."""
    _figures(library, dataset)
    splits, columns = st.columns(2)
    with splits:
        _splits(dataset)
    with columns:
        _columns(dataset)
    origin, notes = st.columns(2)
    with origin:
        _origin(dataset, library.replaced_texts(dataset.id), shared=library.settings.shared)
    with notes:
        _notes(library, dataset)


def _figures(library: Library, dataset: Dataset) -> None:
    with st.grid(4, min_column_width=150):
        figure_cards.count("Samples", dataset.num_samples)
        figure_cards.size("Size on disk", dataset.size_bytes)
        figure_cards.count("Splits", len(dataset.splits))
        figure_cards.count("Tokenizations", len(library.tokenizations(dataset.id)))


def _splits(dataset: Dataset) -> None:
    st.subheader("Splits", anchor=False)
    rows = [
        {
            "Split": one_line(name),
            "Samples": formats.exact(number),
            "Share": formats.share(number, dataset.num_samples),
        }
        for name, number in dataset.splits.items()
    ]
    _table(rows, "Splits with their numbers of samples")


def _columns(dataset: Dataset) -> None:
    st.subheader("Columns", anchor=False)
    rows = [
        {"Column": one_line(name), "Type": one_line(kind), "Text": "yes" if name in dataset.text_columns else ""}
        for name, kind in dataset.columns.items()
    ]
    _table(rows, "Columns with their types")
    if not dataset.text_columns:
        st.caption("No text column: this dataset can be browsed but not tokenized.")


def _table(rows: list[dict[str, str]], alt: str) -> None:
    height = _TABLE_HEIGHT if len(rows) > _TALL_TABLE else "content"
    st.dataframe(rows, hide_index=True, lazy=False, height=height, alt=alt)  # type: ignore[arg-type]


def _origin(dataset: Dataset, replaced: Mapping[str, int], *, shared: bool) -> None:
    st.subheader("Source", anchor=False)
    if dataset.repo_id:
        st.text(f"Repository {dataset.repo_id}", wrap=True)
    if dataset.config:
        st.text(f"Config {one_line(dataset.config)}")
    if dataset.revision:
        st.text(f"Commit {one_line(dataset.revision)}")
    if dataset.max_samples:
        st.text(f"Limited to the first {formats.exact(dataset.max_samples)} samples per split.")
    for column, count in replaced.items():
        samples = "1 sample has" if count == 1 else f"{formats.exact(count)} samples have"
        st.text(f"{samples} invalid UTF-8 in {one_line(column, 60)}, replaced with U+FFFD.", wrap=True)
    st.text(f"Created {formats.exact_time(dataset.created_at)}")
    if not shared:
        st.caption("Path on the app's machine")
        st.code(str(dataset.path), language=None, wrap_lines=True)


def _notes(library: Library, dataset: Dataset) -> None:
    if not library.may("rename", dataset):
        if dataset.notes:
            st.subheader("Notes", anchor=False)
            st.text(dataset.notes, wrap=True)
        return
    st.subheader("Name and notes", anchor=False)
    with st.form("notes", border=False):
        st.text_input("Name", value=dataset.name, key=keys.of(dataset.id, "name"), max_chars=200)
        st.text_area("Notes", value=dataset.notes, key=keys.of(dataset.id, "notes"), height=120)
        st.form_submit_button("Save", icon=":material/save:", on_click=_save, args=(dataset.id,))
    if library.settings.shared and dataset.source == "local":
        st.toggle(
            "Shared with everybody who uses this app",
            value=dataset.access == "public",
            key=keys.of(dataset.id, "shared"),
            on_change=_share,
            args=(dataset.id,),
            help="Others can see, search, tokenize and download the samples. Otherwise only you and the host of this "
            "app see the dataset.",
        )
    failures.show_stored(_ERROR)


def _share(dataset_id: str) -> None:
    with failures.storing(_ERROR):
        public = bool(st.session_state[keys.of(dataset_id, "shared")])
        open_library().share(dataset_id, public=public)
        st.session_state[keys.NOTICE] = "Shared." if public else "Private."


def _save(dataset_id: str) -> None:
    with failures.storing(_ERROR):
        name, notes = (st.session_state[keys.of(dataset_id, what)] for what in ("name", "notes"))
        open_library().rename(dataset_id, name=name or None, notes=notes)
        st.session_state[keys.NOTICE] = "Saved."

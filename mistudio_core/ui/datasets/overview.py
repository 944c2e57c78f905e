"""What a dataset is, on one screen: its columns, its first samples, where it came from, and what to do next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import streamlit as st

from mistudio_core.library import Library
from mistudio_core.records import Dataset, Tokenization
from mistudio_core.ui.app import failures, keys, pages
from mistudio_core.ui.app.escape import one_line, plain
from mistudio_core.ui.app.opening import open_library
from mistudio_core.ui.columns import strip
from mistudio_core.ui.datasets import next_step
from mistudio_core.ui.samples import cards as sample_cards
from mistudio_core.ui.samples import links as sample_links
from mistudio_core.ui.samples.cards import Card
from mistudio_core.ui.sequences import address as sequence_address
from mistudio_core.ui.widgets import badges, formats, titles

_FIRST_SAMPLES: Final = 3
_FOLDED_CHARS: Final = 240
_LISTED_TOKENIZATIONS: Final = 4
_TABLE_HEIGHT: Final = 300
_TALL_TABLE: Final = 8  # rows; a longer table scrolls
_ERROR: Final = "overview_error"


def draw(library: Library, dataset: Dataset) -> None:
    """Draw the tab."""
    strip.draw(
        library,
        dataset,
        keys.of(dataset.id, "overview_strip"),
        fields={},
        on_pick=lambda **picked: sample_links.open_samples(dataset.id, **picked),
    )
    samples, beside = st.columns([5, 3], gap="medium")
    with samples:
        _samples(library, dataset)
    tokenizations = library.tokenizations(dataset.id)
    with beside:
        _next(dataset, tokenizations)
        _origin(dataset, library.replaced_texts(dataset.id), shared=library.settings.shared)
    with st.expander("Columns, splits and notes", icon=":material/dataset:"):
        splits, columns = st.columns(2)
        with splits:
            _splits(dataset)
        with columns:
            _columns(dataset)
        _notes(library, dataset)


def _samples(library: Library, dataset: Dataset) -> None:
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.header("First samples", anchor=False, width="content")
        if dataset.num_samples:
            sample_links.link(f"Browse all {formats.exact(dataset.num_samples)}", dataset.id)
    if not dataset.num_samples:
        st.caption("This dataset has no samples.")
        return
    with failures.shown():
        found = library.samples(dataset.id, limit=_FIRST_SAMPLES).rows
        cards = [Card(sample, place, folded_chars=_FOLDED_CHARS) for place, sample in enumerate(found)]
        sample_cards.draw(
            cards,
            keys.of(dataset.id, "first_samples"),
            with_split=False,
            turn="",
            focus="",
            on_open=lambda number: sample_links.open_samples(dataset.id, opened=number),
            on_unfold=lambda name: sample_links.open_samples(dataset.id, opened=_place(cards, name)),
        )


def _place(cards: Sequence[Card], name: str) -> int:
    return next((card.number for card in cards if sample_cards.name(card.sample) == name), 0)


def _next(dataset: Dataset, tokenizations: Sequence[Tokenization]) -> None:
    with st.container(border=True, gap="xsmall", key=keys.of(dataset.id, "next_step")):
        st.markdown("**Next step**")
        next_step.draw(dataset, tokenizations)
        if not dataset.text_columns:
            st.caption("No text column: this dataset can be browsed but not tokenized.")
        for item in list(reversed(tokenizations))[:_LISTED_TOKENIZATIONS]:
            label = f"{plain(titles.tokenizer(item.tokenizer), 40)}, {formats.exact(item.context_length)}"
            if item.status == "ready" and item.num_sequences:
                count = formats.counted(item.num_sequences, "sequence")
                sequence_address.link(f"{label} · {count}", dataset.id, item.id)
            else:
                st.caption(f":material/token: {label} · {badges.of_tokenization(item).label}")
        if len(tokenizations) > _LISTED_TOKENIZATIONS:
            st.page_link(
                pages.DATASET,
                label=f"All {formats.exact(len(tokenizations))} tokenizations",
                query_params={keys.DATASET_ID: dataset.id, keys.TAB: "Tokenizations"},
            )


def _origin(dataset: Dataset, replaced: Mapping[str, int], *, shared: bool) -> None:
    with st.container(border=True, gap="xsmall"):
        st.markdown("**Source**")
        facts = []
        if dataset.repo_id:
            facts.append(f"Repository {dataset.repo_id}")
        if dataset.config:
            facts.append(f"Config {one_line(dataset.config)}")
        if dataset.revision:
            facts.append(f"Commit {one_line(dataset.revision[:10])}")
        if dataset.max_samples:
            facts.append(f"Limited to the first {formats.exact(dataset.max_samples)} samples per split.")
        for column, count in replaced.items():
            samples = "1 sample has" if count == 1 else f"{formats.exact(count)} samples have"
            facts.append(f"{samples} invalid UTF-8 in {one_line(column, 60)}, replaced with U+FFFD.")
        facts.append(f"Created {formats.exact_time(dataset.created_at)}")
        for fact in facts:
            st.text(fact, wrap=True)
        if not shared:
            st.caption("Path on the app's machine")
            st.code(str(dataset.path), language=None, wrap_lines=True)


def _splits(dataset: Dataset) -> None:
    st.markdown("**Splits**")
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
    st.markdown("**Columns**")
    rows = [
        {"Column": one_line(name), "Type": one_line(kind), "Text": "yes" if name in dataset.text_columns else ""}
        for name, kind in dataset.columns.items()
    ]
    _table(rows, "Columns with their types")


def _table(rows: list[dict[str, str]], alt: str) -> None:
    height = _TABLE_HEIGHT if len(rows) > _TALL_TABLE else "content"
    st.dataframe(rows, hide_index=True, lazy=False, height=height, alt=alt)  # type: ignore[arg-type]


def _notes(library: Library, dataset: Dataset) -> None:
    if not library.may("rename", dataset):
        if dataset.notes:
            st.markdown("**Notes**")
            st.text(dataset.notes, wrap=True)
        return
    st.markdown("**Name and notes**")
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

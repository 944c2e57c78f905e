"""Two to four tokenizations side by side, of one dataset or of several; which ones is in the address."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any, Final

import streamlit as st

from mistudio_core.library import Library
from mistudio_core.records import Tokenization
from mistudio_core.ui.app import failures, keys, pages
from mistudio_core.ui.app.escape import one_line, plain
from mistudio_core.ui.app.opening import open_library
from mistudio_core.ui.statistics import chart_card, one_text
from mistudio_core.ui.widgets import formats, titles

FEWEST: Final = 2
MOST: Final = 4
_CHART_WIDTH: Final = 380
_CACHED: Final = 16
_VIEW: Final = "view"
_TOKENIZATIONS: Final = "tokenizations"
_VIEWS: Final = {
    _TOKENIZATIONS: ":material/compare_arrows: Tokenizations",
    one_text.VIEW: ":material/text_fields: One text",
}
_CHOICE: Final = "compare_choice"
_SEEN: Final = "compare_seen"
_LETTERS: Final = "ABCD"
_BEHIND_LETTER: Final = " · "
_SHARED: Final = (
    "Pair",
    "Strings used by both",
    "Share of all used by either",
    "Share of the first's tokens",
    "Share of the second's tokens",
)
_FACTS: Final = (
    "Tokenizer", "Dataset", "Size", "Documents", "Tokens", "Sequences", "Tokens per sequence", "Utilisation",
    "Dropped tokens",
    "Vocabulary size", "Ids used", "Vocabulary used", "Bytes per token", "Tokens per character",
    "Tokens per word",
)  # fmt: skip


def draw(library: Library) -> None:
    """Draw the tokenizations side by side, or one text by several tokenizers."""
    view = one_text.VIEW if st.query_params.get(_VIEW) == one_text.VIEW else _TOKENIZATIONS
    key = f"compare_view:{view}"
    st.segmented_control(
        "Compare", list(_VIEWS), key=key, default=view, required=True, format_func=_VIEWS.__getitem__,
        label_visibility="collapsed", on_change=lambda: _change_view(str(st.session_state[key])),
    )  # fmt: skip
    if view == one_text.VIEW:
        one_text.draw(library)
    else:
        _draw_tokenizations(library)


def _change_view(view: str) -> None:
    st.query_params.from_dict({} if view == _TOKENIZATIONS else {_VIEW: view})


def _draw_tokenizations(library: Library) -> None:
    ready = {item.id: item for item in reversed(library.tokenizations()) if item.status == "ready"}
    if len(ready) < FEWEST:
        st.info(
            "Create at least two tokenizations, of one dataset or of several, to compare them here.",
            icon=":material/compare_arrows:",
        )
        st.page_link(pages.DATASETS, label="All datasets", icon=":material/arrow_back:")
        return
    chosen = _choose(library, ready)
    if len(chosen) < FEWEST:
        st.info("Choose two to four tokenizations.", icon=":material/compare_arrows:")
        return
    with failures.shown():
        # Read anew each time: who may not see one of them gets nothing from the cache either.
        records = [library.tokenization(one) for one in chosen]
        _draw(library, records, _compared(tuple(chosen)))


def _choose(library: Library, ready: Mapping[str, Tokenization]) -> list[str]:
    names = {item.id: item.name for item in library.datasets()}
    asked = st.query_params.get(keys.COMPARED, "")
    if asked != st.session_state.get(_SEEN):  # a link was followed, or the browser went back
        st.session_state[_SEEN] = asked
        st.session_state[_CHOICE] = list(dict.fromkeys(one for one in asked.split(",") if one in ready))[:MOST]
    # Kept by hand: a page that was left forgets its widgets, and what was deleted may still be chosen.
    st.session_state[_CHOICE] = [one for one in st.session_state.get(_CHOICE, []) if one in ready]
    return st.multiselect(
        "Tokenizations",
        list(ready),
        key=_CHOICE,
        format_func=lambda one: _label(ready[one], names.get(ready[one].dataset_id, "")),
        max_selections=MOST,
        placeholder="Choose two to four",
        on_change=_chosen,
    )


def _chosen() -> None:
    asked = ",".join(st.session_state[_CHOICE])
    st.session_state[_SEEN] = asked
    if asked:
        st.query_params[keys.COMPARED] = asked
    elif keys.COMPARED in st.query_params:
        del st.query_params[keys.COMPARED]


@st.cache_data(max_entries=_CACHED, show_spinner="Comparing the tokenizations")
def _compared(ids: tuple[str, ...]) -> dict[str, Any]:
    return open_library().compare(ids).to_json()


def _draw(library: Library, records: Sequence[Tokenization], comparison: Mapping[str, Any]) -> None:
    datasets = {item.id: item.name for item in library.datasets()}
    names = _names(records, datasets)
    shown = _named(comparison, names)
    with st.container(border=True):
        _facts(dict(zip(names, records, strict=True)), datasets, comparison["tokenizations"])
    _charts(shown)
    with st.container(border=True):
        _overlap(shown)
    with st.container(border=True):
        _differences(dict(zip(names, records, strict=True)), comparison["partings"])
    chart_card.save_json("Comparison (JSON)", comparison, "comparison", "compare_json")


def _names(records: Sequence[Tokenization], datasets: Mapping[str, str]) -> list[str]:
    """Return a name for each that begins with its letter and says in what they may differ."""
    several = len({record.dataset_id for record in records}) > 1
    names = []
    for letter, record in zip(_LETTERS, records, strict=False):
        dataset = f", {one_line(datasets.get(record.dataset_id, ''), 30)}" if several else ""
        length = formats.exact(record.context_length)
        names.append(f"{letter}{_BEHIND_LETTER}{one_line(titles.tokenizer(record.tokenizer), 30)}, {length}{dataset}")
    return names


def _named(comparison: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """Return the comparison with these names in the place of its own."""
    known = dict(zip((one["name"] for one in comparison["tokenizations"]), names, strict=True))
    rows = ("tokenizations", "fertility_by_split", "fertility_by_length", "lengths", "overlap")
    named = {"name", "one", "other"}
    return dict(comparison) | {
        part: [{key: known[value] if key in named else value for key, value in row.items()} for row in comparison[part]]
        for part in rows
    }


def _facts(
    records: Mapping[str, Tokenization], datasets: Mapping[str, str], facts: Sequence[Mapping[str, Any]]
) -> None:
    columns: dict[str, list[str]] = {"Figure": list(_FACTS)}
    for (name, record), one in zip(records.items(), facts, strict=True):
        dataset = datasets.get(record.dataset_id, record.dataset_id)
        head = [plain(titles.tokenizer(record.tokenizer), 60), plain(dataset, 60), formats.size(one["size_bytes"])]
        columns[plain(name)] = [*head, *_figures(one)]
    st.table(columns, border="horizontal", hide_index=True)


def _figures(one: Mapping[str, Any]) -> list[str]:
    vocabulary, fertility = one["vocabulary"], one["fertility"]
    counts = [one[name] for name in ("documents", "tokens", "sequences", "context_length")]
    return [
        *(formats.exact(count) for count in counts),
        formats.percent(one["utilisation"]),
        formats.percent(one["lost"]["share"]),
        formats.exact(vocabulary["size"]),
        formats.exact(vocabulary["distinct"]),
        formats.percent(vocabulary["share"]),
        *(_ratio(fertility[name]) for name in ("bytes_per_token", "tokens_per_character", "tokens_per_word")),
    ]


def _charts(comparison: Mapping[str, Any]) -> None:
    from mistudio_core.charts.compare import FERTILITIES, fertility_by_length, fertility_by_split, length_lines

    with st.grid(2, min_column_width=_CHART_WIDTH, border=True):
        chart_card.draw(fertility_by_length(comparison), "compare_by_length")
        chart_card.draw(length_lines(comparison), "compare_lengths")
    with st.container(border=True):
        measure = st.selectbox(
            "Fertility unit",
            list(FERTILITIES),
            key="compare_measure",
            format_func=FERTILITIES.__getitem__,
            persist_state="session",
            width=260,
        )
        chart_card.draw(fertility_by_split(comparison, measure), "compare_by_split")


def _overlap(comparison: Mapping[str, Any]) -> None:
    from mistudio_core.charts.compare import overlap_map

    chart_card.draw(overlap_map(comparison), "compare_overlap")
    columns: dict[str, list[str]] = {name: [] for name in _SHARED}
    for row in comparison["overlap"]:
        cells = (
            f"{plain(row['one'])} and {plain(row['other'])}",
            formats.exact(row["shared"]),
            formats.percent(row["jaccard"]),
            formats.percent(row["share_of_one"]),
            formats.percent(row["share_of_other"]),
        )
        for column, cell in zip(columns.values(), cells, strict=True):
            column.append(cell)
    st.table(columns, border="horizontal", hide_index=True)


def _differences(records: Mapping[str, Tokenization], differences: Sequence[Mapping[str, Any] | None]) -> None:
    from mistudio_core.library.statistics import COMPARED_SAMPLES, common_split

    st.markdown("**First difference**")
    without_common_text: list[str] = []
    pairs = combinations(records.items(), 2)
    for ((name, one), (other_name, other)), difference in zip(pairs, differences, strict=True):
        pair = f"{plain(name)} and {plain(other_name)}"
        if common_split(one, other) is None:
            without_common_text.append(pair)
            continue
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{pair}**", width="content")
            if difference is None:
                st.caption("no difference found", width="content")
                continue
            tokens = formats.counted(difference["tokens"], "token")
            where = f"sample {formats.exact(difference['index'])} of {plain(difference['split'], 40)}"
            one_text.link(
                f"{where}, after {tokens}",
                [one.id, other.id],
                of=one.dataset_id,
                split=difference["split"],
                sample=difference["index"],
                column=one.recipe.columns[0],
            )
    if without_common_text:
        st.caption(f"{', '.join(without_common_text)}: no text in common.")
    st.caption(f"Checked on the first {formats.exact(COMPARED_SAMPLES)} samples of a split that both have.")


def _label(record: Tokenization, dataset: str) -> str:
    length = formats.exact(record.context_length)
    return f"{one_line(record.tokenizer, 60)}, {length} tokens per sequence · {one_line(dataset, 40)} · {record.id}"


def _ratio(value: float | None) -> str:
    return formats.UNKNOWN if value is None else f"{value:.3f}"

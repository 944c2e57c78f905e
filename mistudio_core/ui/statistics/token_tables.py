"""Tables of a tokenization: fertility, lengths, dropped tokens, coverage and special tokens."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import streamlit as st

from mistudio_core.records import Tokenization
from mistudio_core.ui.app import keys
from mistudio_core.ui.app.escape import plain
from mistudio_core.ui.sequences import address as sequence_address
from mistudio_core.ui.widgets import formats

_MEASURES: Final = {
    "tokens_per_byte": "Tokens per byte",
    "tokens_per_character": "Tokens per character",
    "tokens_per_word": "Tokens per word",
    "bytes_per_token": "Bytes per token",
    "characters_per_token": "Characters per token",
}
_TOTALS: Final = {
    "documents": "Documents",
    "tokens": "Tokens before cutting",
    "bytes": "Bytes",
    "characters": "Characters",
    "words": "Words",
    "sequences": "Sequences",
}
# 0 where the text was only seen as bytes, and while rows are still to be made of what was counted.
_NOT_COUNTED: Final = frozenset({"characters", "words", "sequences"})
_LOSSES: Final = {
    "truncation": "Truncated at the end of a sequence",
    "remainder": "Remainder after the last full sequence",
    "token_limit": "Beyond the token budget",
    "filtered": "In skipped documents",
}
_DISTRIBUTIONS: Final = {
    "document_tokens": "Tokens per document",
    "tokens_per_sequence": "Tokens per sequence",
    "documents_per_sequence": "Documents per sequence",
}
MOST_SPLITS: Final = 8


def fertility(result: Mapping[str, Any]) -> None:
    """Draw tokens per byte, character and word with the counts behind them, in all and by split."""
    st.markdown("**Fertility**")
    splits: Mapping[str, Any] = result["splits"]
    columns: dict[str, list[str]] = {"Measure": [*_MEASURES.values(), *_TOTALS.values()]}
    if len(splits) != 1:
        columns["All"] = _fertility_column(_summed(splits), result["fertility"])
    for name, totals in list(splits.items())[:MOST_SPLITS]:
        columns[plain(name, 40)] = _fertility_column(totals, totals["fertility"])
    st.table(columns, border="horizontal", hide_index=True)
    note = "Counted on complete documents, before cutting."
    if len(splits) > MOST_SPLITS:
        note += f" The first {MOST_SPLITS} of {len(splits)} splits; the JSON has all of them."
    st.caption(note)


def distributions(result: Mapping[str, Any]) -> None:
    """Draw the percentiles of lengths."""
    summary_table("Lengths", {title: result[name] for name, title in _DISTRIBUTIONS.items()})


def lost(result: Mapping[str, Any]) -> None:
    """Draw how many tokens were dropped, and why."""
    with st.container():
        st.markdown("**Dropped tokens**")
        reasons: Mapping[str, Any] = result["lost"]["reasons"]
        columns = {
            "Why": [*(_LOSSES.get(name, plain(name)) for name in reasons), "All"],
            "Tokens": [formats.exact(row["tokens"]) for row in (*reasons.values(), result["lost"])],
            "Documents": [*(formats.exact(row["documents"]) for row in reasons.values()), ""],
        }
        st.table(columns, border="horizontal", hide_index=True)
        if "sequence_tokens" in result and not result["live"]:  # results of the first version lack it
            st.caption(_accounts(result["lost"]["document_tokens"], result["sequence_tokens"]))


def _accounts(document_tokens: int, held: Mapping[str, int]) -> str:
    added = f"The recipe added {formats.exact(held['added'])} tokens: BOS, separators, special tokens"
    twice = f" {formats.exact(held['repeated'])} tokens are in two overlapping sequences." if held["repeated"] else ""
    return (
        f"Of the documents' {formats.exact(document_tokens)} tokens, {formats.exact(held['documents'])} are in "
        f"sequences. {added}.{twice}"
    )


def coverage(result: Mapping[str, Any]) -> None:
    """Draw how many of the most frequent ids make up a share of the tokens."""
    with st.container():
        st.markdown("**Vocabulary coverage**")
        rows: Sequence[Mapping[str, Any]] = result["coverage"]
        columns = {
            "Share of tokens": [f"{100 * row['share']:.4g} %" for row in rows],
            "Most frequent ids": [formats.exact(row["ids"]) for row in rows],
        }
        st.table(columns, border="horizontal", hide_index=True)


def special_tokens(result: Mapping[str, Any], tokenization: Tokenization | None) -> None:
    """Draw how often each special token occurs in the sequences; with a tokenization, a selected one opens its hits."""
    with st.container():
        st.markdown("**Special tokens in the sequences**")
        rows = result["special_tokens"]
        _tokens(rows, "Special tokens", "This tokenizer has no special tokens.", tokenization)


def opening(columns: Mapping[str, Sequence[Any]], key: str, alt: str, tokenization: Tokenization) -> None:
    """Draw a table with a column `Id`; a selected row opens the contexts of its token."""

    def opened() -> None:
        rows = st.session_state[key]["selection"]["rows"]
        if rows:
            sequence_address.open_search(tokenization.dataset_id, tokenization.id, columns["Id"][rows[0]])

    st.dataframe(
        columns, hide_index=True, lazy=False, key=key, on_select=opened, selection_mode="single-row",
        alt=f"{alt}. A selected row opens the contexts of its token.",
    )  # fmt: skip


def control_tokens(result: Mapping[str, Any]) -> None:
    """Draw which control tokens occur in the texts."""
    found: Mapping[str, Any] = result["control_tokens_in_text"]
    with st.container():
        st.markdown("**Control tokens in the text**")
        if found["documents"]:
            st.caption(f"{formats.exact(found['count'])} in {formats.counted(found['documents'], 'document')}")
        _tokens(found["tokens"], "Control tokens in the texts", "No text contains a control token.")


def summary_table(
    title: str, summaries: Mapping[str, Mapping[str, Any]], *, written: Callable[[Any], str] = formats.exact
) -> None:
    """Draw min, max, mean, deviation and percentiles, one column for each distribution; `written` writes a value."""
    with st.container():
        st.markdown(f"**{plain(title)}**")
        first = next(iter(summaries.values()))
        columns = {"Measure": ["Mean", "Deviation", "Min", *map(_percentile, first["percentiles"]), "Max"]}
        for name, row in summaries.items():
            numbers = [row["mean"], row["std"], row["min"], *row["percentiles"].values(), row["max"]]
            columns[plain(name)] = ["–" if number is None else written(number) for number in numbers]
        st.table(columns, border="horizontal", hide_index=True)


def _percentile(percent: str) -> str:
    return "Median" if percent == "50" else f"{percent} %"


def _fertility_column(totals: Mapping[str, Any], ratios: Mapping[str, float | None]) -> list[str]:
    known = [ratios[name] or None for name in _MEASURES]  # 0 comes of a total that is not known
    counts = [None if name in _NOT_COUNTED and not totals[name] else totals[name] for name in _TOTALS]
    return [
        *(formats.UNKNOWN if ratio is None else f"{ratio:.4f}" for ratio in known),
        *(formats.exact(count) for count in counts),
    ]


def _summed(splits: Mapping[str, Mapping[str, Any]]) -> dict[str, int]:
    return {name: sum(split[name] for split in splits.values()) for name in _TOTALS}


def _tokens(
    rows: Sequence[Mapping[str, Any]], title: str, without: str, tokenization: Tokenization | None = None
) -> None:
    if not rows:
        st.caption(without)
        return
    # Tokens are text of others, and this table reads no Markdown.
    columns = {
        "Id": [row["id"] for row in rows],
        "Token": [row.get("token", "") for row in rows],
        "Count": [row["count"] for row in rows],
    }
    alt = f"{title}: {len(rows)} ids with their counts"
    if tokenization is None:
        st.dataframe(columns, hide_index=True, lazy=False, alt=alt)
    else:
        opening(columns, keys.of(tokenization.id, title), alt, tokenization)

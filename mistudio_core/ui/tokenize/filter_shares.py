"""What each filter that is chosen would leave out, told before the start."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import streamlit as st

from mistudio_core.errors import StudioError
from mistudio_core.library import Library
from mistudio_core.records import Dataset
from mistudio_core.ui.app import failures
from mistudio_core.ui.tokenize.option_table import OPTIONS

FILTERS: Final = (
    "min_chars",
    "min_tokens",
    "max_tokens_per_document",
    "max_junk_ratio",
    "drop_duplicates",
    "oversized",
    "refused",
)
_FIELDS: Final[Mapping[str, str]] = {"junk": "max_junk_ratio", "duplicate": "drop_duplicates", "too_large": "oversized"}
"""The field of a recipe behind each reason that is not called like it."""
_NO_FILTER: Final = {"null": "Missing texts", "empty": "Empty texts"}
_LEAST_SHOWN: Final = 0.0005
_MANY: Final = 0.5
"""From this share on it is likely that a number was mistyped."""


def draw(library: Library, dataset: Dataset, tokenizer: Mapping[str, Any] | None, recipe: Mapping[str, Any]) -> None:
    """Draw the shares if a filter is chosen; without the tokenizer it says what is missing."""
    if not any(recipe.get(name) for name in FILTERS):
        return
    if tokenizer is None:
        st.caption(":material/filter_alt: Load the tokenizer to see what the filters would leave out.")
        return
    try:
        shares = _shares(library, dataset.id, tokenizer["sha256"], _looked_at(recipe))
    except StudioError as error:
        failures.show(error)
        return
    parts = [f"{_name(reason)} **{_share(share)}**" for reason, share in shares.items()]
    total = sum(share or 0.0 for share in shares.values())
    colour = "orange" if total > _MANY else "gray"
    st.markdown(
        f":{colour}-badge[:material/filter_alt: About {_percent(total)} of the samples left out] " + " · ".join(parts),
        help="Estimated from a part of the dataset; a sample counts for the first reason that it meets. The manifest "
        "holds the exact numbers.",
    )


def _looked_at(recipe: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields that the shares depend on, so that the others do not count them again."""
    tokenizer = ("tokenizer", "tokenizer_revision", "tokenizer_source")
    text = ("splits", "columns", "template", "chat", "control_tokens")
    chat = ("chat_date", "chat_tools", "chat_documents")
    return {name: recipe[name] for name in (*tokenizer, *text, *chat, *FILTERS) if name in recipe}


@st.cache_data(max_entries=32, show_spinner="Looking at what the filters leave out …")
def _shares(_library: Library, dataset_id: str, sha256: str, recipe: dict[str, Any]) -> dict[str, float | None]:
    del sha256  # a part of the key: the same name may come to stand for another tokenizer
    return dict(_library.left_out(dataset_id, recipe).shares)


def _name(reason: str) -> str:
    if reason in _NO_FILTER:
        return _NO_FILTER[reason]
    field = _FIELDS.get(reason, reason)
    return next(group[field].label for group in OPTIONS.values() if field in group)


def _share(part: float | None) -> str:
    return "known only while it runs" if part is None else _percent(part)


def _percent(part: float) -> str:
    return "< 0.1 %" if 0 < part < _LEAST_SHOWN else f"{100 * part:.1f} %"

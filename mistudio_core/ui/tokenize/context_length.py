"""The context length: a number, with the model's own limit and the usual sizes at one click."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import streamlit as st

from mistudio_core.library.recipe_form import FIELDS
from mistudio_core.records import Dataset
from mistudio_core.ui.tokenize import recipe_fields
from mistudio_core.ui.widgets import formats

_FIELD: Final = FIELDS["context_length"]
_SHORTEST, _LONGEST = _FIELD.bounds or (1, None)
_LONGEST_PREFILLED: Final = 4096
"""Some models take a million tokens; few sequences of that length would come out, to the user's surprise."""
_USUAL: Final = (128, 256, 512, 1024, 2048, 4096)


def draw(dataset: Dataset, tokenizer: Mapping[str, Any] | None) -> None:
    """Draw the number and the sizes beside it; none is offered beyond the limit of the model."""
    key = recipe_fields.key(dataset, "context_length")
    _prefill(dataset, tokenizer, key)
    limit = tokenizer["model_max_length"] if tokenizer is not None else None
    number, sizes = st.columns([1, 3], vertical_alignment="bottom")
    number.number_input(
        _FIELD.label,
        min_value=_SHORTEST,
        max_value=_LONGEST,
        step=1,
        key=key,
        on_change=_typed,
        args=(dataset.id,),
        persist_state="session",
        help=_FIELD.help,
    )
    offered = sorted({size for size in _USUAL if limit is None or size < limit} | ({limit} if limit else set()))
    picked = recipe_fields.key(dataset, "context_length_size")
    current = st.session_state[key]
    st.session_state[picked] = current if current in offered else None
    sizes.pills(
        "Usual sizes",
        offered,
        key=picked,
        format_func=lambda size: f"{formats.exact(size)} (model limit)" if size == limit else formats.exact(size),
        label_visibility="collapsed",
        on_change=_pick,
        args=(dataset.id,),
    )


def _prefill(dataset: Dataset, tokenizer: Mapping[str, Any] | None, key: str) -> None:
    """Fill in the model's own limit once for each tokenizer, unless a number was typed."""
    state = st.session_state
    if key not in state:
        is_sample = dataset.source == "sample"
        state[key] = recipe_fields.SAMPLE_CONTEXT_LENGTH if is_sample else _FIELD.default
    seen_key = recipe_fields.key(dataset, "context_length_of")
    if tokenizer is None or state.get(seen_key) == tokenizer["sha256"]:
        return
    state[seen_key] = tokenizer["sha256"]
    if tokenizer["model_max_length"] and not state.get(recipe_fields.key(dataset, "context_length_typed")):
        state[key] = min(tokenizer["model_max_length"], _LONGEST_PREFILLED)


def _pick(dataset_id: str) -> None:
    size = st.session_state[recipe_fields.key(dataset_id, "context_length_size")]
    if size is not None:  # a second click on the size that is chosen changes nothing
        st.session_state[recipe_fields.key(dataset_id, "context_length")] = size
        _typed(dataset_id)


def _typed(dataset_id: str) -> None:
    st.session_state[recipe_fields.key(dataset_id, "context_length_typed")] = True

"""From the widgets of the tokenization form to the fields of a recipe, and what each field means in words."""

from __future__ import annotations

from typing import Any, Final

import streamlit as st

from mistudio_core.errors import StudioError, invalid
from mistudio_core.records import Dataset
from mistudio_core.ui.app import keys
from mistudio_core.ui.tokenize.option_table import GIVEN_ID, OPTIONS, TYPED, Option

DEFAULT_PRESET: Final = "continuous"
MAX_CONTEXT_LENGTH: Final = 1_048_576
CONTEXT_LENGTH: Final = 1024
SAMPLE_CONTEXT_LENGTH: Final = 128
"""The sample's stories are short; a few thousand rows tell more than a few hundred."""

_BEGINS: Final = ("begin_batch_token", "begin_sequence_token")

SAMPLE: Final = "sample"
"""The name of the sample's own tokenizer."""
COLUMN, TEMPLATE, CHAT = "column", "template", "chat"


def key(dataset: Dataset | str, field: str) -> str:
    """Return the session key of a field of the form."""
    return keys.of(dataset if isinstance(dataset, str) else dataset.id, field)


def preset(dataset: Dataset | str) -> str:
    """Return the preset that is chosen."""
    return str(st.session_state.get(key(dataset, "preset"), DEFAULT_PRESET))


def tokenizer_name(dataset: Dataset | str) -> str:
    """Return the tokenizer that is chosen or typed, "" for none."""
    return (st.session_state.get(key(dataset, "tokenizer")) or "").strip()


def tokenizer_source(dataset: Dataset | str) -> str:
    """Return which of its files the tokenizer is taken from, in the words of the recipe."""
    chosen = st.session_state.get(key(dataset, "tokenizer_source"), "auto")
    return str(chosen) if tokenizer_name(dataset) != SAMPLE else "auto"


def applies(dataset: Dataset | str, name: str, option: Option) -> bool:
    """Tell whether an advanced field does something beside the others that are chosen."""
    chosen, state = preset(dataset), st.session_state
    if chosen not in option.presets:
        return False
    if name in OPTIONS["Conversations"]:
        return state.get(key(dataset, "text_from")) == CHAT
    if name == "tokenizer_source":
        return tokenizer_name(dataset) != SAMPLE
    if name == "bos" and chosen == "saelens":
        return not any(state.get(key(dataset, field), "auto") != "auto" for field in _BEGINS)
    if name == "separator" and chosen == "saelens":
        return bool(state.get(key(dataset, "concatenate"), True))
    if name in ("padding_side", "padding_column"):
        field, unpadded = ("padding", "none") if chosen == "per_document" else ("remainder", "drop")
        return state.get(key(dataset, field), unpadded) not in (unpadded, "keep")
    return name != "shuffle" or state.get(key(dataset, "shuffle_seed")) is not None


def changed_options(dataset: Dataset | str) -> dict[str, Any]:
    """Return the advanced fields that apply to the preset and differ from their defaults."""
    fields: dict[str, Any] = {}
    for group in OPTIONS:
        fields |= _changed_in(dataset, group)
    revision = changed_revision(dataset)
    return fields | ({"tokenizer_revision": revision} if revision else {})


def chat_options(dataset: Dataset | str) -> dict[str, Any]:
    """Return the options for conversations that differ from their defaults."""
    return _changed_in(dataset, "Conversations")


def _changed_in(dataset: Dataset | str, group: str) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name, option in OPTIONS[group].items():
        value = st.session_state.get(key(dataset, name), option.default)
        if name in TYPED:
            value = str(value or "").strip() or None
        if value != option.default and applies(dataset, name, option):
            fields[name] = _token_id(dataset, name) if value == GIVEN_ID else value
    return fields


def changed_revision(dataset: Dataset | str) -> str | None:
    """Return the revision of the tokenizer that was typed, None for the newest."""
    return (st.session_state.get(key(dataset, "tokenizer_revision")) or "").strip() or None


def num_changed(dataset: Dataset | str) -> int:
    """Return how many advanced fields that apply differ from their defaults."""
    try:
        return len(changed_options(dataset))
    except StudioError:
        return 1  # the id of a separator is not typed yet


def recipe(dataset: Dataset | str) -> dict[str, Any]:
    """Return the recipe as the form has it now; raise `invalid_request` where nothing was chosen."""
    tokenizer = tokenizer_name(dataset)
    if not tokenizer:
        raise invalid("No tokenizer was chosen.", "Choose one from the list or type an id of the Hub.")
    return {
        "tokenizer": tokenizer,
        "preset": preset(dataset),
        "context_length": st.session_state.get(key(dataset, "context_length")),
        **text_fields(dataset),
        **changed_options(dataset),
    }


def text_fields(dataset: Dataset | str) -> dict[str, Any]:
    """Return the fields that say where the text comes from."""
    state = st.session_state
    fields: dict[str, Any] = {"splits": list(state.get(key(dataset, "splits"), ()))}
    source = state.get(key(dataset, "text_from")) or COLUMN
    if source == TEMPLATE:
        return fields | {"template": state.get(key(dataset, "template")) or ""}
    if source == CHAT:
        return fields | {"chat": state.get(key(dataset, "chat"))}
    column = state.get(key(dataset, "column"))
    return fields | ({"columns": [column]} if column else {})


def id_field(name: str) -> str:
    """Return the field of the form that takes the id of a token which is chosen by its id."""
    return f"{name}_id"


def _token_id(dataset: Dataset | str, name: str) -> int:
    number = st.session_state.get(key(dataset, id_field(name)))
    if number is None:
        label = next(group[name].label for group in OPTIONS.values() if name in group)
        raise invalid(f"The id of the token for {label!r} is missing.", "Type it, or make another choice.")
    return int(number)

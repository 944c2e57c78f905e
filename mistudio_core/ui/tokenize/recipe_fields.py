"""From the widgets of the tokenization form to the fields of a recipe.

A widget keeps what was typed while it does nothing with the chosen preset; the field is then left out of the recipe.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import streamlit as st

from mistudio_core.errors import StudioError, invalid
from mistudio_core.library import recipe_form
from mistudio_core.library.recipe_form import CONVERSATIONS, DEFAULTS, FIELDS, Field
from mistudio_core.records import Dataset
from mistudio_core.ui.app import keys

SAMPLE_CONTEXT_LENGTH: Final = 128
"""The sample's stories are short; a few thousand sequences tell more than a few hundred."""
CACHED: Final = 32
"""Recipes of which a server keeps what they come to: those that its visitors try."""
GIVEN_ID: Final = "id"
"""The choice of a token that is given as its id."""
ADVANCED: Final[Mapping[str, Field]] = {name: field for name, field in FIELDS.items() if field.is_advanced}
"""The fields that the form shows among the advanced options."""

SAMPLE: Final = "sample"
"""The name of the built-in tokenizer."""
COLUMN, TEMPLATE, CHAT = "column", "template", "chat"


def key(dataset: Dataset | str, field: str) -> str:
    """Return the session key of a field of the form."""
    return keys.of(dataset if isinstance(dataset, str) else dataset.id, field)


def preset(dataset: Dataset | str) -> str:
    """Return the preset that is chosen."""
    return str(st.session_state.get(key(dataset, "preset"), DEFAULTS["preset"]))


def tokenizer_name(dataset: Dataset | str) -> str:
    """Return the tokenizer that is chosen or typed, "" for none."""
    return (st.session_state.get(key(dataset, "tokenizer")) or "").strip()


def tokenizer_source(dataset: Dataset | str) -> str:
    """Return which of its files the tokenizer is taken from, in the words of the recipe."""
    return str(current(dataset)["tokenizer_source"])


def current(dataset: Dataset | str) -> dict[str, Any]:
    """Return a value for every field of a recipe: what was typed, where it does something, else the default.

    A token to be given by its id stands as `GIVEN_ID`.
    """
    source = {name: value for name, value in text_fields(dataset).items() if value}
    typed = {name: _typed(dataset, name) for name in ADVANCED}
    chosen = {"tokenizer": tokenizer_name(dataset), "preset": preset(dataset)}
    return recipe_form.effective({**DEFAULTS, **source, **typed, **chosen})


def applies(dataset: Dataset | str, name: str) -> bool:
    """Tell whether an advanced field can do something beside the others that are chosen."""
    return recipe_form.idle_field(current(dataset), name) is None


def choices(dataset: Dataset | str, name: str) -> dict[Any, str]:
    """Return the choices of a field that do something beside the others, with their labels."""
    field = FIELDS[name]
    found = {value: field.choices[value] for value in recipe_form.offered(current(dataset), name)}
    return found | ({GIVEN_ID: "A token id"} if field.kind == "token" else {})


def changed_options(dataset: Dataset | str) -> dict[str, Any]:
    """Return the advanced fields that do something and differ from their defaults."""
    values = current(dataset)
    fields = {
        name: _token_id(dataset, name) if values[name] == GIVEN_ID else values[name]
        for name in ADVANCED
        if values[name] != DEFAULTS[name]
    }
    revision = changed_revision(dataset)
    return fields | ({"tokenizer_revision": revision} if revision else {})


def chat_options(dataset: Dataset | str) -> dict[str, Any]:
    """Return the options for conversations that differ from their defaults."""
    values = current(dataset)
    return {
        name: values[name]
        for name, field in ADVANCED.items()
        if field.group == CONVERSATIONS and values[name] != field.default
    }


def changed_revision(dataset: Dataset | str) -> str | None:
    """Return the revision of the tokenizer that was typed, None for the newest."""
    revision = (st.session_state.get(key(dataset, "tokenizer_revision")) or "").strip() or None
    values = {**DEFAULTS, "tokenizer": tokenizer_name(dataset), "tokenizer_revision": revision}
    return revision if recipe_form.idle_field(values, "tokenizer_revision") is None else None


def num_changed(dataset: Dataset | str) -> int:
    """Return how many advanced fields that do something differ from their defaults."""
    try:
        return len(changed_options(dataset))
    except StudioError:
        return 1  # the id of a separator is not typed yet


def recipe(dataset: Dataset | str) -> dict[str, Any]:
    """Return the recipe as the form has it now; raise `invalid_request` where nothing was chosen."""
    tokenizer = tokenizer_name(dataset)
    if not tokenizer:
        raise invalid("No tokenizer selected.", "Choose one from the list or enter a Hub id.")
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


def _typed(dataset: Dataset | str, name: str) -> Any:
    """Return what the widget of a field holds; an empty one is the default."""
    value = st.session_state.get(key(dataset, name))
    if FIELDS[name].kind in ("text", "day"):
        value = str(value or "").strip() or None
    return DEFAULTS[name] if value is None else value


def _token_id(dataset: Dataset | str, name: str) -> int:
    number = st.session_state.get(key(dataset, id_field(name)))
    if number is None:
        raise invalid(
            f"The id of the token for {FIELDS[name].label!r} is missing.", "Enter it, or choose another option."
        )
    return int(number)

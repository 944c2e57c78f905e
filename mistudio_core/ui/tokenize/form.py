"""The form that starts a tokenization: tokenizer, text, sequences and estimates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from mistudio_core.errors import StudioError
from mistudio_core.library import Library
from mistudio_core.records import Dataset
from mistudio_core.ui.app import failures, keys
from mistudio_core.ui.app.escape import plain
from mistudio_core.ui.app.opening import open_library
from mistudio_core.ui.tokenize import (
    context_length,
    estimate_table,
    filter_shares,
    preset_cards,
    preview,
    recipe_fields,
    recipe_options,
    recipe_values,
    text_source,
    tokenizer_choice,
    where,
)


def draw(library: Library, dataset: Dataset) -> None:
    """Draw the form for a dataset that is ready."""
    sources = library.text_sources(dataset.id)
    if not any(sources.to_json().values()):
        st.info("This dataset has no text column to tokenize.", icon=":material/text_fields:")
        return
    tokenizer = tokenizer_choice.draw(library, dataset)
    text_source.draw(library, dataset, sources, tokenizer)
    preset_cards.draw(dataset)
    context_length.draw(dataset, tokenizer)
    recipe = _recipe(dataset)
    values = recipe_values.draw(library, dataset, tokenizer, recipe)
    recipe_options.draw(dataset, values.defaults if values is not None else {})
    if recipe is not None:
        if tokenizer is not None:
            _cautions(library, dataset, tokenizer["sha256"], recipe)
        filter_shares.draw(library, dataset, tokenizer, recipe)
    place = where.draw(library, dataset)
    _buttons(dataset, tokenizer, place)
    if library.settings.shared:
        st.caption("Whoever sees this dataset sees its tokenizations; only you and the host can delete yours.")
    failures.show_stored(recipe_fields.key(dataset, "tokenize_error"))
    if place == where.PLAN:
        where.saved_plan(dataset, recipe)
    estimate_table.draw(dataset, recipe)
    if tokenizer is not None and st.session_state.get(recipe_fields.key(dataset, "preview")):
        preview.draw(dataset, tokenizer, recipe)


def _cautions(library: Library, dataset: Dataset, sha256: str, recipe: Mapping[str, Any]) -> None:
    """Say what may not be meant about a recipe, or why it cannot be carried out with this tokenizer."""
    try:
        found = _found_cautions(library, dataset.id, sha256, dict(recipe))
    except StudioError as error:
        failures.show(error)
        return
    if found:
        st.warning("  \n".join(plain(sentence) for sentence in found), icon=":material/warning:")


@st.cache_data(max_entries=recipe_fields.CACHED, show_spinner=False)
def _found_cautions(_library: Library, dataset_id: str, sha256: str, recipe: dict[str, Any]) -> list[str]:
    del sha256  # a part of the key: the same name may come to stand for another tokenizer
    return list(_library.cautions(recipe, dataset_id))


def _recipe(dataset: Dataset) -> dict[str, Any] | None:
    try:
        return recipe_fields.recipe(dataset)
    except StudioError:
        return None  # pressing a button says what is missing


def _buttons(dataset: Dataset, tokenizer: Mapping[str, Any] | None, place: str) -> None:
    needs = "" if tokenizer is not None else " Load the tokenizer first."
    with st.container(horizontal=True, vertical_alignment="center"):
        if place == where.PLAN:
            where.plan_button(dataset, ready=tokenizer is not None)
        else:
            st.button(
                "Tokenize",
                key=recipe_fields.key(dataset, "start"),
                icon=":material/bolt:",
                type="primary",
                on_click=_start,
                args=(dataset.id, place == where.CLUSTER),
            )
        st.button(
            "Estimate",
            key=recipe_fields.key(dataset, "estimate_now"),
            icon=":material/query_stats:",
            help=f"Sequences, tokens, time and size for all presets, from part of the dataset.{needs}",
            disabled=tokenizer is None,
            on_click=estimate_table.start,
            args=(dataset.id,),
        )
        st.toggle(
            "Preview",
            key=recipe_fields.key(dataset, "preview"),
            disabled=tokenizer is None,
            persist_state="session",
            help=f"Samples or your own text, token by token, with this recipe.{needs}",
        )


def _start(dataset_id: str, on_cluster: bool) -> None:
    with failures.storing(recipe_fields.key(dataset_id, "tokenize_error")):
        hf_token = st.session_state.get(recipe_fields.key(dataset_id, "token")) or None
        fields = recipe_fields.recipe(dataset_id)
        open_library().tokenize(dataset_id, fields, hf_token=hf_token, on_cluster=on_cluster)
        st.session_state[keys.NOTICE] = "Tokenization started."
        st.session_state[recipe_fields.key(dataset_id, "new")] = False  # what runs stands below

"""What each preset would give and cost, side by side, before anything starts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import streamlit as st

from mistudio_core.library.presets import preset
from mistudio_core.library.recipe_form import Recipe
from mistudio_core.records import Dataset
from mistudio_core.ui.app import failures
from mistudio_core.ui.app.opening import open_library
from mistudio_core.ui.tokenize import recipe_fields
from mistudio_core.ui.widgets import formats


def draw(dataset: Dataset, recipe: Mapping[str, Any] | None) -> None:
    """Draw the last estimate of this form, if there is one; it says when the form has changed since."""
    failures.show_stored(recipe_fields.key(dataset, "estimate_error"))
    estimated = st.session_state.get(recipe_fields.key(dataset, "estimate"))
    if estimated is None:
        return
    rows, problems = _rows(estimated["estimates"], recipe_fields.preset(dataset))
    st.dataframe(rows, hide_index=True, lazy=False, height="content", alt="Estimates for all presets side by side")
    for problem in problems:
        st.caption(f":material/block: {problem}")
    note = "Estimated from part of the dataset; tokenizing gives the exact numbers."
    if not _is_of(estimated["recipe"], recipe):
        note = ":orange[:material/history: For earlier settings; estimate again.] " + note
    st.caption(note)


def start(dataset_id: str) -> None:
    """Estimate all presets with the form as it is: for a button's `on_click`."""
    with failures.storing(recipe_fields.key(dataset_id, "estimate_error")):
        recipe = recipe_fields.recipe(dataset_id)
        found = [asdict(item) for item in open_library().estimate(dataset_id, recipe).presets]
        st.session_state[recipe_fields.key(dataset_id, "estimate")] = {"recipe": recipe, "estimates": found}


def _rows(estimates: Sequence[Mapping[str, Any]], chosen: str) -> tuple[list[dict[str, str]], list[str]]:
    rows, problems = [], []
    for item in estimates:
        name = preset(item["preset"]).title
        if item["problem"]:
            problems.append(f"{name}: {item['problem']}")
            continue
        rows.append(
            {
                "Preset": ("● " if item["preset"] == chosen else "") + name,
                "Sequences": formats.count(item["sequences"]),
                "Tokens": formats.count(item["tokens"]),
                "Time": formats.duration(item["seconds"]),
                "Size": formats.size(item["bytes"]),
                "Dropped": formats.percent(item["lost_share"]),
                "Padding": formats.percent(item["padded_share"]),
                "Sequences spanning documents": formats.percent(item["crossing_share"]),
            }
        )
    return rows, problems


def _is_of(estimated: Mapping[str, Any], recipe: Mapping[str, Any] | None) -> bool:
    """Tell whether the table holds this recipe: the one it was estimated for, with any of the presets."""
    if recipe is None:
        return False
    return Recipe.from_stored(estimated).under(str(recipe["preset"])) == Recipe.from_stored(recipe)

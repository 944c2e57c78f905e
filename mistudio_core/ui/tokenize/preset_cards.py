"""The presets as cards that say in a line what they do."""

from __future__ import annotations

from typing import Final

import streamlit as st

from mistudio_core.records import Dataset
from mistudio_core.ui.tokenize import recipe_fields
from mistudio_core.ui.tokenize.option_table import PRESETS

_CARD_WIDTH: Final = 138


def draw(dataset: Dataset) -> None:
    """Draw one card for each preset; the chosen one is ticked."""
    chosen = recipe_fields.preset(dataset)
    with st.grid(len(PRESETS), min_column_width=_CARD_WIDTH, gap="small"):
        for name, line in PRESETS.items():
            with st.container(gap="xsmall"):
                st.button(
                    recipe_fields.PRESET_NAMES[name],
                    key=recipe_fields.key(dataset, f"preset_{name}"),
                    icon=":material/check:" if name == chosen else None,
                    type="primary" if name == chosen else "secondary",
                    width="stretch",
                    on_click=_choose,
                    args=(dataset.id, name),
                )
                st.caption(line)


def _choose(dataset_id: str, name: str) -> None:
    st.session_state[recipe_fields.key(dataset_id, "preset")] = name

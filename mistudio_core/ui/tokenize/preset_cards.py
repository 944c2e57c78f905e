"""The presets as cards that say in a line what they do."""

from __future__ import annotations

from typing import Final

import streamlit as st

from mistudio_core.library.presets import presets
from mistudio_core.records import Dataset
from mistudio_core.ui.tokenize import recipe_fields

_CARD_WIDTH: Final = 138


def draw(dataset: Dataset) -> None:
    """Draw one card for each preset; the chosen one is ticked."""
    chosen = recipe_fields.preset(dataset)
    known = presets()
    with st.grid(len(known), min_column_width=_CARD_WIDTH, gap="small"):
        for preset in known:
            name = preset.name
            with st.container(gap="xsmall"):
                st.button(
                    preset.title,
                    key=recipe_fields.key(dataset, f"preset_{name}"),
                    icon=":material/check:" if name == chosen else None,
                    type="primary" if name == chosen else "secondary",
                    width="stretch",
                    on_click=_choose,
                    args=(dataset.id, name),
                )
                st.caption(preset.summary)


def _choose(dataset_id: str, name: str) -> None:
    st.session_state[recipe_fields.key(dataset_id, "preset")] = name

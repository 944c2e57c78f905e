"""What a recipe comes to with the loaded tokenizer: tokens and packing as they will be, and who decided them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import streamlit as st

from mistudio_core.errors import StudioError
from mistudio_core.library import Library
from mistudio_core.library.presets import preset
from mistudio_core.library.queries import RecipeValues
from mistudio_core.records import Dataset
from mistudio_core.ui.app.escape import plain
from mistudio_core.ui.tokenize import recipe_fields

_CARD_WIDTH: Final = 170


def draw(
    library: Library, dataset: Dataset, tokenizer: Mapping[str, Any] | None, recipe: Mapping[str, Any] | None
) -> RecipeValues | None:
    """Draw the values and return them; None while the tokenizer is not loaded, or where it cannot follow the recipe."""
    if tokenizer is None or recipe is None:
        return None
    try:
        found = _found(library, dataset.id, tokenizer["sha256"], dict(recipe))
    except StudioError:
        return None  # the cautions below say why
    title = preset(recipe_fields.preset(dataset)).title
    with st.grid(len(found.values), min_column_width=_CARD_WIDTH, gap="small"):
        for one in found.values:
            by = ":blue[changed]" if one.changed else f"set by {title}"
            st.markdown(f":small[{one.label}]  \n**{plain(one.value)}**  \n:small[{by}]")
    return found


@st.cache_data(max_entries=recipe_fields.CACHED, show_spinner=False)
def _found(_library: Library, dataset_id: str, sha256: str, recipe: dict[str, Any]) -> RecipeValues:
    del sha256  # a part of the key: the same name may come to stand for another tokenizer
    return _library.recipe_values(recipe, dataset_id)

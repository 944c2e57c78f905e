"""What each chosen filter would skip, shown before the start."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import streamlit as st

from mistudio_core.errors import StudioError
from mistudio_core.library import Library
from mistudio_core.library.recipe_form import FIELDS
from mistudio_core.records import Dataset
from mistudio_core.ui.app import failures
from mistudio_core.ui.tokenize import recipe_fields
from mistudio_core.ui.widgets import formats

_LABELS: Final[Mapping[str, str]] = {field.filters: field.label for field in FIELDS.values() if field.filters}
"""What each filter is called, by the reason under which the samples that it leaves out are counted."""
_NO_FILTER: Final = {"null": "Missing texts", "empty": "Empty texts"}
_MANY: Final = 0.5
"""From this share on it is likely that a number was mistyped."""


def draw(library: Library, dataset: Dataset, tokenizer: Mapping[str, Any] | None, recipe: Mapping[str, Any]) -> None:
    """Draw the shares if a filter is chosen; without the tokenizer it says what is missing."""
    if not any(FIELDS[name].filters and value != FIELDS[name].default for name, value in recipe.items()):
        return
    if tokenizer is None:
        st.caption(":material/filter_alt: Load the tokenizer to see what the filters would skip.")
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
        f":{colour}-badge[:material/filter_alt: About {formats.percent(total)} of the samples skipped] "
        + " · ".join(parts),
        help="Estimated from part of the dataset; a sample counts under the first reason that applies. Exact "
        "numbers are in the manifest.",
    )


def _looked_at(recipe: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields that the shares depend on, so that the others do not count them again."""
    return {name: value for name, value in recipe.items() if FIELDS[name].decides_documents}


@st.cache_data(max_entries=recipe_fields.CACHED, show_spinner="Estimating what the filters skip …")
def _shares(_library: Library, dataset_id: str, sha256: str, recipe: dict[str, Any]) -> dict[str, float | None]:
    del sha256  # a part of the key: the same name may come to stand for another tokenizer
    return dict(_library.left_out(dataset_id, recipe).shares)


def _name(reason: str) -> str:
    return _NO_FILTER.get(reason) or _LABELS[reason]


def _share(part: float | None) -> str:
    return "known only at run time" if part is None else formats.percent(part)

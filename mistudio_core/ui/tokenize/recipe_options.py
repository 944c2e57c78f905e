"""The advanced fields of a recipe: only those that do something with the chosen preset."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

import streamlit as st

from mistudio_core.library.recipe_form import FILTERS, Field
from mistudio_core.records import Dataset
from mistudio_core.ui.tokenize import recipe_fields
from mistudio_core.ui.tokenize.recipe_fields import ADVANCED, GIVEN_ID
from mistudio_core.ui.widgets import folding

_FIELD_WIDTH: Final = 220
_DAYS: Final = (date(1900, 1, 1), date(2200, 1, 1))
"""The calendar's range, which is else ten years on either side of today."""
_NO_VALUE: Final = "Not set"
_SHARE_STEP: Final = 0.05


def draw(dataset: Dataset, defaults: Mapping[str, str]) -> None:
    """Draw the folded part of the form; `defaults` says in words what fields come to that are left as they are."""
    changed = recipe_fields.num_changed(dataset)
    label = "Advanced options" + (f" ({changed} changed)" if changed else "")
    if not folding.is_open(label, recipe_fields.key(dataset, "advanced"), icon=":material/tune:"):
        return
    with st.container(border=True):
        st.caption("Options of the chosen preset. What it sets by itself is marked so.")
        for group in dict.fromkeys(field.group for field in ADVANCED.values()):
            shown = [field for name, field in ADVANCED.items()
                     if field.group == group and recipe_fields.applies(dataset, name)]  # fmt: skip
            if shown:
                st.markdown(f"**{group}**" + (" (off unless chosen)" if group == FILTERS else ""))
                with st.grid(4, min_column_width=_FIELD_WIDTH, vertical_alignment="bottom"):
                    _fields(dataset, shown, defaults)
        st.text_input(
            "Tokenizer revision",
            key=recipe_fields.key(dataset, "tokenizer_revision"),
            placeholder="main",
            persist_state="session",
            help="A branch, tag or commit on the Hub; the manifest records the commit.",
            width=_FIELD_WIDTH,
        )


def _fields(dataset: Dataset, fields: Sequence[Field], defaults: Mapping[str, str]) -> None:
    for field in fields:
        common: dict[str, Any] = {
            "key": recipe_fields.key(dataset, field.name), "help": field.help, "persist_state": "session",
        }  # fmt: skip
        if field.choices:
            _choice(dataset, field, common, defaults.get(field.name))
        elif field.kind == "switch":
            st.toggle(field.label, value=field.default, **common)
        elif field.kind == "day":
            st.date_input(field.label, value=None, min_value=_DAYS[0], max_value=_DAYS[1], **common)
        elif field.kind == "text":
            st.text_input(field.label, **common)
        elif field.kind == "share":
            st.number_input(
                field.label, min_value=0.0, max_value=1.0, value=None, step=_SHARE_STEP, placeholder=_NO_VALUE, **common
            )
        else:
            assert field.bounds is not None
            unset = _by_preset(defaults[field.name]) if field.name in defaults else field.unset or _NO_VALUE
            st.number_input(
                field.label, min_value=field.bounds[0], placeholder=unset, value=field.default, step=1, **common
            )


def _choice(dataset: Dataset, field: Field, common: dict[str, Any], comes_to: str | None) -> None:
    offered = recipe_fields.choices(dataset, field.name)
    if comes_to:
        offered[field.default] = _by_preset(comes_to)
    typed = st.session_state.get(common["key"], field.default)
    if typed not in offered and typed in field.choices:  # chosen while it did something: it may do so again
        offered |= {typed: f"{field.choices[typed]} (does nothing here)"}
    values = list(offered)
    choice = st.selectbox(
        field.label, values, index=values.index(field.default), format_func=offered.__getitem__, **common
    )
    if choice == GIVEN_ID:
        st.number_input(
            f"Id: {field.label.lower()}", min_value=0, value=None, step=1, persist_state="session",
            key=recipe_fields.key(dataset, recipe_fields.id_field(field.name)),
        )  # fmt: skip


def _by_preset(value: str) -> str:
    return f"Preset: {value}"

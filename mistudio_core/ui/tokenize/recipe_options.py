"""The advanced fields of a recipe: only those that do something with the chosen preset."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final

import streamlit as st

from mistudio_core.records import Dataset
from mistudio_core.ui.tokenize import recipe_fields
from mistudio_core.ui.tokenize.option_table import GIVEN_ID, OPTIONS, TYPED, Option
from mistudio_core.ui.widgets import folding

_FIELD_WIDTH: Final = 220
_DAYS: Final = (date(1900, 1, 1), date(2200, 1, 1))
"""The calendar's range, which is else ten years on either side of today."""
_NO_VALUE: Final = "Not set"


def draw(dataset: Dataset) -> None:
    """Draw the folded part of the form."""
    changed = recipe_fields.num_changed(dataset)
    label = "Advanced options" + (f" ({changed} changed)" if changed else "")
    if not folding.is_open(label, recipe_fields.key(dataset, "advanced"), icon=":material/tune:"):
        return
    with st.container(border=True):
        st.caption("Only what does something with the chosen preset; what is left alone follows preset and tokenizer.")
        for group, options in OPTIONS.items():
            shown = {name: item for name, item in options.items() if recipe_fields.applies(dataset, name, item)}
            if shown:
                st.markdown(f"**{group}**")
                with st.grid(4, min_column_width=_FIELD_WIDTH, vertical_alignment="bottom"):
                    _fields(dataset, shown)
        st.text_input(
            "Revision of the tokenizer",
            key=recipe_fields.key(dataset, "tokenizer_revision"),
            placeholder="main",
            persist_state="session",
            help="A branch, a tag or a commit of the Hub; the manifest holds the commit in any case.",
            width=_FIELD_WIDTH,
        )


def _fields(dataset: Dataset, options: Mapping[str, Option]) -> None:
    for name, option in options.items():
        key = recipe_fields.key(dataset, name)
        if option.choices is not None:
            values = list(option.choices)
            choice = st.selectbox(
                option.label,
                values,
                index=values.index(option.default) if option.default in values else None,
                key=key,
                format_func=option.choices.__getitem__,
                persist_state="session",
                help=option.help,
            )
            if choice == GIVEN_ID:
                st.number_input(
                    f"Id: {option.label.lower()}", min_value=0, value=None, step=1, persist_state="session",
                    key=recipe_fields.key(dataset, recipe_fields.id_field(name)),
                )  # fmt: skip
        elif isinstance(option.default, bool):
            st.toggle(option.label, value=option.default, key=key, persist_state="session", help=option.help)
        elif name == "chat_date":
            first, last = _DAYS
            st.date_input(
                option.label, value=None, min_value=first, max_value=last, key=key, persist_state="session",
                help=option.help,
            )  # fmt: skip
        elif name in TYPED:
            st.text_input(option.label, key=key, persist_state="session", help=option.help)
        elif name == "max_junk_ratio":
            st.number_input(
                option.label, min_value=0.0, max_value=1.0, value=None, step=0.05, key=key, placeholder=_NO_VALUE,
                persist_state="session", help=option.help,
            )  # fmt: skip
        else:
            st.number_input(
                option.label, min_value=option.least, placeholder=_NO_VALUE, value=option.default, step=1, key=key,
                persist_state="session", help=option.help,
            )  # fmt: skip

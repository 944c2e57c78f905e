"""The filters of the samples: what can be asked for beside the search."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import streamlit as st

from mistudio_core.library.queries import SampleColumn
from mistudio_core.records import Dataset, Tokenization
from mistudio_core.ui.app.escape import one_line
from mistudio_core.ui.samples import address as sample_address
from mistudio_core.ui.samples import order
from mistudio_core.ui.widgets import formats
from mistudio_core.ui.widgets.choices import distinct

_COLUMN: Final = "samples_filter_column"
_TEST: Final = "samples_filter_test"
_VALUE: Final = "samples_filter_value"
_TESTS: Final = {
    "=": "is",
    "!=": "is not",
    ">=": "is at least",
    "<=": "is at most",
    " is null": "is missing",
    " is not null": "is not missing",
    "=nan": "is not a number (NaN)",
}
_NULL_TESTS: Final = (" is null", " is not null")
_NAN_TEST: Final = "=nan"
_WIDTH: Final = 360


def draw_split(dataset: Dataset, fields: Mapping[str, Any]) -> None:
    """Draw the choice of split with the number of samples of each."""
    if len(dataset.splits) < 2:
        return
    labels = distinct({name: f"{one_line(name)} ({formats.exact(count)})" for name, count in dataset.splits.items()})
    labels = {"": f"All splits ({formats.exact(dataset.num_samples)})", **labels}
    st.selectbox(
        "Split",
        list(labels),
        **sample_address.chosen("split", list(labels), fields.get("split")),
        format_func=labels.__getitem__,
        label_visibility="collapsed",
        on_change=sample_address.changed,
        width=170,
    )


def draw(fields: Mapping[str, Any], columns: Sequence[SampleColumn], tokenizations: Sequence[Tokenization]) -> None:
    """Draw the button behind which the filters are."""
    popover = st.popover("Filters", icon=":material/filter_alt:", key="samples_filters", on_change="rerun")
    if not popover.open:
        return
    with popover, st.container(width=_WIDTH):
        if any(column.is_text for column in columns):
            for label, measure in (("Characters", "chars"), ("Words", "words"), ("Bytes", "bytes")):
                _range(label, measure, fields)
            st.toggle(
                "Duplicates only",
                **sample_address.typed("duplicates", bool(fields.get("duplicates"))),
                help="Samples whose text occurs more than once, duplicates together.",
                on_change=sample_address.changed,
            )
        chosen = order.chosen_tokenization(fields, tokenizations)
        if chosen is not None:
            _range("Tokens", "tokens", fields)
            st.toggle(
                "Tokenized only",
                **sample_address.typed("documents", bool(fields.get("documents"))),
                help="Samples that the tokenization used: neither empty nor skipped by its recipe.",
                on_change=sample_address.changed,
            )
            st.toggle(
                "Contains control tokens",
                **sample_address.typed("control_tokens", bool(fields.get("control_tokens"))),
                help="Samples whose text contains a control token of the tokenizer, such as `<|endoftext|>`.",
                on_change=sample_address.changed,
            )
        _condition(fields, [column for column in columns if not column.is_main])


def _range(label: str, measure: str, fields: Mapping[str, Any]) -> None:
    with st.container(horizontal=True):
        for bound in ("min", "max"):
            name = f"{bound}_{measure}"
            st.number_input(
                f"{bound.capitalize()} {label.lower()}",
                min_value=0,
                step=1,
                **sample_address.typed(name, fields.get(name)),
                on_change=sample_address.changed,
            )


def _condition(fields: Mapping[str, Any], columns: Sequence[SampleColumn]) -> None:
    """Draw a condition on a column that can be added to those that are there."""
    if not columns:
        return
    by_name = {column.name: column for column in columns}
    names = distinct({name: one_line(name, 60) for name in by_name})
    name = st.selectbox("Column", list(names), key=_COLUMN, format_func=names.__getitem__)
    column = by_name.get(name, columns[0])  # of a dataset that was open before
    name = column.name
    tests = [test for test in _TESTS if test != _NAN_TEST] if column.is_scalar else list(_NULL_TESTS)
    if column.type.startswith("float"):
        tests.append(_NAN_TEST)
    if column.labels:
        tests = ["=", "!=", *_NULL_TESTS]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        test = st.selectbox("Condition", tests, key=f"{_TEST}:{name}", format_func=_TESTS.__getitem__, width=150)
        value_key = f"{_VALUE}:{name}"
        if test in (*_NULL_TESTS, _NAN_TEST):
            value: str | None = ""
        elif column.labels:
            labels = distinct({label: one_line(label, 60) for label in column.labels})
            value = st.selectbox("Value", list(labels), key=value_key, format_func=labels.__getitem__)
        else:
            value = st.text_input("Value", key=value_key, placeholder=_example(column))
    st.button(
        "Add filter",
        key="samples_add_filter",
        icon=":material/add:",
        disabled=value is None,
        on_click=_add,
        args=(tuple(fields.get("where", ())), f"{name}{test}{value or ''}"),
    )


def _example(column: SampleColumn) -> str:
    kinds = {"int": "42", "uint": "42", "float": "0.5", "decimal": "0.5", "bool": "true", "date": "2026-11-20",
             "timestamp": "2026-11-20T15:00", "time": "15:00", "duration": "1.5 s"}  # fmt: skip
    return next((example for kind, example in kinds.items() if column.type.startswith(kind)), "")


def _add(there: tuple[str, ...], condition: str) -> None:
    sample_address.ask(where=(*there, condition) if condition not in there else there)

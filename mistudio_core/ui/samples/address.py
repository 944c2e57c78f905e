"""The query for samples is in the address: it survives a reload, goes back and forth, and can be shared.

The address is what counts. Each run gives the widgets its values, and each change of a
widget writes all of them back, so that two quick changes never undo each other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import streamlit as st

from mistudio_core.ui.app import address, keys
from mistudio_core.ui.concordance.drawing import SORTS

PAGE_SIZES: Final = (10, 20, 50, 100)
DEFAULT_PAGE_SIZE: Final = 50

# Each field of a query and its name in the address. Other pages have their own `search` and `sort`.
_TEXTS: Final = {
    "search": "q", "mode": "mode", "column": "column", "split": "split", "tokenization": "tok", "sort": "by",
}  # fmt: skip
_NUMBERS: Final = {
    name: name for measure in ("chars", "bytes", "words", "tokens") for name in (f"min_{measure}", f"max_{measure}")
}
_SWITCHES: Final = {
    "ignore_case": "ignore_case", "duplicates": "copies", "documents": "documents", "control_tokens": "control",
    "descending": "descending",
}  # fmt: skip
_CONDITIONS: Final = "where"
_PAGE: Final = "page"
_PAGE_SIZE: Final = "per_page"
_OPENED: Final = "open"
_VIEW: Final = "view"
_BESIDE: Final = "beside"
TABLE: Final = "table"
CONTEXTS: Final = "contexts"
_FIELDS: Final = {**_TEXTS, **_NUMBERS, **_SWITCHES, "page_size": _PAGE_SIZE}
_DEFAULTS: Final = {"mode": "words", "page_size": DEFAULT_PAGE_SIZE, "page": 1}
_LARGEST: Final = 2**53  # what a browser counts exactly


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for: `fields` of a query without its page, only those that are given.

    `page` counts from 1; `opened` is the number, from 0, of the sample of the result that is open for reading. `view`
    is `TABLE`, `CONTEXTS` or empty, and `beside` the order of contexts.
    """

    fields: Mapping[str, Any]
    page: int
    page_size: int
    opened: int | None
    view: str = ""
    beside: str = SORTS[0]


def read() -> Asked:
    """Read the address; what cannot be is left out."""
    there = address.parameters()
    one = {name: values[-1] for name, values in there.items() if values}
    fields: dict[str, Any] = {name: one[parameter] for name, parameter in _TEXTS.items() if one.get(parameter)}
    for name, parameter in _NUMBERS.items():
        if (number := _number(one.get(parameter))) is not None:
            fields[name] = number
    fields |= {name: True for name, parameter in _SWITCHES.items() if one.get(parameter) == "1"}
    if conditions := tuple(item for item in there.get(_CONDITIONS, ()) if item):
        fields["where"] = conditions
    page_size = _number(one.get(_PAGE_SIZE))
    return Asked(
        fields,
        page=max(1, _number(one.get(_PAGE)) or 1),
        page_size=page_size if page_size in PAGE_SIZES else DEFAULT_PAGE_SIZE,
        opened=_number(one.get(_OPENED)),
        view=view if (view := one.get(_VIEW, "")) in (TABLE, CONTEXTS) else "",
        beside=beside if (beside := one.get(_BESIDE, "")) in SORTS else SORTS[0],
    )


def given() -> dict[str, list[str]]:
    """Return the parameters of the address that are a query for samples."""
    mine = {*_FIELDS.values(), _CONDITIONS, _PAGE, _OPENED, _VIEW, _BESIDE}
    return {name: values for name, values in address.parameters().items() if name in mine}


def parameters(fields: Mapping[str, Any]) -> dict[str, str | list[str]]:
    """Return the parameters of an address that asks for these fields of a query, and `page`, `page_size`, `opened`."""
    names = {**_FIELDS, "page": _PAGE, "opened": _OPENED}
    written: dict[str, str | list[str]] = {}
    for name, value in fields.items():
        if name == "where":
            written[_CONDITIONS] = [str(item) for item in value or ()]
        elif value is True:
            written[names[name]] = "1"
        elif value is not None and value is not False and value not in ("", _DEFAULTS.get(name)):
            written[names[name]] = str(value)
    return written


def key(field: str) -> str:
    """Return the key of the widget for a field."""
    return f"samples_{field}"


def typed(field: str, value: Any) -> dict[str, Any]:
    """Return the key and value by which the widget of a field shows what the address says."""
    return {"key": key(field)} if _set(field, value) else {"key": key(field), "value": value}


def chosen(field: str, options: Sequence[Any], value: Any, *, default: Any = None) -> dict[str, Any]:
    """Return the same for a choice between options; what is none of them gives way to the first.

    The `default` option is not in the address: chosen in one search, it means another in the next.
    """
    value = value if value in options else options[0]
    st.session_state[keys.of(key(field), "options")] = (list(options), default)
    return {"key": key(field)} if _set(field, value) else {"key": key(field), "index": list(options).index(value)}


def changed() -> None:
    """Take over what the widgets say: the callback of each of them."""
    ask()


def ask(**changes: Any) -> None:
    """Ask for something else and go to the first page; a value of None takes a field out."""
    asked = read()
    fields = dict(asked.fields) | {"page_size": asked.page_size} | _of_widgets() | changes
    turns = st.session_state.get(keys.SAMPLES_FOCUS, (0, 0))[1]
    st.session_state[keys.SAMPLES_FOCUS] = (-1, turns)  # a place in another list
    left_out: dict[str, str | list[str] | None] = dict.fromkeys((*_FIELDS.values(), _CONDITIONS, _PAGE, _OPENED))
    address.put(left_out | parameters(fields))


def turn_to(page: int) -> None:
    """Go to a page of what is asked for."""
    address.put({_PAGE: str(page) if page > 1 else None, _OPENED: None})


def show_as(view: str | None) -> None:
    """Show the samples as a table, the contexts of what is searched for, or with None cards."""
    address.put({_VIEW: view, _PAGE: None})


def sort_contexts(beside: str) -> None:
    """Sort contexts by what stands beside the hits."""
    address.put({_BESIDE: beside if beside != SORTS[0] else None, _PAGE: None})


def open_found(number: int) -> None:
    """Open the sample with this number among those that are found, in the order of the dataset."""
    address.put({_TEXTS["sort"]: "position", _SWITCHES["descending"]: None, _OPENED: str(number)})


def open_sample(number: int | None) -> None:
    """Open a sample of the result, by its number from 0, for reading; None closes it."""
    address.put({_OPENED: None if number is None else str(number)})


def _of_widgets() -> dict[str, Any]:
    """Return what the widgets say; one that comes with an option of a moment before says nothing."""
    values: dict[str, Any] = {}
    for name in _FIELDS:
        if key(name) not in st.session_state:
            continue
        value = st.session_state[key(name)]
        options, default = st.session_state.get(keys.of(key(name), "options"), (None, None))
        if options is None or value in options:
            values[name] = None if value == default else value
    return values


def _number(text: str | None) -> int | None:
    if text is None or not text.isascii() or not text.isdigit() or len(text) > len(str(_LARGEST)):
        return None
    return min(int(text), _LARGEST)


def _set(field: str, value: Any) -> bool:
    """Change a widget that shows something else, before it is drawn; tell whether that was needed.

    One that is new, or that Streamlit has given another identity, is drawn with the value instead: a widget with both
    is warned of, and one that is set in every run would lose what is being typed into it.
    """
    if key(field) not in st.session_state or st.session_state[key(field)] == value:
        return False
    st.session_state[key(field)] = value
    return True

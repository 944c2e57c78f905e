"""Which sequence is read, or which tokens are searched for, in the address."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import streamlit as st

from mistudio_core.library.queries import MOST_TOKENS
from mistudio_core.ui.app import address as current
from mistudio_core.ui.app import keys, pages
from mistudio_core.ui.concordance.drawing import SORTS

HITS_A_PAGE: Final = 50
_LARGEST_DIGITS: Final = 15


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for: a sequence, and `mark` the tokens [start, end) in it; or a sequence to find.

    The sequence is a text or ids; `across` counts hits from one document into the next; `sort` is the order of the
    hits; `page` counts from 1.
    """

    tokenization: str | None
    sequence: int | None
    mark: tuple[int, int] | None
    text: str
    ids: tuple[int, ...]
    across: bool
    sort: str
    page: int

    @property
    def is_search(self) -> bool:
        """Whether a sequence is looked for."""
        return bool(self.text or self.ids)


def read() -> Asked:
    """Read the address; what cannot be is left out."""
    parameters = {name: values[-1] for name, values in current.parameters().items() if values}
    first, _, last = parameters.get("at", "").partition("-")
    start, end = _number(first), _number(last)
    return Asked(
        tokenization=parameters.get("tok"),
        sequence=_number(parameters.get("sequence", "")),
        mark=(start, end) if start is not None and end is not None and start < end else None,
        text=parameters.get("text", ""),
        ids=ids_of(parameters.get("ids", "")),
        across=parameters.get("across") == "1",
        sort=parameters["sort"] if parameters.get("sort") in SORTS else SORTS[0],
        page=max(1, _number(parameters.get("page", "")) or 1),
    )


def ids_of(text: str) -> tuple[int, ...]:
    """Read ids that commas or spaces part; other signs make none of it."""
    numbers = [_number(item) for item in text.replace(",", " ").split()]
    known = [number for number in numbers if number is not None]
    return tuple(known) if len(known) == len(numbers) <= MOST_TOKENS else ()


def address(dataset_id: str, tokenization_id: str, **asked: Any) -> dict[str, str]:
    """Return the parameters of a sequence (`sequence`, `mark`) or of a search (`text` or `ids`, `across`, `page`)."""
    written = {keys.DATASET_ID: dataset_id, "tok": tokenization_id}
    if asked.get("sequence") is not None:
        written["sequence"] = str(asked["sequence"])
    if asked.get("mark"):
        written["at"] = "-".join(str(place) for place in asked["mark"])
    if asked.get("ids"):
        written["ids"] = ",".join(str(ident) for ident in asked["ids"])
    elif asked.get("text"):
        written["text"] = str(asked["text"])
    if asked.get("across"):
        written["across"] = "1"
    if asked.get("page", 1) > 1:
        written["page"] = str(asked["page"])
    return written


def find(ids: Sequence[int]) -> None:
    """Search for these ids, instead of what is read or searched for."""
    ask(ids=",".join(map(str, ids[:MOST_TOKENS])), text=None, sequence=None, at=None, page=None)


def ask(**changes: str | None) -> None:
    """Change some parameters, None taking one out, in one step of the browser's history."""
    current.put(changes)


def open_search(dataset_id: str, tokenization_id: str, *ids: int) -> None:
    """Go to the hits of a token search; for callbacks of other pages."""
    st.switch_page(pages.SEQUENCES, query_params=address(dataset_id, tokenization_id, ids=ids))


def link(label: str, dataset_id: str, tokenization_id: str, **asked: Any) -> None:
    """Draw a link to the first sequence of a tokenization, or to what is asked for."""
    st.page_link(
        pages.SEQUENCES,
        label=label,
        icon=":material/token:",
        query_params=address(dataset_id, tokenization_id, **asked),
    )


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _LARGEST_DIGITS else None

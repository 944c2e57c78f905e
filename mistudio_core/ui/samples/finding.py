"""Asking the library for the samples that the address asks for, and telling how far a long search is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import streamlit as st

from mistudio_core.errors import IndexUnusable, StudioError
from mistudio_core.library import Library
from mistudio_core.library.queries import Found, SampleQuery
from mistudio_core.records import Dataset, Tokenization
from mistudio_core.ui.app import address, failures, keys, search_resources
from mistudio_core.ui.app.opening import open_library
from mistudio_core.ui.widgets import formats

_POLL_SECONDS: Final = 0.5
_TOKEN_FIELDS: Final = ("min_tokens", "max_tokens", "documents", "control_tokens")


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of the result: `page` is the one that is there, the last one where a later one was asked for."""

    found: Found
    page: int


def query_fields(fields: Mapping[str, Any], tokenization: Tokenization | None) -> dict[str, Any]:
    """Return the fields of the query that an address asks for; the tokenization only where its tokens matter."""
    given = {name: value for name, value in fields.items() if name != "tokenization"}
    if tokenization is not None and (set(_TOKEN_FIELDS) & set(given) or given.get("sort") == "tokens"):
        given["tokenization"] = tokenization.id
    return given


def query_of(fields: Mapping[str, Any], tokenization: Tokenization | None, **paging: int) -> SampleQuery:
    """Return the query of an address; raises `invalid_request` naming the field that cannot be."""
    return SampleQuery.from_fields(query_fields(fields, tokenization) | paging)


def find(library: Library, dataset: Dataset, query: SampleQuery) -> Found:
    """Return a page of a query; a scan goes on behind it, and stops the scan that this tab had before."""
    from mistudio_core.library.queries import SessionClosedError

    if query.is_plain:
        return library.search(dataset.id, query)
    try:
        return _search(library, dataset, query)
    except SessionClosedError:
        # Another session has closed this index, between two questions or between a question and its answer, to open
        # one more or because it was built again.
        return _search(library, dataset, query)


def _search(library: Library, dataset: Dataset, query: SampleQuery) -> Found:
    return library.search(
        dataset.id,
        query,
        session=search_resources.session(library, dataset),
        pool=search_resources.pool(),
        tab=search_resources.tab(),
    )


def find_page(library: Library, dataset: Dataset, query: SampleQuery, page: int) -> Listing:
    """Return the page with this number, from 1, or the last one."""
    query = replace(query, offset=(page - 1) * query.limit)
    found = find(library, dataset, query)
    pages = max(1, -(-found.page.total // query.limit))
    if page > pages and found.finished:
        return find_page(library, dataset, query, pages)
    return Listing(found, page)


def draw_progress(found: Found, *, page_is_full: bool) -> None:
    """Draw the progress of this tab's scan with a button to stop it; at its end the page is redrawn."""
    if found.finished:
        if not found.page.total_is_exact:
            st.caption(
                f":material/hourglass_disabled: Search stopped before all samples were read, with "
                f"{formats.counted(found.page.total, 'hit')} so far; there may be more."
            )
        return
    shown = len(found.page.rows)

    @st.fragment(run_every=_POLL_SECONDS)
    def poll() -> None:
        if not address.is_settled():
            return  # another search was requested meanwhile, and redraws the page
        hits, ended = search_resources.pool().progress(search_resources.tab())
        if ended or (hits > shown and not page_is_full):
            st.rerun()
        with st.container(horizontal=True, vertical_alignment="center", key="samples_scanning"):
            st.badge(f"Searching: {formats.counted(hits, 'hit')} so far", icon=":material/manage_search:", color="blue")
            st.button("Stop searching", key="samples_stop", icon=":material/cancel:", on_click=_end)

    poll()


def draw_notes(library: Library, dataset: Dataset, found: Found) -> None:
    """Draw what the user should know of how this was found, and the way to a quicker one."""
    if not found.note:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f":material/info: {found.note}", width="content")
        if found.problem:
            _offer_index(library, dataset)
    failures.show_stored(keys.INDEX_ERROR)


def draw_error(library: Library, dataset: Dataset, error: StudioError) -> None:
    """Draw why nothing can be shown; a lost index can be built again."""
    failures.show(error)
    if isinstance(error, IndexUnusable):
        _offer_index(library, dataset)
        failures.show_stored(keys.INDEX_ERROR)


def _offer_index(library: Library, dataset: Dataset) -> None:
    """Draw the button that builds the indexes; while a job does, its progress is above the tabs."""
    if not library.may("start") or any(job.kind == "index" for job in library.jobs(dataset.id, active=True)):
        return
    st.button(
        "Build the index",
        key="samples_build_index",
        icon=":material/bolt:",
        help="Starts a job that builds the word index: about half the size of the text, at about 20 MB of text per "
        "second.",
        on_click=_build_index,
        args=(dataset.id,),
    )


def _end() -> None:
    search_resources.pool().end(search_resources.tab())


def _build_index(dataset_id: str) -> None:
    with failures.storing(keys.INDEX_ERROR):
        open_library().build_search_index(dataset_id)

"""The samples of a dataset: search, filters, order and pages in the address, and the cards of one page."""

from __future__ import annotations

from typing import Final

import streamlit as st

from mistudio_core.errors import StudioError
from mistudio_core.library import Library
from mistudio_core.records import Dataset, Tokenization
from mistudio_core.ui.app import address, keys
from mistudio_core.ui.columns import strip
from mistudio_core.ui.samples import address as sample_address
from mistudio_core.ui.samples import contexts, filters, finding, order, page_cards, pills, reader, search, table
from mistudio_core.ui.samples import export as sample_export
from mistudio_core.ui.samples.address import Asked
from mistudio_core.ui.samples.finding import Listing
from mistudio_core.ui.widgets import key_presses
from mistudio_core.ui.widgets.key_presses import Press

_LONG_PAGE: Final = 5  # samples; a longer page has the page buttons below as well


def draw(library: Library, dataset: Dataset) -> None:
    """Draw the tab."""
    if not dataset.num_samples:
        st.info("This dataset has no samples.", icon=":material/inbox:")
        return
    address.settle()
    asked = sample_address.read()
    tokenizations = [item for item in library.tokenizations(dataset.id) if item.status == "ready"]
    try:
        columns = library.sample_columns(dataset.id)
        tokenization = order.chosen_tokenization(asked.fields, tokenizations)
        strip.draw(
            library,
            dataset,
            strip.key(dataset),
            fields=asked.fields,
            on_pick=lambda **picked: sample_address.ask(**strip.merged(sample_address.read().fields, picked)),
            on_sort=lambda name: order.sort_by(sample_address.read().fields, columns, name),
        )
        with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
            search.draw(asked.fields, columns)
        with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
            filters.draw_split(dataset, asked.fields)
            filters.draw(asked.fields, columns, tokenizations)
            if asked.view != sample_address.CONTEXTS:
                order.draw_order(asked.fields, columns, tokenizations)
            order.draw_view(dataset, tokenizations, asked)
            sample_export.draw(library, dataset, asked, tokenization)
        pills.draw(asked.fields, columns)
        query = finding.query_of(asked.fields, tokenization, limit=asked.page_size)
        if asked.view == sample_address.CONTEXTS:
            contexts.draw(library, dataset, asked, query)
        else:
            with st.spinner("Searching", show_time=True):
                listing = finding.find_page(library, dataset, query, asked.page)
            finding.draw_notes(library, dataset, listing.found)
            _listing(library, dataset, asked, listing, tokenization)
    except StudioError as error:
        finding.draw_error(library, dataset, error)
        return
    other = st.session_state.get(keys.DIALOG) is not None or st.session_state.get(keys.FINDER)
    if asked.opened is not None and not other:  # only one dialog can be open
        reader.open_drawer(dataset, asked.page_size)


def _listing(
    library: Library, dataset: Dataset, asked: Asked, listing: Listing, tokenization: Tokenization | None
) -> None:
    page, found = listing.found.page, listing.found
    first = (listing.page - 1) * asked.page_size
    finding.draw_progress(found, page_is_full=len(page.rows) == asked.page_size)
    if not page.rows:
        if found.finished and page.total_is_exact:
            st.info("No matches. Remove a filter or change the search.", icon=":material/search_off:")
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        caption = order.shown_range(first, len(page.rows), page.total, exact=page.total_is_exact)
        st.caption(caption, width="stretch")
        order.draw_pages(page.total, listing.page, asked.page_size)
        order.draw_going(page.total, asked.page_size, by_index=_is_a_split(dataset, asked))
        pages = -(-page.total // asked.page_size)
        key_presses.draw(
            [
                Press(("/",), "search", focus="[data-testid=stMain] input[type=search]"),
                Press(("ArrowLeft", "k"), "previous page", lambda: sample_address.turn_to(max(1, listing.page - 1))),
                Press(("ArrowRight", "j"), "next page", lambda: sample_address.turn_to(min(pages, listing.page + 1))),
            ],
            "samples_keys",
        )
    if asked.view == sample_address.TABLE:
        table.draw(dataset, asked, listing)
    else:
        page_cards.draw(library, dataset, asked, listing, tokenization)
    if len(page.rows) > _LONG_PAGE:
        order.draw_pages(page.total, listing.page, asked.page_size, at_the_end=True)


def _is_a_split(dataset: Dataset, asked: Asked) -> bool:
    """Tell whether a place in the list is the number of the sample."""
    one_split = len(dataset.splits) == 1 or "split" in asked.fields
    return one_split and set(asked.fields) <= {"split", "tokenization", "mode", "ignore_case", "column"}

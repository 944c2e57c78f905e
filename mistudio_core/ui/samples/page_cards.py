"""The cards of one page of samples, with what is known of each beside its text."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from mistudio_core.errors import StudioError
from mistudio_core.library import Library
from mistudio_core.records import Dataset, Sample, Tokenization
from mistudio_core.ui.app import keys
from mistudio_core.ui.app.escape import plain
from mistudio_core.ui.samples import address as sample_address
from mistudio_core.ui.samples import cards as sample_cards
from mistudio_core.ui.samples.address import Asked
from mistudio_core.ui.samples.cards import Card
from mistudio_core.ui.samples.finding import Listing
from mistudio_core.ui.widgets import formats


def draw(library: Library, dataset: Dataset, asked: Asked, listing: Listing, tokenization: Tokenization | None) -> None:
    """Draw the samples of a page."""
    samples = listing.found.page.rows
    first = (listing.page - 1) * asked.page_size
    turn = f"{dataset.id} {sorted(asked.fields.items())} {first}"
    counts = token_counts(library, dataset, tokenization, samples)
    copies = _copies(samples) if asked.fields.get("duplicates") else [""] * len(samples)
    unfolded = _unfolded(turn)
    cards = [
        Card(sample, first + place, (counts[place], copies[place]), expanded=sample_cards.name(sample) in unfolded)
        for place, sample in enumerate(samples)
    ]
    sample_cards.draw(
        cards,
        keys.of(dataset.id, "cards"),
        with_split=len(dataset.splits) > 1,
        turn=turn,
        focus=_focus(first, samples),
        on_open=sample_address.open_sample,
        on_unfold=lambda name: _unfold(turn, name),
    )


def token_counts(
    library: Library, dataset: Dataset, tokenization: Tokenization | None, samples: Sequence[Sample]
) -> list[str]:
    """Return the number of tokens of each sample in a tokenization, in words; nothing where it is not known."""
    if tokenization is None:
        return [""] * len(samples)
    try:
        counts = library.token_counts(dataset.id, tokenization.id, samples)
    except StudioError as error:
        st.caption(f":material/warning: {plain(error.message)} {plain(error.hint)}")
        return [""] * len(samples)
    return ["" if count is None else formats.counted(count, "token") for count in counts]


def _copies(samples: Sequence[Sample]) -> list[str]:
    """Return for each sample of a page of duplicates the one before it that it repeats."""
    facts = [""] * len(samples)
    for place in range(1, len(samples)):
        if samples[place].text == samples[place - 1].text:
            facts[place] = facts[place - 1] or f"duplicate of #{formats.exact(samples[place - 1].index)}"
    return facts


def _focus(first: int, samples: Sequence[Sample]) -> str:
    """Return the name of the sample that was gone to, and how often one was: going there again scrolls again."""
    number, turns = st.session_state.get(keys.SAMPLES_FOCUS, (-1, 0))
    if not first <= number < first + len(samples):
        return ""
    return f"{sample_cards.name(samples[number - first])}|{turns}"


def _unfolded(turn: str) -> list[str]:
    """Return the names of the samples that are expanded on this page; another page begins collapsed."""
    shown_turn, names = st.session_state.get(keys.SAMPLES_SHOWN, ("", []))
    return list(names) if shown_turn == turn else []


def _unfold(turn: str, name: str) -> None:
    names = _unfolded(turn)
    st.session_state[keys.SAMPLES_SHOWN] = (
        turn,
        [other for other in names if other != name] if name in names else [*names, name],
    )

"""From a bar of a chart to the samples that it counts, through the address of the samples."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st

from mistudio_core.records import Tokenization
from mistudio_core.ui.app import keys
from mistudio_core.ui.columns.bar_fields import Bar, FieldsOf
from mistudio_core.ui.samples import links as sample_links
from mistudio_core.ui.sequences import address as sequence_address


@dataclass(frozen=True, slots=True)
class Clicks:
    """What a click on a bar does: `opens` the bar, which is called `opened` on the page."""

    opens: Callable[[Bar], None]
    opened: str


def to_samples(dataset_id: str, fields_of: FieldsOf) -> Clicks:
    """Return clicks that open the samples of a bar."""

    def open_samples(bar: Bar) -> None:
        address = sample_links.address(dataset_id, **fields_of(bar))
        shown = st.query_params.get(keys.STATISTICS_OF)  # for the way back
        st.query_params.from_dict({**address, keys.STATISTICS_OF: shown} if shown else address)

    return Clicks(open_samples, "samples")


def to_tokens(tokenization: Tokenization) -> Clicks:
    """Return clicks that open the hits of a bar's token."""

    def open_places(bar: Bar) -> None:
        sequence_address.open_search(tokenization.dataset_id, tokenization.id, int(bar["id"]))

    return Clicks(open_places, "hits")


def callback(key: str, clicks: Clicks) -> Callable[[], None]:
    """Return the callback of the chart with this key."""

    def open_bar() -> None:
        if bars := _clicked(key):  # else the click took a selection back
            clicks.opens(bars[0])

    return open_bar


def _clicked(key: str) -> Sequence[Bar]:
    from mistudio_core.charts.figure import BAR

    event = st.session_state.get(key) or {}
    return list(event.get("selection", {}).get(BAR) or [])

"""What the Hub has under the name that somebody types, with what helps to choose among it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from mistudio_core.errors import HubUnreachable, StudioError
from mistudio_core.library import Library
from mistudio_core.records import as_json
from mistudio_core.ui.app import background, keys
from mistudio_core.ui.app.escape import plain
from mistudio_core.ui.widgets import badges, formats

_SHOWN: Final = 6
_FEWEST_CHARS: Final = 2
_KEPT: Final = 32
"""Searches of a session: who deletes a letter sees the list of before at once."""

Found = Sequence[Mapping[str, Any]]


def draw(
    place: DeltaGenerator,
    library: Library,
    text: str,
    *,
    hf_token: str | None,
    looked_at: str | None,
    choose: Callable[[str], None],
) -> Found:
    """Fill `place` with the datasets whose id holds `text`, and return them; `choose` is called with the one pressed.

    The one that is `looked_at` stands below already and is left out. To be called when the rest of the page is drawn,
    since it waits for the Hub; typing on ends the wait.
    """
    if len(text) < _FEWEST_CHARS:
        return ()
    known: dict[str, Found] = st.session_state.setdefault(keys.SUGGESTED, {})
    if text not in known:
        try:
            with place, st.spinner("Searching the Hub"):
                found = background.result_of(partial(library.search_hub, text, limit=_SHOWN, hf_token=hf_token))
        except StudioError as error:
            place.caption(f":material/cloud_off: No suggestions. {_why(error)}")
            return ()
        known[text] = as_json(found)  # plain values: the session outlives a hot reload, our classes do not
        for old in list(known)[:-_KEPT]:
            del known[old]
    others = [one for one in known[text] if one["repo_id"] != looked_at]
    if others or looked_at is None:
        with place:
            _list(others, choose)
    return known[text]


def _why(error: StudioError) -> str:
    if isinstance(error, HubUnreachable):
        return "The Hub does not answer at the moment. A complete id can still be inspected and downloaded."
    return plain(error.message, 300)


def _list(found: Found, choose: Callable[[str], None]) -> None:
    if not found:
        st.caption(":material/search_off: The Hub has no public dataset with this in its id.")
        return
    with st.container(border=True, gap="xxsmall", key="hub_suggestions"):
        for one in found:
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                st.button(
                    plain(one["repo_id"], 100),
                    key=f"suggested:{one['repo_id']}",
                    type="tertiary",
                    icon=":material/database:",
                    on_click=choose,
                    args=(one["repo_id"],),
                )
                st.caption(_facts(one), width="content")
                badges.draw_access("private" if one["private"] else "gated" if one["gated"] else "public")


def _facts(one: Mapping[str, Any]) -> str:
    parts = []
    if one["downloads"] is not None:
        parts.append(formats.counted(one["downloads"], "download"))
    if one["likes"] is not None:
        parts.append(formats.counted(one["likes"], "like"))
    if one["size_bytes"] is not None:
        parts.append(formats.size(one["size_bytes"]))
    return " · ".join(parts)

"""The first rows of a dataset on the Hub, before anything is downloaded."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from mistudio_core.errors import StudioError
from mistudio_core.library import Library
from mistudio_core.library.queries import FileLook
from mistudio_core.records import as_json
from mistudio_core.ui.adding import file_preview
from mistudio_core.ui.app import background, keys
from mistudio_core.ui.app.escape import plain

_BRANCH = "refs/convert/parquet"


def draw(
    place: DeltaGenerator, library: Library, info: Mapping[str, Any], asked: Mapping[str, Any], hf_token: str | None
) -> None:
    """Fill `place` with the rows of `config` and `split` of `asked`; `info` is a `RepoInfo` as JSON.

    To be called when the rest of the page is drawn, since it waits for the Hub.
    """
    if info["refusal"]:
        return
    revision = _BRANCH if info["parquet_branch"] else info["revision"]
    question = {"repo": info["repo_id"], "revision": revision, **asked}
    kept = st.session_state.get(keys.HUB_ROWS)
    if kept is None or kept["question"] != question:
        try:
            with place, st.spinner("Reading the first rows"):
                found = background.result_of(partial(library.first_rows, **question, hf_token=hf_token))
            kept = {"question": question, "found": as_json(found)}
        except StudioError as error:
            kept = {"question": question, "problem": f"{error.message} {error.hint}"}
        st.session_state[keys.HUB_ROWS] = kept
    with place:
        if "problem" in kept:
            st.caption(f":material/visibility_off: {plain(kept['problem'], 500)}")
        else:
            file_preview.rows(FileLook.of(kept["found"]))

"""From a name to a download: what is typed is looked up on the Hub, what is chosen is looked at, then downloaded."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final, Literal

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from mistudio_core.errors import StudioError
from mistudio_core.library import ImportOptions, Library
from mistudio_core.records import ErrorInfo, as_json
from mistudio_core.ui.adding import hub_rows, hub_suggestions, import_fields, inspect_panel, repo_choices
from mistudio_core.ui.app import background, failures, keys
from mistudio_core.ui.app.opening import open_library

_EMPTY: Final[dict[str, Any]] = {
    keys.REPO: "",
    keys.REVISION: "",
    keys.CONFIG: None,
    keys.SPLITS: [],
    keys.MAX_SAMPLES: None,
    keys.TEXT_COLUMNS: "",
    keys.INVALID_UTF8: None,
}
"""The form after a download has started; the access token stays for the next one."""
_OF_ONE_REPOSITORY: Final = (keys.REVISION, keys.CONFIG, keys.SPLITS)
"""What means nothing for another repository."""


def draw(library: Library) -> Callable[[], None]:
    """Draw the form, what the Hub knows of the repository, and the error of the last attempt.

    Call what is returned when the rest of the page is drawn: it waits for the Hub and fills what is still empty.
    """
    _take_back_refused(library)
    _forget_choices_of_another()
    info: dict[str, Any] | None = st.session_state.get(keys.INSPECTED)
    repo, hf_token = st.columns([3, 2])
    repo.text_input(
        "Repository id",
        key=keys.REPO,
        live=True,  # 250 ms; for a pause in words, Streamlit imports pandas: 37 MB and 0.4 s of the first page
        placeholder="namespace/dataset-name",
        help="Type a part of it to search the Hub, for example imdb. The URL of the dataset's page works too.",
    )
    hf_token.text_input(
        "Access token (optional)",
        key=keys.ACCESS,
        type="password",
        placeholder="hf_…",
        help="Only for private or gated repositories. Passed to the job that needs it, never stored.",
    )
    suggestions = repo.container()  # on a telephone, too, right below what is typed
    repo_choices.draw(info, on_config=_look)
    with st.expander("Parsing options", icon=":material/tune:"):
        import_fields.draw_text_fields(keys.TEXT_COLUMNS, keys.INVALID_UTF8)
    with st.container(horizontal=True):
        st.button("Inspect", key="inspect", icon=":material/visibility:", type=_kind(info is None), on_click=_look)
        st.button(
            "Download", key="download", icon=":material/download:", type=_kind(info is not None), on_click=_download
        )
    if library.settings.shared:
        st.caption("Everybody who uses this app sees what you download; only you and the host can rename or delete it.")
    looking = st.container()
    failures.show_stored(keys.DOWNLOAD_ERROR)
    rows = None if info is None else inspect_panel.draw(info, repo_choices.chosen(info))
    return partial(_ask_the_hub, library, info, suggestions, looking, rows)


def _kind(primary: bool) -> Literal["primary", "secondary"]:
    return "primary" if primary else "secondary"


def _ask_the_hub(
    library: Library,
    info: dict[str, Any] | None,
    suggestions: DeltaGenerator,
    looking: DeltaGenerator,
    rows: DeltaGenerator | None,
) -> None:
    """Fill in what takes a while; whatever is typed or pressed meanwhile ends it."""
    state = st.session_state
    if state.get(keys.LOOK_WANTED):
        _inspect(library, looking)
    asked, repo = _asked(), _asked()["repo"]
    if repo != state.get(keys.CHOSEN):
        looked_at = None if info is None else info["repo_id"]
        found = hub_suggestions.draw(
            suggestions, library, repo, hf_token=asked["hf_token"], looked_at=looked_at, choose=_choose
        )
        if info is None and "/" in repo and any(one["repo_id"] == repo for one in found):
            _inspect(library, looking)
    if info is not None and rows is not None:
        split = asked["splits"][0] if asked["splits"] else None
        hub_rows.draw(rows, library, info, {"config": asked["config"], "split": split}, asked["hf_token"])


def _choose(repo_id: str) -> None:
    """Take a suggestion."""
    st.session_state[keys.REPO] = repo_id
    _look()


def _look() -> None:
    """Have the page look at what is in the form."""
    state = st.session_state
    state[keys.ADD_OPEN] = state[keys.LOOK_WANTED] = True
    state[keys.CHOSEN] = (state[keys.REPO] or "").strip()
    failures.forget(keys.DOWNLOAD_ERROR)


def _inspect(library: Library, place: DeltaGenerator) -> None:
    """Look at the repository in the form, and draw the page again with what was found."""
    state = st.session_state
    asked, looked = _asked(), _chosen()
    what = {name: asked[name] for name in ("revision", "config", "hf_token")}
    error: ErrorInfo | None = None
    info: dict[str, Any] | None = None
    try:
        with place, st.spinner("Looking at the repository"):
            # Plain values: the session outlives a hot reload, our classes do not.
            info = as_json(background.result_of(partial(library.inspect, asked["repo"], **what)))
    except StudioError as failure:
        error = ErrorInfo.of(failure)
    state[keys.LOOK_WANTED] = False
    state[keys.DOWNLOAD_ERROR], state[keys.INSPECTED], state[keys.LOOKED] = error, info, looked
    st.rerun()


def _chosen() -> dict[str, Any]:
    return {key: st.session_state[key] for key in (keys.REPO, *_OF_ONE_REPOSITORY)}


def _forget_choices_of_another() -> None:
    """Fill in what was found of the repository in the form; reset the choices for another one looked at before."""
    state = st.session_state
    looked, info = state.get(keys.LOOKED), state.get(keys.INSPECTED)
    if looked is None:
        return
    repo = state.get(keys.REPO)
    if repo == looked[keys.REPO]:
        if info is not None and repo != info["repo_id"]:  # an address, or an older name
            if state.get(keys.CHOSEN) == repo.strip():
                state[keys.CHOSEN] = info["repo_id"]
            state[keys.REPO] = looked[keys.REPO] = info["repo_id"]
        if info is not None and not state.get(keys.CONFIG):
            state[keys.CONFIG] = looked[keys.CONFIG] = repo_choices.default_config(info)
        return
    state[keys.INSPECTED] = state[keys.LOOKED] = None
    for key in _OF_ONE_REPOSITORY:
        if state.get(key) == looked[key]:  # else it was chosen since, for this one
            state[key] = _EMPTY[key]


def _download() -> None:
    st.session_state[keys.ADD_OPEN] = True
    with failures.storing(keys.DOWNLOAD_ERROR):
        asked = _asked()
        dataset = open_library().download(
            asked["repo"],
            revision=asked["revision"],
            config=asked["config"],
            splits=asked["splits"],
            max_samples=asked["max_samples"],
            hf_token=asked["hf_token"],
            options=ImportOptions(
                text_columns=asked["text_columns"], invalid_utf8="replace" if asked["replace"] else None
            ),
        )
        typed = {key: st.session_state[key] for key in _EMPTY}
        st.session_state[keys.STARTED] = {"dataset_id": dataset.id, "typed": typed}
        st.session_state[keys.INSPECTED] = st.session_state[keys.LOOKED] = None
        st.session_state.update(_EMPTY)
        st.session_state[keys.ADD_OPEN] = False
        st.session_state[keys.NOTICE] = "Download started."


def _take_back_refused(library: Library) -> None:
    """Bring back what was typed, with the error, when a download that had started left no dataset behind.

    Some things the Hub only says when the files are asked for: a closed gate, for instance.
    """
    started = st.session_state.get(keys.STARTED)
    if started is None:
        return
    jobs = library.jobs(started["dataset_id"])
    if jobs and jobs[0].active:
        return
    st.session_state[keys.STARTED] = None
    error = jobs[0].error if jobs else None
    if error is None or any(dataset.id == started["dataset_id"] for dataset in library.datasets()):
        return
    st.session_state[keys.DOWNLOAD_ERROR] = error
    if not st.session_state.get(keys.REPO):
        st.session_state.update(started["typed"])


def _asked() -> dict[str, Any]:
    state = st.session_state
    return {
        "repo": (state[keys.REPO] or "").strip(),
        "revision": (state[keys.REVISION] or "").strip() or None,
        "config": (state[keys.CONFIG] or "").strip() or None,
        "splits": list(state[keys.SPLITS]) or None,
        "max_samples": state[keys.MAX_SAMPLES],
        "hf_token": state[keys.ACCESS] or None,
        "text_columns": import_fields.names_of(state.get(keys.TEXT_COLUMNS)),
        "replace": bool(state.get(keys.INVALID_UTF8)),
    }

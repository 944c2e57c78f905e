"""Inspect, then download: the form for datasets of the Hugging Face Hub."""

from __future__ import annotations

from typing import Any, Final, Literal

import streamlit as st

from mistudio_core.library import ImportOptions, Library
from mistudio_core.records import RepoInfo, as_json
from mistudio_core.ui.app import failures, keys
from mistudio_core.ui.app.opening import open_library
from mistudio_core.ui.datasets import import_fields, inspect_panel

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


def draw(library: Library) -> None:
    """Draw the form, what the Hub knows of the repository, and the error of the last attempt."""
    _take_back_refused(library)
    info: dict[str, Any] | None = st.session_state.get(keys.INSPECTED)
    with st.form("download", border=False):
        repo, hf_token = st.columns([3, 2])
        repo.text_input(
            "Repository id",
            key=keys.REPO,
            placeholder="namespace/dataset-name",
            help="For example stanfordnlp/imdb. The URL of the dataset's page works too.",
        )
        hf_token.text_input(
            "Access token (optional)",
            key=keys.ACCESS,
            type="password",
            placeholder="hf_…",
            help="Only for private or gated repositories. Passed to the job that needs it, never stored.",
        )
        _choices(info)
        with st.container(horizontal=True):
            st.form_submit_button("Inspect", icon=":material/visibility:", on_click=_inspect, type=_kind(info is None))
            st.form_submit_button(
                "Download", icon=":material/download:", on_click=_download, type=_kind(info is not None)
            )
    failures.show_stored(keys.DOWNLOAD_ERROR)
    if info is not None:
        inspect_panel.draw(info)


def _choices(info: dict[str, Any] | None) -> None:
    configs = [config["name"] for config in info["configs"]] if info else []
    splits = inspect_panel.split_names(info) if info else []
    config, split, limit, revision = st.columns(4)
    config.selectbox(
        "Config",
        configs,
        index=None,
        key=keys.CONFIG,
        accept_new_options=True,
        placeholder="Default",
        help="A subset of the dataset, if the repository has several.",
    )
    split.multiselect(
        "Splits",
        splits,
        key=keys.SPLITS,
        accept_new_options=True,
        placeholder="All",
        help="Leave empty for all splits.",
    )
    limit.number_input(
        "Max samples",
        min_value=1,
        value=None,
        step=1000,
        key=keys.MAX_SAMPLES,
        placeholder="No limit",
        help="Per split. The download stops as soon as it has them.",
    )
    revision.text_input(
        "Revision",
        key=keys.REVISION,
        placeholder="main",
        help="A branch, tag or commit. The download is pinned to its commit.",
    )
    import_fields.draw_text_fields(keys.TEXT_COLUMNS, keys.INVALID_UTF8)


def _kind(primary: bool) -> Literal["primary", "secondary"]:
    return "primary" if primary else "secondary"


def _inspect() -> None:
    st.session_state[keys.ADD_OPEN] = True
    _forget_choices_of_another()
    st.session_state[keys.INSPECTED] = None
    with failures.storing(keys.DOWNLOAD_ERROR):
        asked = _asked()
        info = open_library().inspect(
            asked["repo"], revision=asked["revision"], config=asked["config"], hf_token=asked["hf_token"]
        )
        _prefill(info)
        # Plain values: the session outlives a hot reload, our classes do not.
        st.session_state[keys.INSPECTED] = as_json(info)
        st.session_state[keys.LOOKED] = _chosen()


def _chosen() -> dict[str, Any]:
    return {key: st.session_state[key] for key in (keys.REPO, *_OF_ONE_REPOSITORY)}


def _forget_choices_of_another() -> None:
    """Reset the choices for the repository inspected last if another one is in the field now."""
    looked = st.session_state.get(keys.LOOKED)
    if looked is None or looked[keys.REPO] == st.session_state[keys.REPO]:
        return
    st.session_state[keys.INSPECTED] = st.session_state[keys.LOOKED] = None
    for key in _OF_ONE_REPOSITORY:
        if st.session_state[key] == looked[key]:  # else it was chosen since, for this one
            st.session_state[key] = _EMPTY[key]


def _prefill(info: RepoInfo) -> None:
    st.session_state[keys.REPO] = info.repo_id
    if not st.session_state.get(keys.CONFIG):
        default = [config.name for config in info.configs if config.default or len(info.configs) == 1]
        st.session_state[keys.CONFIG] = default[0] if default else None


def _download() -> None:
    st.session_state[keys.ADD_OPEN] = True
    _forget_choices_of_another()
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
        st.session_state[keys.INSPECTED] = None
        st.session_state.update(_EMPTY)
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

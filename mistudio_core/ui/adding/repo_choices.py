"""What of a repository is downloaded: config, splits, how many samples, which revision; with what that comes to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import streamlit as st

from mistudio_core.ui.app import keys
from mistudio_core.ui.app.escape import one_line
from mistudio_core.ui.widgets import formats


class Chosen(NamedTuple):
    """What is chosen of a repository: bytes to download, and samples; None where the Hub does not say."""

    num_bytes: int | None
    num_samples: int | None
    about: bool
    """Whether the bytes are an estimate, by the share of the samples."""


def draw(info: Mapping[str, Any] | None, *, on_config: Callable[[], None]) -> None:
    """Draw the choices; `info` is the `RepoInfo` as JSON, without which names are typed.

    `on_config` is called when another config of a repository is chosen, of which other facts are true.
    """
    state = st.session_state
    config, split, limit, revision = st.columns(4)
    configs = [one["name"] for one in info["configs"]] if info else []
    known = state.get(keys.CONFIG) in configs
    state[keys.CONFIG] = state.get(keys.CONFIG)
    config.selectbox(
        "Config",
        configs,
        key=keys.CONFIG,
        index=None,
        accept_new_options=not known,
        format_func=lambda name: one_line(name, 80),
        placeholder="Default",
        on_change=on_config if info else None,
        help="A subset of the dataset, if the repository has several.",
    )
    splits = {one["name"]: one for one in _config(info)["splits"]} if info else {}
    typed = [name for name in state.get(keys.SPLITS) or () if name not in splits]
    state[keys.SPLITS] = state.get(keys.SPLITS) or []
    split.multiselect(
        "Splits",
        [*splits, *typed],
        key=keys.SPLITS,
        accept_new_options=not splits or bool(typed),
        format_func=lambda name: _split_label(name, splits.get(name)),
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


def default_config(info: Mapping[str, Any]) -> str | None:
    """Return the config that is taken where none is chosen; None where one has to be."""
    configs = info["configs"]
    return next((one["name"] for one in configs if one["default"] or len(configs) == 1), None)


def chosen(info: Mapping[str, Any]) -> Chosen:
    """Return what is chosen in the form, of a repository that was looked at."""
    state = st.session_state
    names = state.get(keys.SPLITS)
    splits = [one for one in _config(info)["splits"] if not names or one["name"] in names]
    limit = state.get(keys.MAX_SAMPLES)
    num_bytes = None if any(one["num_bytes"] is None for one in splits) else sum(_part(one, limit) for one in splits)
    counts = [one["num_samples"] for one in splits]
    num_samples = None if None in counts else sum(count if limit is None else min(count, limit) for count in counts)
    return Chosen(num_bytes, num_samples, about=limit is not None)


def _part(split: Mapping[str, Any], limit: int | None) -> int:
    if limit is None or not split["num_samples"]:
        return int(split["num_bytes"])
    return int(split["num_bytes"] * min(1.0, limit / split["num_samples"]))


def _config(info: Mapping[str, Any]) -> Mapping[str, Any]:
    name = st.session_state.get(keys.CONFIG) or default_config(info)
    return next((one for one in info["configs"] if one["name"] == name), info["configs"][0])


def _split_label(name: str, split: Mapping[str, Any] | None) -> str:
    if split is None:
        return one_line(name, 80)
    parts = [one_line(name, 80)]
    if split["num_samples"] is not None:
        parts.append(formats.counted(split["num_samples"], "sample"))
    if split["num_bytes"] is not None:
        parts.append(formats.size(split["num_bytes"]))
    return " · ".join(parts)

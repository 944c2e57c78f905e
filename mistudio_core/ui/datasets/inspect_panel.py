"""What the Hub says of a repository before anything is downloaded."""

from __future__ import annotations

from typing import Any, Final

import streamlit as st

from mistudio_core.records import parse_time
from mistudio_core.ui.app.escape import one_line, plain
from mistudio_core.ui.widgets import formats

_MAX_ROWS: Final = 500  # of a table; a repository may have thousands of configs
_TABLE_HEIGHT: Final = 260


def draw(info: dict[str, Any]) -> None:
    """Draw an inspected repository; `info` is a `RepoInfo` as JSON."""
    with st.container(border=True, key="look"):
        _head(info)
        if info.get("refusal"):
            st.warning(
                f"{plain(info['refusal']['message'], 500)} {plain(info['refusal']['hint'], 500)}",
                icon=":material/lock:",
            )
        _disk(info)
        splits, columns = st.columns(2)
        with splits:
            _splits(info)
        with columns:
            _columns(info)


def split_names(info: dict[str, Any]) -> list[str]:
    """Return the names of the splits of all configs, each once, in the Hub's order."""
    names = [split["name"] for config in info["configs"] for split in config["splits"]]
    return list(dict.fromkeys(names))


def _head(info: dict[str, Any]) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{plain(info['repo_id'])}**", width="content")
        if info["private"]:
            st.badge("Private", icon=":material/lock:", color="violet")
        if info["gated"]:
            st.badge(
                "Gated",
                icon=":material/lock_open:",
                color="violet",
                help="Requires an access token of an account that has accepted its terms on the Hub.",
            )
        st.badge(f"Licence: {plain(info['licence'] or 'not stated', 60)}", icon=":material/gavel:", color="gray")
    changed = info["last_modified"] and parse_time(info["last_modified"])
    parts = [f"commit {plain(info['revision'][:10])}", f"updated {formats.exact_time(changed)}" if changed else ""]
    if info["downloads"] is not None:
        parts.append(formats.counted(info["downloads"], "download"))
    if info["likes"] is not None:
        parts.append(formats.counted(info["likes"], "like"))
    st.caption(" · ".join(part for part in parts if part))


def _disk(info: dict[str, Any]) -> None:
    needed, free = info["download_bytes"], info["free_bytes"]
    download, room = st.columns(2)
    download.metric("Download size", formats.size(needed), help=formats.exact_size(needed))
    room.metric("Free disk space", formats.size(free), help=formats.exact_size(free))
    if needed is not None and needed > free:
        st.warning(
            "There may not be enough disk space. Choose fewer splits or limit the samples.",
            icon=":material/hard_drive:",
        )


def _splits(info: dict[str, Any]) -> None:
    rows = [
        {
            "Config": one_line(config["name"]) + (" (default)" if config["default"] else ""),
            "Split": one_line(split["name"]),
            "Samples": formats.exact(split["num_samples"]),
            "Size": formats.size(split["num_bytes"]),
        }
        for config in info["configs"]
        for split in config["splits"]
    ]
    _table("Configs and splits", rows, info["origins"].get("configs"))


def _columns(info: dict[str, Any]) -> None:
    rows = [{"Column": one_line(name), "Type": one_line(kind)} for name, kind in (info["columns"] or {}).items()]
    _table("Columns", rows, info["origins"].get("columns"))


def _table(title: str, rows: list[dict[str, str]], origin: str | None) -> None:
    st.markdown(f"**{title}** ({formats.exact(len(rows))})", help=f"Source: {plain(origin)}" if origin else None)
    if not rows:
        st.caption("The Hub does not list them; they are known after the download.")
        return
    st.dataframe(
        rows[:_MAX_ROWS],
        hide_index=True,
        lazy=False,
        height="content" if len(rows) <= 6 else _TABLE_HEIGHT,
        alt=f"{title} of the repository",
    )
    if len(rows) > _MAX_ROWS:
        st.caption(f"Showing the first {formats.exact(_MAX_ROWS)}.")

"""What the Hub says of a repository before anything is downloaded."""

from __future__ import annotations

from typing import Any, Final

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from mistudio_core.disk import RESULT_PER_BYTE
from mistudio_core.records import parse_time
from mistudio_core.ui.adding.repo_choices import Chosen
from mistudio_core.ui.app.escape import one_line, plain
from mistudio_core.ui.widgets import formats

_MAX_ROWS: Final = 500  # of a table; a repository may have thousands of configs
_TABLE_HEIGHT: Final = 260
_FIGURE_WIDTH: Final = 150


def draw(info: dict[str, Any], chosen: Chosen) -> DeltaGenerator:
    """Draw an inspected repository; `info` is a `RepoInfo` as JSON. Return the place for its first rows."""
    with st.container(border=True, key="look"):
        _head(info)
        if info["refusal"]:
            st.warning(
                f"{plain(info['refusal']['message'], 500)} {plain(info['refusal']['hint'], 500)}",
                icon=":material/lock:",
            )
            st.link_button("Ask for access on the Hub", info["url"], icon=":material/key:")
        _disk(info, chosen)
        rows = st.container()
        with st.expander("All configs, splits and columns", icon=":material/dataset:"):
            splits, columns = st.columns(2)
            with splits:
                _splits(info)
            with columns:
                _columns(info)
    return rows


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
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(" · ".join(part for part in parts if part), width="content")
        st.link_button("Page on the Hub", info["url"], icon=":material/open_in_new:", type="tertiary")


def _disk(info: dict[str, Any], chosen: Chosen) -> None:
    """Draw what the chosen part comes to: bytes to download, disk to keep them, and what there is."""
    fetched, free = chosen.num_bytes, info["free_bytes"]
    needed = None if fetched is None else int(RESULT_PER_BYTE * fetched)
    about = "about " if chosen.about else ""
    with st.grid(4, min_column_width=_FIGURE_WIDTH):
        if chosen.num_samples is not None:
            st.metric("Samples", formats.count(chosen.num_samples), help=formats.exact(chosen.num_samples))
        st.metric("Download size", about + formats.size(fetched), help=formats.exact_size(fetched))
        st.metric(
            "Disk needed",
            "unknown" if needed is None else f"about {formats.size(needed)}",
            help="Estimated: samples are kept as Parquet; plain text takes less, what a .gz holds may take more.",
        )
        st.metric("Free disk space", formats.size(free), help=formats.exact_size(free))
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

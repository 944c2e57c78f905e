"""What the Hub says of a repository before anything is downloaded."""

from __future__ import annotations

from typing import Any, Final

import streamlit as st

from mistudio_core.records import parse_time
from mistudio_core.ui.app.escape import one_line, plain
from mistudio_core.ui.widgets import formats

_MAX_ROWS: Final = 500  # of a table; a repository may have thousands of configs
_TABLE_HEIGHT: Final = 260


def draw(look: dict[str, Any]) -> None:
    """Draw a looked-at repository; `look` is a `RepoInfo` as JSON."""
    with st.container(border=True, key="look"):
        _head(look)
        if look.get("refusal"):
            st.warning(
                f"{plain(look['refusal']['message'], 500)} {plain(look['refusal']['hint'], 500)}",
                icon=":material/lock:",
            )
        _disk(look)
        splits, columns = st.columns(2)
        with splits:
            _splits(look)
        with columns:
            _columns(look)


def split_names(look: dict[str, Any]) -> list[str]:
    """Return the names of the splits of all configs, each once, in the Hub's order."""
    names = [split["name"] for config in look["configs"] for split in config["splits"]]
    return list(dict.fromkeys(names))


def _head(look: dict[str, Any]) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{plain(look['repo_id'])}**", width="content")
        if look["private"]:
            st.badge("Private", icon=":material/lock:", color="violet")
        if look["gated"]:
            st.badge(
                "Gated",
                icon=":material/lock_open:",
                color="violet",
                help="Needs an access token of somebody who accepted its terms on the Hub.",
            )
        st.badge(f"Licence: {plain(look['licence'] or 'not stated', 60)}", icon=":material/gavel:", color="gray")
    changed = look["last_modified"] and parse_time(look["last_modified"])
    parts = [f"commit {plain(look['revision'][:10])}", f"changed {formats.exact_time(changed)}" if changed else ""]
    if look["downloads"] is not None:
        parts.append(formats.counted(look["downloads"], "download"))
    if look["likes"] is not None:
        parts.append(formats.counted(look["likes"], "like"))
    st.caption(" · ".join(part for part in parts if part))


def _disk(look: dict[str, Any]) -> None:
    needed, free = look["download_bytes"], look["free_bytes"]
    download, room = st.columns(2)
    download.metric("To download", formats.size(needed), help=formats.exact_size(needed))
    room.metric("Free on this disk", formats.size(free), help=formats.exact_size(free))
    if needed is not None and needed > free:
        st.warning(
            "There may not be enough room on this disk. Choose fewer splits or set a maximum of samples.",
            icon=":material/hard_drive:",
        )


def _splits(look: dict[str, Any]) -> None:
    rows = [
        {
            "Config": one_line(config["name"]) + (" (default)" if config["default"] else ""),
            "Split": one_line(split["name"]),
            "Samples": formats.exact(split["num_samples"]),
            "Size": formats.size(split["num_bytes"]),
        }
        for config in look["configs"]
        for split in config["splits"]
    ]
    _table("Configs and splits", rows, look["origins"].get("configs"))


def _columns(look: dict[str, Any]) -> None:
    rows = [{"Column": one_line(name), "Type": one_line(kind)} for name, kind in (look["columns"] or {}).items()]
    _table("Columns", rows, look["origins"].get("columns"))


def _table(title: str, rows: list[dict[str, str]], origin: str | None) -> None:
    st.markdown(f"**{title}** ({formats.exact(len(rows))})", help=f"From {plain(origin)}" if origin else None)
    if not rows:
        st.caption("The Hub does not say; the download will find out.")
        return
    st.dataframe(
        rows[:_MAX_ROWS],
        hide_index=True,
        lazy=False,
        height="content" if len(rows) <= 6 else _TABLE_HEIGHT,
        alt=f"{title} of the repository",
    )
    if len(rows) > _MAX_ROWS:
        st.caption(f"The first {formats.exact(_MAX_ROWS)} are shown.")

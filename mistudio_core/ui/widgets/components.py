"""Elements of our own, for what Streamlit has none: their code and looks lie in files beside this one."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import streamlit as st

_UI: Final = Path(__file__).resolve().parents[1]
_SHARED: Final = "widgets/text_parts"


def registered(name: str, stem: str, *, html: str) -> Any:
    """Return the function that draws a component, built from `stem.js`, `stem.css` and what all of them share;

    `stem` is a path below `ui`, such as `samples/cards`.

    To be called once, when a module is imported. Data reaches a component as JSON, and its code puts text of
    others on the page as text nodes only.
    """
    return st.components.v2.component(name, html=html, css=_files(stem, "css"), js=_files(stem, "js"))


def _files(stem: str, kind: str) -> str:
    return "\n".join((_UI / f"{name}.{kind}").read_text("utf-8") for name in (_SHARED, stem))

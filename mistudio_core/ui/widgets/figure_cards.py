"""Figures in cards: a number for people, and the exact one on hover."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import streamlit as st

from mistudio_core.ui.widgets import formats

Color = Literal["green", "blue", "violet", "yellow"]


def count(label: str, number: float | None, *, color: Color | None = None, border: bool = True) -> None:
    """Draw a count, in a colour of the theme if one is given."""
    rounded = round(number, 1) if isinstance(number, float) else number
    _card(label, formats.count(rounded), formats.exact(rounded), color=color, border=border)


def size(label: str, num_bytes: float | None, *, border: bool = True) -> None:
    """Draw a number of bytes."""
    _card(label, formats.size(num_bytes), formats.exact_size(num_bytes), border=border)


def share(label: str, part: float | None, *, help_text: str | None = None) -> None:
    """Draw a share between 0 and 1 as a percentage."""
    st.metric(
        label,
        formats.percent(part),
        help=help_text,
        border=True,
        height="stretch",
    )


def ratio(label: str, value: float | None, *, help_text: str | None = None) -> None:
    """Draw a ratio to three digits."""
    st.metric(
        label, formats.UNKNOWN if value is None else f"{value:.3g}", help=help_text, border=True, height="stretch"
    )


def mean(label: str, summary: Mapping[str, Any]) -> None:
    """Draw the mean of a distribution, with its least and largest on hover."""
    bounds = f"{formats.exact(summary['min'])} to {formats.exact(summary['max'])}" if summary["count"] else None
    ratio(label, summary["mean"], help_text=bounds)


def later(*labels: str) -> None:
    """Draw cards of figures that a running job tells at its end."""
    for label in labels:
        st.metric(label, "–", help="Available once all sequences are written.", border=True, height="stretch")


def _card(label: str, shown: str, exactly: str, *, color: Color | None = None, border: bool) -> None:
    value = shown if color is None else f":{color}[{shown}]"
    st.metric(label, value, help=exactly if exactly != shown else None, border=border, height="stretch")

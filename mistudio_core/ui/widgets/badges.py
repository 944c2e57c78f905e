"""Status badges: one colour and one icon for each state, the same on every page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple

import streamlit as st

from mistudio_core.records import Access, Dataset, Job, Tokenization

Color = Literal["red", "yellow", "green", "blue", "violet", "gray"]


class Badge(NamedTuple):
    """What a badge says and how it looks."""

    label: str
    color: Color
    icon: str


DATASET: Final = {
    "downloading": Badge("Downloading", "blue", ":material/downloading:"),
    "processing": Badge("Processing", "yellow", ":material/autorenew:"),
    "ready": Badge("Ready", "green", ":material/check_circle:"),
    "error": Badge("Error", "red", ":material/error:"),
}
TOKENIZATION: Final = {
    "queued": Badge("Queued", "blue", ":material/schedule:"),
    "processing": Badge("Processing", "yellow", ":material/autorenew:"),
    "ready": Badge("Ready", "green", ":material/check_circle:"),
    "error": Badge("Error", "red", ":material/error:"),
}
JOB: Final = {
    "queued": Badge("Queued", "blue", ":material/schedule:"),
    "running": Badge("Running", "yellow", ":material/autorenew:"),
    "succeeded": Badge("Succeeded", "green", ":material/check_circle:"),
    "failed": Badge("Failed", "red", ":material/error:"),
    "cancelled": Badge("Cancelled", "gray", ":material/block:"),
}
CANCELLED: Final = Badge("Cancelled", "gray", ":material/block:")
_ACCESS: Final[Mapping[Access, Badge]] = {
    "gated": Badge("Gated", "violet", ":material/lock_open:"),
    "private": Badge("Private", "violet", ":material/lock:"),
}


def of_dataset(dataset: Dataset) -> Badge:
    """Return the badge of a dataset; one that was cancelled says so instead of looking broken."""
    if dataset.status == "error" and dataset.error is not None and dataset.error.code == "cancelled":
        return CANCELLED
    return DATASET[dataset.status]


def of_tokenization(tokenization: Tokenization) -> Badge:
    """Return the badge of a tokenization."""
    if tokenization.status == "error" and tokenization.error is not None and tokenization.error.code == "cancelled":
        return CANCELLED
    return TOKENIZATION[tokenization.status]


def of_making(job: Job) -> Badge:
    """Return the badge of a tokenization that an active job makes."""
    return TOKENIZATION["queued" if job.status == "queued" else "processing"]


def of_job(job: Job) -> Badge:
    """Return the badge of a job."""
    return JOB[job.status]


def draw(badge: Badge) -> None:
    """Draw a badge."""
    st.badge(badge.label, icon=badge.icon, color=badge.color)


def draw_access(access: Access) -> None:
    """Draw a badge for data that not everybody may read; nothing for public data."""
    if access in _ACCESS:
        draw(_ACCESS[access])

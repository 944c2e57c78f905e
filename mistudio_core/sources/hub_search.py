"""Finding datasets on the Hub by a part of their id, as somebody types it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from mistudio_core.errors import StudioError, invalid
from mistudio_core.records import Record
from mistudio_core.sources import failures
from mistudio_core.sources.client import Hub
from mistudio_core.sources.repo_ids import clean_hf_token, parse_repo_id

SEARCH_SECONDS: Final = 5.0
"""People type on meanwhile; a later answer would be to a question that nobody asks any more."""
_MOST_FOUND: Final = 100
"""One page of the Hub's answer."""
_MOST_CHARS: Final = 100
"""No id is longer."""


@dataclass(frozen=True, slots=True)
class HubDataset(Record):
    """A dataset repository that the Hub found; `size_bytes` is that of its files, None where the Hub does not say."""

    repo_id: str
    downloads: int | None
    likes: int | None
    size_bytes: int | None
    gated: bool
    private: bool


def search(text: str, *, limit: int, hf_token: str | None = None) -> list[HubDataset]:
    """Return datasets whose id holds `text`, most downloaded first, within 5 seconds; none for an empty text.

    An address of the Hub counts as the id in it. Raises `hub_unreachable`, `rate_limited` or `token_rejected`.
    """
    if not 1 <= limit <= _MOST_FOUND:
        raise invalid(f"limit is {limit}.", f"Choose from 1 to {_MOST_FOUND}.")
    words = _words(text)
    if not words:
        return []
    hub = Hub(clean_hf_token(hf_token), attempts=1, deadline=time.monotonic() + SEARCH_SECONDS)
    try:
        return [found for row in hub.search(words, limit) if (found := _found(row)) is not None]
    except Exception as error:
        raise failures.hub_failure(error, words, hf_token_given=hub.hf_token is not None) from error


def _words(text: str) -> str:
    """Return what to search for: the id of an address or of what is an id already, else the text as it is."""
    try:
        return parse_repo_id(text)[0]
    except StudioError:
        return " ".join(text.split())[:_MOST_CHARS]


def _found(row: Any) -> HubDataset | None:
    """Return a row of the answer, None for one that is not as the Hub answers or that nobody can read any more."""
    if not isinstance(row, Mapping) or not isinstance(row.get("id"), str) or row.get("disabled"):
        return None
    return HubDataset(
        repo_id=row["id"],
        downloads=_count(row.get("downloads")),
        likes=_count(row.get("likes")),
        size_bytes=_count(row.get("mainSize")) or _count(row.get("usedStorage")),
        gated=bool(row.get("gated")),
        private=bool(row.get("private")),
    )


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None

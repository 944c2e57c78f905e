"""Where the Hub is, and which addresses are its own."""

from __future__ import annotations

import os
from typing import Final
from urllib.parse import urlsplit

ENDPOINT: Final = "https://huggingface.co"


def endpoint() -> str:
    """Return the address of the Hub, from HF_ENDPOINT if that is set, without a slash at its end."""
    return os.environ.get("HF_ENDPOINT", "").strip().rstrip("/") or ENDPOINT


def is_hub(url: str) -> bool:
    """Tell whether an address lies on the Hub itself and not on the storage that it redirects to."""
    return _origin(url) == _origin(endpoint())


def _origin(url: str) -> tuple[str, str, int]:
    parsed = urlsplit(url)
    return (
        parsed.scheme,
        (parsed.hostname or "").lower(),
        parsed.port or {"http": 80, "https": 443}.get(parsed.scheme, 0),
    )

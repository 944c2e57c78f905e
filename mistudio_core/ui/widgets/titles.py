"""Short names that tell things apart."""

from __future__ import annotations

from mistudio_core.ui.app.escape import one_line

_TITLE_CHARS = 60


def tokenizer(name: str) -> str:
    """Return a tokenizer's name for a title: of a path on the machine the last part, of a Hub id all of it."""
    is_path = name.startswith(("/", "./", "../", "~"))
    return one_line(name.rstrip("/").rsplit("/", 1)[-1] if is_path else name, _TITLE_CHARS)

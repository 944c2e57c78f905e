"""Which access token a request to the Hub uses."""

from __future__ import annotations

from mistudio_core.settings import Settings
from mistudio_core.sources.repo_ids import clean_hf_token


def choose_hf_token(settings: Settings, given: str | None) -> str | None:
    """Return the token to use: the one given, else `HF_TOKEN`, else one saved by `hf auth login`.

    In a shared library only the one given: the machine's own login is not the visitors'.
    """
    if given is not None and given.strip():
        return clean_hf_token(given)
    if settings.shared:
        return None
    from huggingface_hub import get_token

    saved = get_token()
    return clean_hf_token(saved) if saved else None

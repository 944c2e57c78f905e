"""Tokenizers: those that the library keeps, and loading more of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mistudio_core.library.access import choose_hf_token
from mistudio_core.library.context import Context
from mistudio_core.library.start import start
from mistudio_core.library.stored_tokenizers import all_tokenizers, find_tokenizer, full_name
from mistudio_core.records import Job

if TYPE_CHECKING:
    from mistudio_core.tokenization.tokenizer.stored import StoredTokenizer


class Tokenizers:
    """The tokenizers of a library."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def __call__(self) -> list[StoredTokenizer]:
        """Return the tokenizers that the library keeps, by name."""
        return all_tokenizers(self._context)

    def get(self, name: str, *, revision: str | None = None, source: str = "auto") -> StoredTokenizer:
        """Return a tokenizer by the name it was loaded by; raise `tokenizer_not_found` where it has not been yet.

        `source` is the recipe's `tokenizer_source`.
        """
        return find_tokenizer(self._context, name, revision=revision, source=source)

    def load(self, name: str, *, revision: str | None = None, hf_token: str | None = None, source: str = "auto") -> Job:
        """Start to load a tokenizer from the Hub, a path or the built-in example into the library.

        `source` is the recipe's `tokenizer_source`: `file`, `transformers` or `auto`.
        """
        from mistudio_core.tokenization.recipes.values import checked_value

        self._context.actor.must("start")
        name = full_name(self._context, name)
        arguments = {"name": name, "revision": revision, "source": checked_value("tokenizer_source", source)}
        self._context.actor.must_need_no_token(hf_token)
        on_hub = name != "sample" and not name.startswith("/")
        secret = choose_hf_token(self._context.settings, hf_token) if on_hub else None
        return start(self._context, "tokenizer", None, arguments, secret=secret)

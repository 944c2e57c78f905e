"""Tokenizers: those that the library keeps, and loading more of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from mistudio_core.errors import check_text, invalid
from mistudio_core.library.access import choose_hf_token
from mistudio_core.library.context import Context
from mistudio_core.library.looks import OF_A_PREVIEW, ask
from mistudio_core.library.records_view import look
from mistudio_core.library.start import start
from mistudio_core.library.stored_statistics import stored_manifest
from mistudio_core.library.stored_tokenizers import all_tokenizers, find_tokenizer, full_name, tokenizer_of
from mistudio_core.records import Job

if TYPE_CHECKING:
    from mistudio_core.tokenization.previews.cuts import TextCuts
    from mistudio_core.tokenization.tokenizer.stored import StoredTokenizer

_TOKENIZATION: Final = "tok_"


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

    def compare(self, names: Sequence[str], text: str) -> TextCuts:
        """Return one text in the tokens of two to four tokenizers, and the pieces of it in which they differ.

        A name is that of a tokenizer, or the id of a tokenization for the one that made it. No special tokens are
        added. Raises `tokenizer_not_found` for one that has to be loaded first, `too_large`.
        """
        from mistudio_core.statistics.compare import FEWEST, MOST
        from mistudio_core.tokenization.previews.answers import PreviewToken, check_length
        from mistudio_core.tokenization.previews.cuts import TextCuts, pieces_of

        if not FEWEST <= len(names) <= MOST:
            raise invalid(f"{len(names)} tokenizers cannot be compared.", f"Choose {FEWEST} to {MOST} of them.")
        check_text("text", text)
        check_length(text)
        found = []
        for tokenizer in [self._named(name) for name in names]:
            columns = ask(tokenizer, "cut", OF_A_PREVIEW, text=text)
            found.append(tuple(PreviewToken(*token) for token in zip(*columns, strict=True)))
        return TextCuts(text, tuple(names), tuple(found), pieces_of(text, found))

    def _named(self, name: str) -> StoredTokenizer:
        if not name.startswith(_TOKENIZATION):
            return find_tokenizer(self._context, name)
        record = look(self._context).ready_tokenization(name)
        return tokenizer_of(self._context, record.id, stored_manifest(record))

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

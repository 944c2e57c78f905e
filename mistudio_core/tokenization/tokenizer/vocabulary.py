"""What a tokenizer says of ids and of short texts, for whoever shows sequences; it holds the tokenizer in memory."""

from __future__ import annotations

from collections.abc import Sequence

from mistudio_core.tokenization.tokenizer.stored import StoredTokenizer
from mistudio_core.tokenization.tokenizer.token_text import TokenTexts, shown_bytes


class TokenizerVocabulary:
    """The vocabulary of one stored tokenizer."""

    def __init__(self, tokenizer: StoredTokenizer) -> None:
        """Load the tokenizer, and the text of each of its tokens."""
        self.special = frozenset(tokenizer.control.values())
        self._vocab_size = tokenizer.vocab_size
        self._texts = TokenTexts(tokenizer)
        self._tokenizer = tokenizer.load()

    def encode(self, text: str) -> list[int]:
        """Return the ids of a text as in the middle of a document."""
        return list(self._tokenizer.encode(text, add_special_tokens=False).ids)

    def shown(self, ids: Sequence[int]) -> list[str]:
        """Return the text of each token."""
        return [self._texts.shown(ident) for ident in ids]

    def joined(self, runs: Sequence[Sequence[int]]) -> list[str]:
        """Return the text of each run of tokens, in which parts of a character come together."""
        return [shown_bytes(b"".join(map(self._texts.bytes_of, ids))) for ids in runs]

    def strings(self) -> list[str]:
        """Return the text of every id."""
        return self.shown(range(self._vocab_size))

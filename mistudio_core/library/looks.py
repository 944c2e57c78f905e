"""Questions about tokenizers: asked of a look worker, since no tokenizer and no template runs in this process."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from mistudio_core.jobs.look_pool import pool
from mistudio_core.jobs.look_protocol import Limits

if TYPE_CHECKING:
    from mistudio_core.tokenization.tokenizer.stored import StoredTokenizer

OF_A_TEXT: Final = Limits()
OF_A_PREVIEW: Final = Limits(num_bytes=16 << 20)
"""The longest text that is previewed, with a token for each of its bytes."""
OF_DATA: Final = Limits(seconds=60.0)
"""Reading and encoding a part of a dataset takes a second or two, and more where texts are long."""
OF_A_VOCABULARY: Final = Limits(seconds=30.0, num_bytes=64 << 20)
"""The texts of hundreds of thousands of ids."""
OF_A_CHECK: Final = Limits(seconds=600.0)
"""Some presets pack shards once more to find the samples of a sequence."""


def ask(tokenizer: StoredTokenizer, question: str, limits: Limits | None = None, **arguments: Any) -> Any:
    """Ask about a tokenizer that the library keeps; see `work/looks/questions.py` for questions and answers.

    The limits are by default those of a text. Raises the error of the answer, `too_large` or `worker_died`.
    """
    named = {"tokenizer": reference(tokenizer)}
    return pool.ask(question, named | arguments, _subject(tokenizer), limits or OF_A_TEXT)


def ask_about_both(tokenizers: Sequence[StoredTokenizer], question: str, limits: Limits, **arguments: Any) -> Any:
    """Ask about two tokenizers."""
    both = [reference(tokenizer) for tokenizer in tokenizers]
    return pool.ask(question, {"tokenizers": both} | arguments, _subject(tokenizers[0]), limits)


def reference(tokenizer: StoredTokenizer) -> dict[str, Any]:
    """Return by which a worker opens the same tokenizer."""
    return {
        "folder": str(tokenizer.folder),
        "name": tokenizer.name,
        "revision": tokenizer.revision,
        "source": tokenizer.source,
        "notes": list(tokenizer.notes),
    }


class AskedVocabulary:
    """The vocabulary of a tokenizer, asked for."""

    def __init__(self, tokenizer: StoredTokenizer) -> None:
        self._tokenizer = tokenizer
        self.special = frozenset(tokenizer.control.values())

    def encode(self, text: str) -> list[int]:
        """Return the ids of a text as in the middle of a document."""
        return list(ask(self._tokenizer, "encode", text=text))

    def shown(self, ids: Sequence[int]) -> list[str]:
        """Return the text of each token."""
        return list(ask(self._tokenizer, "shown", OF_A_VOCABULARY, ids=list(ids)))

    def joined(self, runs: Sequence[Sequence[int]]) -> list[str]:
        """Return the text of each run of tokens."""
        return list(ask(self._tokenizer, "joined", OF_A_VOCABULARY, runs=[list(run) for run in runs]))

    def strings(self) -> list[str]:
        """Return the text of every id."""
        return list(ask(self._tokenizer, "strings", OF_A_VOCABULARY))


def _subject(tokenizer: StoredTokenizer) -> str:
    return f"The tokenizer {tokenizer.name!r:.120}"

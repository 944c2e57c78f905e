"""Tokenizers that a look worker has in memory: opening one takes up to a second, answering a millisecond."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from mistudio_core.tokenization.previews.preview import Previewer
from mistudio_core.tokenization.tokenizer.stored import StoredTokenizer, open_tokenizer
from mistudio_core.tokenization.tokenizer.vocabulary import TokenizerVocabulary

_KEPT: Final = 2
"""A large one takes 200 MB."""


def tokenizer_of(named: dict[str, Any]) -> StoredTokenizer:
    """Return the tokenizer that a question names as `StoredTokenizer.reference` does."""
    return open_tokenizer(
        Path(named["folder"]),
        name=named["name"],
        revision=named["revision"],
        source=named["source"],
        notes=named["notes"],
    )


def previewer(tokenizer: StoredTokenizer) -> Previewer:
    """Return what previews texts with a tokenizer."""
    kept = _previewer(tokenizer.folder, _stamp(tokenizer))
    kept.tokenizer = tokenizer  # one content may go by many names
    return kept


def vocabulary(tokenizer: StoredTokenizer) -> TokenizerVocabulary:
    """Return the vocabulary of a tokenizer."""
    return _vocabulary(tokenizer.folder, _stamp(tokenizer))


def _stamp(tokenizer: StoredTokenizer) -> tuple[int, int]:
    """Return what changes with the file, so that a damaged one is noticed."""
    facts = tokenizer.json_path.stat()
    return facts.st_mtime_ns, facts.st_size


@lru_cache(_KEPT)
def _previewer(folder: Path, stamp: tuple[int, int]) -> Previewer:  # noqa: ARG001 - part of the key
    return Previewer(open_tokenizer(folder))


@lru_cache(_KEPT)
def _vocabulary(folder: Path, stamp: tuple[int, int]) -> TokenizerVocabulary:  # noqa: ARG001
    return TokenizerVocabulary(open_tokenizer(folder))

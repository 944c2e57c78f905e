"""The fast engines there are, and for which tokenizers each may be used: an engine is a file and an entry here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from mistudio_core.tokenization.engines.added_tokens import any_added
from mistudio_core.tokenization.engines.encoded import Engine
from mistudio_core.tokenization.engines.fast import FastEngine, fast_version
from mistudio_core.tokenization.engines.fast_features import fast_odd_kinds
from mistudio_core.tokenization.engines.odd_texts import OddKind
from mistudio_core.tokenization.engines.word_by_word import WordByWordEngine, word_by_word_version
from mistudio_core.tokenization.engines.wordpiece import WordPieceEngine, wordpiece_version
from mistudio_core.tokenization.engines.wordpiece_features import wordpiece_odd_kinds
from mistudio_core.tokenization.tokenizer.stored import StoredTokenizer


class MakeEngine(Protocol):
    """Makes an engine for one thread; raises `FastEngineError` where the tokenizer does not allow it."""

    def __call__(self, tokenizer: StoredTokenizer, *, control_as_text: bool = False) -> Engine:
        """Load an own copy of the tokenizer."""
        ...


@dataclass(frozen=True, slots=True)
class FastKind:
    """A fast engine: its name and version, what it is shown to do as the reference does, and how it is made."""

    version: Callable[[], str]
    odd_kinds: Callable[[Mapping[str, Any], str, str, bool], list[OddKind]]
    """Returns which texts must go to the reference, by a `tokenizer.json`, the versions of the engine and of the
    reference, and whether control tokens are plain text; raises `FeatureError` where it is not shown to be right."""
    make: MakeEngine


def _bpe(facts: Mapping[str, Any], fast: str, reference: str, control_as_text: bool) -> list[OddKind]:
    return fast_odd_kinds(facts, fast, reference, control_as_text=control_as_text)


def _wordpiece(facts: Mapping[str, Any], fast: str, reference: str, _: bool) -> list[OddKind]:
    return wordpiece_odd_kinds(facts, fast, reference)


def _word_by_word(facts: Mapping[str, Any], *_: object) -> list[OddKind]:
    return any_added(facts["added_tokens"], normalizes=facts["normalizer"] is not None)


_BPE: Final = FastKind(fast_version, _bpe, FastEngine)
_WORDPIECE: Final = FastKind(wordpiece_version, _wordpiece, WordPieceEngine)
_WORD_BY_WORD: Final = FastKind(word_by_word_version, _word_by_word, WordByWordEngine)


def fast_kind(facts: Mapping[str, Any]) -> FastKind:
    """Return the engine for the kind of model of a `tokenizer.json`."""
    return {"WordPiece": _WORDPIECE, "Unigram": _WORD_BY_WORD}.get(facts["model"].get("type"), _BPE)

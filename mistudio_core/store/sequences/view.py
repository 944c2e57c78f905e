"""Sequences and hits as people read them: each token with its text, what is special, and the samples it comes from."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from mistudio_core.errors import StudioError, invalid
from mistudio_core.records import Record
from mistudio_core.store.sequences.reader import TokenSequences
from mistudio_core.store.sequences.search import SequenceSources, TokenFindings
from mistudio_core.tokenization.output.shard_sequences import Source
from mistudio_core.tokenization.tokenizer.stored import StoredTokenizer, open_tokenizer
from mistudio_core.tokenization.tokenizer.token_text import TokenTexts, shown_bytes

CONTEXT: Final = 10
"""Tokens shown on either side of a hit."""
_SAMPLES_S: Final = 1.0
"""How long a page waits for the samples of its hits: for some presets the shard of a sequence is packed once more."""
_SHA256: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class TokenPiece(Record):
    r"""One token: incomplete characters are written as `\xE6` in its text; `special` is a control token."""

    id: int
    text: str
    special: bool


@dataclass(frozen=True, slots=True)
class TokenSequence(Record):
    """A sequence: `parts` tell which of its tokens come from which sample, and where in its own tokens they are."""

    sequence: int
    split: str
    tokens: tuple[TokenPiece, ...]
    parts: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class TokenHit(Record):
    """A hit, `position` tokens into its sequence, with the texts beside it in the same sequence.

    `sample` is the one that the hit begins in, as its split and index; None for a token between two, and where looking
    up the samples of a full page would take too long.
    """

    sequence: int
    position: int
    left: str
    match: str
    right: str
    left_ids: tuple[int, ...]
    ids: tuple[int, ...]
    right_ids: tuple[int, ...]
    sample: tuple[str, int] | None


class TokenView:
    """The sequences of one tokenization with its tokenizer."""

    def __init__(self, tokenizers: Path, sequences: TokenSequences, sources: SequenceSources | None = None) -> None:
        """Take the library's folder of tokenizers; raise `not_found` when the tokenizer is not there any more."""
        digest = str(sequences.manifest["tokenizer_facts"]["sha256"])
        if not _SHA256.fullmatch(digest):
            raise StudioError("corrupt_data", "The manifest of this tokenization is damaged.", "Tokenize again.")
        self._sequences = sequences
        self._sources = sources or sequences.provenance
        self._tokenizer, self._texts = _opened(tokenizers / digest)
        self._special = set(self._tokenizer.control.values())

    def encode(self, text: str) -> list[int]:
        """Return the ids of a text as in the middle of a document; raise `invalid_request` when it has none."""
        ids = list(self._tokenizer.load().encode(text, add_special_tokens=False).ids)
        if not ids:
            raise invalid("text: it has no tokens.", "Give a text or ids.")
        return ids

    def pieces(self, ids: Sequence[int]) -> tuple[TokenPiece, ...]:
        """Return the tokens of some ids."""
        return tuple(TokenPiece(ident, self._texts.shown(ident), ident in self._special) for ident in ids)

    def sequence(self, number: int) -> TokenSequence:
        """Return a sequence token by token; raise `invalid_request` when there is no such sequence."""
        ids = self._sequences.sequence(number).tolist()
        return TokenSequence(number, self._sequences.place(number)[0], self.pieces(ids), self._sources.sources(number))

    def hits(self, findings: TokenFindings, length: int, context: int = CONTEXT) -> list[TokenHit]:
        """Return the places of a search for `length` tokens with `context` tokens on either side."""
        until = time.monotonic() + _SAMPLES_S
        parts: dict[int, tuple[Source, ...]] = {}
        found = []
        for sequence, position in findings.places:
            if sequence not in parts:
                parts[sequence] = self._sources.sources(sequence) if time.monotonic() < until else ()
            inside = (part for part in parts[sequence] if part.start <= position < part.end)
            sample = next(((part.split, part.sample) for part in inside), None)
            found.append(self._hit(sequence, position, length, context, sample))
        return found

    def _hit(self, sequence: int, position: int, length: int, context: int, sample: tuple[str, int] | None) -> TokenHit:
        ids = self._sequences.sequence(sequence).tolist()
        left = tuple(ids[max(0, position - context) : position])
        match = tuple(ids[position : position + length])
        right = tuple(ids[position + length : position + length + context])
        texts = self._text(left), self._text(match), self._text(right)
        return TokenHit(sequence, position, *texts, left, match, right, sample)

    def _text(self, ids: Sequence[int]) -> str:
        return shown_bytes(b"".join(map(self._texts.bytes_of, ids)))


@lru_cache(maxsize=2)
def _opened(folder: Path) -> tuple[StoredTokenizer, TokenTexts]:
    """Read a vocabulary once: that takes longer than a search."""
    tokenizer = open_tokenizer(folder)
    return tokenizer, TokenTexts(tokenizer)

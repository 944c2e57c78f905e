"""Sequences and hits as people read them: each token with its text, what is special, and the samples it comes from."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Protocol

from mistudio_core.errors import invalid
from mistudio_core.records import Record
from mistudio_core.store.sequences.neighbour_order import order_by
from mistudio_core.store.sequences.reader import TokenSequences
from mistudio_core.store.sequences.search import Order, SequenceSources, TokenFindings
from mistudio_core.tokenization.output.shard_sequences import Source
from mistudio_core.tokenization.packing.policy import Few

CONTEXT: Final = 10
"""Tokens shown on either side of a hit."""
_SAMPLES_S: Final = 1.0
"""How long a page waits for the samples of its hits: for some presets the shard of a sequence is packed once more."""


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


class Vocabulary(Protocol):
    """What a tokenizer says of ids and texts, wherever it runs; `special` are its control tokens."""

    special: frozenset[int]

    def encode(self, text: str) -> list[int]:
        """Return the ids of a text as in the middle of a document."""

    def shown(self, ids: Sequence[int]) -> list[str]:
        """Return the text of each token."""

    def joined(self, runs: Sequence[Sequence[int]]) -> list[str]:
        """Return the text of each run of tokens, in which parts of a character come together."""


class TokenView:
    """The sequences of one tokenization with the vocabulary of its tokenizer."""

    def __init__(
        self, vocabulary: Vocabulary, sequences: TokenSequences, sources: SequenceSources | None = None
    ) -> None:
        self._vocabulary = vocabulary
        self._sequences = sequences
        self._sources = sources or sequences.provenance

    def encode(self, text: str) -> list[int]:
        """Return the ids of a text as in the middle of a document; raise `invalid_request` when it has none."""
        ids = self._vocabulary.encode(text)
        if not ids:
            raise invalid("text: it has no tokens.", "Give a text or ids.")
        return ids

    def order(self, sort: str) -> Order | None:
        """Return the order of hits by what stands `before` or `after` them, None for `position`; see `order_by`."""
        return order_by(sort, self._vocabulary.shown)

    def pieces(self, ids: Sequence[int]) -> tuple[TokenPiece, ...]:
        """Return the tokens of some ids."""
        special = self._vocabulary.special
        texts = self._vocabulary.shown(ids)
        return tuple(TokenPiece(ident, text, ident in special) for ident, text in zip(ids, texts, strict=True))

    def sequence(self, number: int) -> TokenSequence:
        """Return a sequence token by token; raise `invalid_request` when there is no such sequence."""
        ids = self._sequences.sequence(number).tolist()
        return TokenSequence(number, self._sequences.place(number)[0], self.pieces(ids), self._sources.sources(number))

    def hits(self, findings: TokenFindings, length: int, context: int = CONTEXT) -> list[TokenHit]:
        """Return the places of a search for `length` tokens with `context` tokens on either side."""
        until = time.monotonic() + _SAMPLES_S
        parts: dict[int, tuple[Source, ...]] = {}
        samples: list[tuple[str, int] | None] = []
        runs: list[list[Few]] = [[], [], []]
        for sequence, position in findings.places:
            if sequence not in parts:
                parts[sequence] = self._sources.sources(sequence) if time.monotonic() < until else ()
            inside = (part for part in parts[sequence] if part.start <= position < part.end)
            samples.append(next(((part.split, part.sample) for part in inside), None))
            ids = self._sequences.sequence(sequence).tolist()
            places = max(0, position - context), position, position + length, position + length + context
            for side, (first, last) in zip(runs, pairwise(places), strict=True):
                side.append(tuple(ids[first:last]))
        texts = [self._vocabulary.joined(side) for side in runs]
        return [
            TokenHit(sequence, position, left, match, right, left_ids, ids, right_ids, sample)
            for (sequence, position), left, match, right, left_ids, ids, right_ids, sample in zip(
                findings.places, *texts, *runs, samples, strict=True
            )
        ]

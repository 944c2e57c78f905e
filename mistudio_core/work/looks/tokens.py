"""Questions about the tokens of finished tokenizations: their texts, where two tokenizers part, a check by encoding."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mistudio_core.raw import RawSplit, open_splits
from mistudio_core.statistics.compare import first_difference
from mistudio_core.tokenization.output.encoded_again import verify_sequences
from mistudio_core.tokenization.tokenizer.vocabulary import TokenizerVocabulary
from mistudio_core.work.looks.opened import tokenizer_of, vocabulary


def encode(arguments: Mapping[str, Any]) -> list[int]:
    """Return the ids of a text as in the middle of a document."""
    return _vocabulary(arguments).encode(arguments["text"])


def shown(arguments: Mapping[str, Any]) -> list[str]:
    """Return the text of each of some ids."""
    return _vocabulary(arguments).shown(arguments["ids"])


def joined(arguments: Mapping[str, Any]) -> list[str]:
    """Return the text of each of some runs of ids."""
    return _vocabulary(arguments).joined(arguments["runs"])


def strings(arguments: Mapping[str, Any]) -> list[str]:
    """Return the text of every id."""
    return _vocabulary(arguments).strings()


def parting(arguments: Mapping[str, Any]) -> list[int] | None:
    """Return the first sample that two tokenizers cut into other tokens, and how many agree before; None for none."""
    samples = open_splits(Path(arguments["dataset"]))[arguments["split"]]
    both = [vocabulary(tokenizer_of(named)) for named in arguments["tokenizers"]]
    pairs = zip(both, arguments["columns"], strict=True)
    one, other = (_token_texts(words, samples, column, arguments["samples"]) for words, column in pairs)
    found = first_difference(one, other)
    return None if found is None else [found.document, found.tokens]


def verified(arguments: Mapping[str, Any]) -> list[Any]:
    """Return how many sequences of a tokenization were encoded again, and what is wrong with them."""
    splits = open_splits(Path(arguments["dataset"]))
    return [*verify_sequences(Path(arguments["folder"]), splits, tokenizer_of(arguments["tokenizer"]))]


def _vocabulary(arguments: Mapping[str, Any]) -> TokenizerVocabulary:
    return vocabulary(tokenizer_of(arguments["tokenizer"]))


def _token_texts(words: TokenizerVocabulary, samples: RawSplit, column: str, most: int) -> Iterator[list[str]]:
    for table in samples.batches(0, most, [column]):
        for text in table.column(column):
            yield words.shown(words.encode(text.as_py() or ""))

"""Texts that are encoded word by word have the reference's ids, whatever was encoded before."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from tokenizers import Tokenizer, normalizers, pre_tokenizers

from mistudio_core.tokenization.engines import word_by_word
from mistudio_core.tokenization.engines.fast import FastEngineError
from mistudio_core.tokenization.engines.fast_kinds import fast_kind
from mistudio_core.tokenization.engines.hard_strings import hard_strings
from mistudio_core.tokenization.engines.odd_texts import OddTexts
from mistudio_core.tokenization.engines.reference import ReferenceEngine
from mistudio_core.tokenization.engines.routed import RoutedEngine
from mistudio_core.tokenization.engines.word_by_word import WordByWordEngine
from mistudio_core.tokenization.engines.word_places import WordPlaces
from mistudio_core.tokenization.tokenizer.stored import StoredTokenizer
from mistudio_core.tokenization.tokenizer.storing import store_tokenizer
from tests.support.hostile_texts import texts_of
from tests.support.tokenizer_families import family, text_of

ALBERT = [normalizers.NFKD(), normalizers.StripAccents(), normalizers.Lowercase()]
KINDS: dict[str, Callable[[Tokenizer], None]] = {
    "as it is": lambda tokenizer: None,
    "T5": lambda tokenizer: _steps(tokenizer, [], True),
    "ALBERT": lambda tokenizer: _steps(tokenizer, ALBERT, True),
    "marks only at the start": lambda tokenizer: _steps(tokenizer, [], False, scheme="first"),
    "no marks": lambda tokenizer: _steps(tokenizer, [normalizers.NFKC()], False, scheme="never"),
}


def _steps(tokenizer: Tokenizer, parts: list[Any], splits: bool, scheme: str = "always") -> None:
    if parts:
        tokenizer.normalizer = normalizers.Sequence(parts)
    mark = pre_tokenizers.Metaspace(prepend_scheme=scheme)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), mark]) if splits else mark


def _made(root: Path, kind: str) -> StoredTokenizer:
    tokenizer = Tokenizer.from_str(family(root, "unigram").json_path.read_text())
    KINDS[kind](tokenizer)
    return store_tokenizer(root, tokenizer.to_str(), {}, name="made", revision=None)


def _listed(tokenizer: StoredTokenizer) -> list[str]:
    random = Random(5)
    ordinary = [text_of(random, int(random.random() * 80)) for _ in range(300)]
    letters = [
        " ".join("".join(random.choices(script, k=random.randint(1, 6))) for _ in range(9)) for script in _SCRIPTS
    ]
    return [*ordinary, *letters, *hard_strings(tokenizer), *texts_of(2, ["</s>", "<pad>"], 300)]


_SCRIPTS = ("абвгд", "ΑΒΓΔ", "אבגד", "ابتث", "กขค", "日本語", "aé", "e\u0301")


@pytest.mark.parametrize("as_text", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_ids_are_those_of_the_reference(
    tmp_path: Path, kind: str, as_text: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokenizer = _made(tmp_path, kind)
    monkeypatch.setattr(word_by_word, "_MOST_NEW", 1.0)
    reference = ReferenceEngine(tokenizer, control_as_text=as_text)
    facts = json.loads(tokenizer.json_path.read_bytes())
    found = fast_kind(facts)
    odd = OddTexts(found.odd_kinds(facts, found.version(), reference.version, as_text))
    engine = RoutedEngine(found.make(tokenizer, control_as_text=as_text), reference, odd)
    assert isinstance(engine.fast, WordByWordEngine)
    texts = pa.array(_listed(tokenizer), pa.large_string())
    right = reference.encode(texts)
    for most in (1 << 19, 50):  # words are kept, and then forgotten again and again
        monkeypatch.setattr(word_by_word, "_MOST_WORDS", most)
        for size in (7, len(texts)):
            parts = [engine.encode(texts.slice(first, size)) for first in range(0, len(texts), size)]
            assert np.array_equal(np.concatenate([part.ids for part in parts]), right.ids)
            assert np.array_equal(np.concatenate([part.lengths for part in parts]), right.lengths)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list to which each text is added that the reference encodes."""
    texts: list[str] = []
    encode = ReferenceEngine.encode

    def recorded(self: ReferenceEngine, given: pa.LargeStringArray) -> Any:
        texts.extend(given.to_pylist())
        return encode(self, given)

    monkeypatch.setattr(ReferenceEngine, "encode", recorded)
    return texts


def test_words_are_asked_for_once(tmp_path: Path, asked: list[str]) -> None:
    tokenizer = _made(tmp_path, "T5")
    text = " ".join(["One fine day", *["the kitchen was warm"] * 50])
    for engine in (WordByWordEngine(tokenizer), WordByWordEngine(tokenizer)):
        engine.encode(pa.array([text, text], pa.large_string()))
    assert sorted(asked) == [" day", " fine", " kitchen", " the", " warm", " was", "One"]


def test_texts_without_repetition_are_encoded_whole(tmp_path: Path, asked: list[str]) -> None:
    WordByWordEngine(_made(tmp_path, "T5")).encode(pa.array(["every word here differs"], pa.large_string()))
    assert asked == ["every word here differs"]


def test_places_are_single_spaces_between_letters_within_a_text(tmp_path: Path) -> None:
    places = WordPlaces.of(_made(tmp_path, "T5").json_path)
    assert places is not None
    texts = pa.array(["ab cd", " ef  gh i jk", "é lm no", "аб вг", "xy", " z"], pa.large_string())
    _, offsets, data = texts.buffers()
    numbers = np.frombuffer(offsets, np.int64, len(texts) + 1)
    octets = np.frombuffer(data, np.uint8)
    found = places.find(octets, numbers)
    assert [bytes(octets[place : place + 3]).decode(errors="replace") for place in found.tolist()] == [
        " cd",
        " i ",
        " no",
        " в",
    ]


def test_a_tokenizer_without_safe_seams_is_refused(tmp_path: Path) -> None:
    tokenizer = Tokenizer.from_str(family(tmp_path, "unigram").json_path.read_text())
    tokenizer.pre_tokenizer = None
    stored = store_tokenizer(tmp_path, tokenizer.to_str(), {}, name="whole", revision=None)
    with pytest.raises(FastEngineError, match="no place between words"):
        WordByWordEngine(stored)

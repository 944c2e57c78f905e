"""The fast engine with its table gives the reference's ids, over tokenizers and texts made of their features."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from tokenizers import AddedToken, Regex, Tokenizer, normalizers, pre_tokenizers

from mistudio_core.tokenization.engines.fast import FastEngine, fast_version
from mistudio_core.tokenization.engines.fast_features import SPLITS, fast_odd_kinds
from mistudio_core.tokenization.engines.feature_shapes import FeatureError
from mistudio_core.tokenization.engines.hard_strings import hard_strings
from mistudio_core.tokenization.engines.odd_texts import OddTexts
from mistudio_core.tokenization.engines.reference import ReferenceEngine
from mistudio_core.tokenization.engines.routed import RoutedEngine
from mistudio_core.tokenization.tokenizer.stored import StoredTokenizer
from mistudio_core.tokenization.tokenizer.storing import store_tokenizer
from tests.golden import corpus
from tests.support.hostile_texts import texts_of
from tests.support.tokenizer_families import family

_NAMES = ("single_word", "lstrip", "rstrip", "normalized")
FLAGS = [dict(zip(_NAMES, flags, strict=True)) for flags in product([False, True], repeat=4)]


def _assert_equal(stored: StoredTokenizer, *, control_as_text: bool, count: int = 600, seed: int = 1) -> int:
    """Compare both engines; return how many texts went to the reference."""
    facts = json.loads(stored.json_path.read_bytes())
    kinds = fast_odd_kinds(facts, fast_version(), ReferenceEngine.version, control_as_text=control_as_text)
    reference = ReferenceEngine(stored, control_as_text=control_as_text)
    routed = RoutedEngine(FastEngine(stored, control_as_text=control_as_text), reference, OddTexts(kinds))
    added = [token["content"] for token in facts["added_tokens"]]
    listed = [*hard_strings(stored), *texts_of(seed, added, count)]
    texts = pa.array(listed, pa.large_string())
    ours, right = routed.encode(texts), reference.encode(texts)
    for place, text in enumerate(listed):
        found = ours.ids[ours.offsets[place] : ours.offsets[place + 1]]
        expected = right.ids[right.offsets[place] : right.offsets[place + 1]]
        assert np.array_equal(found, expected), (text, found.tolist(), expected.tolist(), kinds)
    return sum(int(mask.sum()) for mask in routed.odd.find(texts).values())


def _byte_level(words: str, *, nfc: bool, prefix: bool = False, ignore_merges: bool = False) -> Tokenizer:
    facts = json.loads((corpus.TOKENIZERS / "own" / "tokenizer.json").read_bytes())
    facts["model"]["ignore_merges"] = ignore_merges
    tokenizer = Tokenizer.from_str(json.dumps(facts))
    if nfc:
        tokenizer.normalizer = normalizers.NFC()
    if words == "alone":
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=prefix)
    else:
        splits = [pre_tokenizers.Split(Regex(pattern), "isolated") for pattern in SPLITS[words]]
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
            [*splits, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
        )
    return tokenizer


def _add(tokenizer: Tokenizer, random: Random, flags: list[dict[str, bool]], contents: list[str]) -> None:
    for content in contents:
        token = AddedToken(content, special=random.random() < 0.4, **random.choice(flags))
        (tokenizer.add_special_tokens if token.special else tokenizer.add_tokens)([token])


def _stored(root: Path, tokenizer: Tokenizer) -> StoredTokenizer:
    return store_tokenizer(root, tokenizer.to_str(), {}, name="made", revision=None)


@pytest.mark.parametrize("nfc", [False, True])
@pytest.mark.parametrize("words", ["alone", *SPLITS])
def test_words_and_normalizers(tmp_path: Path, words: str, nfc: bool) -> None:
    for ignore_merges, prefix in product([False, True], [False, True] if words == "alone" else [False]):
        tokenizer = _byte_level(words, nfc=nfc, prefix=prefix, ignore_merges=ignore_merges)
        odd = _assert_equal(_stored(tmp_path, tokenizer), control_as_text=prefix)
        assert odd


_CONTENTS = [
    "cat",
    "<a>",
    "a><",
    "ice\n",
    " the",
    "<|x|>",
    "|x|",
    "1",
    "é",
    "\u00e9t",
    "日本",
    "▁t",
    "\u0301",
    "e\u0301",
]


@pytest.mark.parametrize("nfc", [False, True])
@pytest.mark.parametrize("flags", FLAGS, ids=lambda flags: "+".join(key for key, on in flags.items() if on) or "none")
def test_flags_of_added_tokens(tmp_path: Path, flags: dict[str, bool], nfc: bool) -> None:
    tried = 0
    for seed in (0, 1, 4):
        random = Random(seed)
        tokenizer = _byte_level(random.choice(["alone", *SPLITS]), nfc=nfc, ignore_merges=random.random() < 0.5)
        _add(
            tokenizer,
            random,
            [flags, *random.choices(FLAGS, k=seed % 3)],
            random.sample(_CONTENTS[: 14 if seed > 3 else 8], 4),
        )
        for as_text in (False, True):
            try:
                _assert_equal(_stored(tmp_path, tokenizer), control_as_text=as_text, count=200, seed=seed)
                tried += 1
            except FeatureError:
                continue
    assert tried >= 2


def _sentencepiece(root: Path, name: str, change: dict[str, Any]) -> Tokenizer:
    facts = json.loads(family(root, name).json_path.read_bytes())
    facts.update(change)
    return Tokenizer.from_str(json.dumps(facts))


_MARK: dict[str, Any] = {"type": "Metaspace", "replacement": "▁"}
_REPLACE = {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}
_SPLIT = {"type": "Split", "pattern": {"String": " "}, "behavior": "MergedWithPrevious", "invert": False}


@pytest.mark.parametrize(
    "change",
    [
        *(
            {"normalizer": None, "pre_tokenizer": _MARK | {"prepend_scheme": scheme, "split": split}}
            for scheme, split in product(["first", "always", "never"], [False, True])
        ),
        {"normalizer": _REPLACE, "pre_tokenizer": None},
        {"normalizer": _REPLACE, "pre_tokenizer": _SPLIT},
        {"normalizer": {"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": "▁"}, _REPLACE]}},
    ],
)
def test_byte_fallback(tmp_path: Path, change: dict[str, Any]) -> None:
    tried = 0
    for seed, name in enumerate(["metaspace", "prepended", "both", "prepended"]):
        random = Random(seed)
        tokenizer = _sentencepiece(tmp_path, name, {"normalizer": None, "pre_tokenizer": None} | change)
        _add(tokenizer, random, FLAGS[: 4 * seed + 1], random.sample(_CONTENTS, 2 * seed))
        for as_text in (False, True):
            try:
                _assert_equal(_stored(tmp_path, tokenizer), control_as_text=as_text, count=300, seed=seed)
                tried += 1
            except FeatureError:
                continue
    assert tried >= 4

"""The fast engine for WordPiece with its table gives the reference's ids, over every setting of the normalizer."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from mistudio_core.tokenization.engines.feature_shapes import FeatureError
from mistudio_core.tokenization.engines.hard_strings import hard_strings
from mistudio_core.tokenization.engines.odd_texts import OddTexts
from mistudio_core.tokenization.engines.reference import ReferenceEngine
from mistudio_core.tokenization.engines.routed import RoutedEngine
from mistudio_core.tokenization.engines.wordpiece import WordPieceEngine, wordpiece_version
from mistudio_core.tokenization.engines.wordpiece_features import wordpiece_odd_kinds
from mistudio_core.tokenization.tokenizer.stored import StoredTokenizer
from mistudio_core.tokenization.tokenizer.storing import store_tokenizer
from tests.support.hostile_texts import ATOMS, texts_of

SPECIAL = ("[UNK]", "[CLS]", "[MASK]")
VERSIONS = wordpiece_version(), ReferenceEngine.version


def _facts(**settings: Any) -> dict[str, Any]:
    """Return a tokenizer in whose ids every character shows that normalizing may leave."""
    chars = sorted({*map(chr, range(0x21, 0x250)), *"".join(ATOMS), *"".join(ATOMS).lower(), *"".join(ATOMS).upper()})
    tokens = [*SPECIAL, *(mark + char for mark in ("", "##") for char in chars if not char.isspace())]
    normalizer = {
        "type": "BertNormalizer",
        "clean_text": True,
        "handle_chinese_chars": True,
        "strip_accents": None,
        "lowercase": True,
    }
    model = {
        "type": "WordPiece",
        "unk_token": "[UNK]",
        "continuing_subword_prefix": "##",
        "max_input_chars_per_word": 100,
        "vocab": {token: number for number, token in enumerate(dict.fromkeys([*tokens, "the", "##ll", "##'s"]))},
    }
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [{"id": number, "content": token, **flags} for number, token in enumerate(SPECIAL)],
        "normalizer": normalizer | settings,
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": None,
        "decoder": None,
        "model": model,
    }


def _stored(root: Path, facts: dict[str, Any]) -> StoredTokenizer:
    return store_tokenizer(root, json.dumps(facts), {}, name="made", revision=None)


@pytest.mark.parametrize("strip_accents", [None, False, True])
def test_every_setting_of_the_normalizer(tmp_path: Path, strip_accents: bool | None) -> None:
    for clean, chinese, lower, as_text in product([False, True], repeat=4):
        facts = _facts(clean_text=clean, handle_chinese_chars=chinese, strip_accents=strip_accents, lowercase=lower)
        stored = _stored(tmp_path, facts)
        reference = ReferenceEngine(stored, control_as_text=as_text)
        fast = WordPieceEngine(stored, control_as_text=as_text)
        routed = RoutedEngine(fast, reference, OddTexts(wordpiece_odd_kinds(facts, *VERSIONS)))
        listed = [*hard_strings(stored), *texts_of(1, list(SPECIAL), 400)]
        texts = pa.array(listed, pa.large_string())
        ours, right = routed.encode(texts), reference.encode(texts)
        assert np.array_equal(ours.offsets, right.offsets)
        assert np.array_equal(ours.ids, right.ids)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda facts: facts.update(pre_tokenizer={"type": "Whitespace"}), "pre-tokenizer 'Whitespace'"),
        (lambda facts: facts.update(normalizer={"type": "NFKC"}), "normalizer 'NFKC'"),
        (lambda facts: facts.update(normalizer=None), "normalizer None"),
        (lambda facts: facts["normalizer"].update(lowercase="yes"), "normalizer 'BertNormalizer'"),
        (lambda facts: facts["model"].update(continuing_subword_prefix="@@"), "settings of this WordPiece model"),
        (lambda facts: facts["model"].update(unk_token="[none]"), "without its unknown token"),
        (lambda facts: facts["added_tokens"][0].update(normalized=True), "looked for after normalizing"),
        (lambda facts: facts.update(truncation={"max_length": 3}), "truncation"),
        (lambda facts: facts.update(extra=1), "'extra' of the tokenizer"),
    ],
)
def test_what_is_not_in_the_table_is_refused(change: Any, words: str) -> None:
    facts = _facts()
    change(facts)
    with pytest.raises(FeatureError, match=words):
        wordpiece_odd_kinds(facts, *VERSIONS)


def test_versions_that_were_not_tried_are_refused() -> None:
    with pytest.raises(FeatureError, match="nanotoken 9 was not tried"):
        wordpiece_odd_kinds(_facts(), "nanotoken 9", ReferenceEngine.version)

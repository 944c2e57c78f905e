"""Every feature of a tokenizer is shown equal, sends odd texts to the reference, or keeps the fast engine away."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from tokenizers import AddedToken, Tokenizer, normalizers

from benchmarks.engine_features import ALONE, joined, seams_tokenizer
from mistudio_core.raw import open_splits
from mistudio_core.tokenization.engines.fast import FastEngine, fast_version
from mistudio_core.tokenization.engines.fast_features import SPLITS, fast_odd_kinds
from mistudio_core.tokenization.engines.feature_shapes import FeatureError
from mistudio_core.tokenization.engines.odd_texts import OddCodePoints, OddStrings, OddTexts
from mistudio_core.tokenization.engines.reference import ReferenceEngine
from mistudio_core.tokenization.engines.routed import union
from mistudio_core.tokenization.engines.unicode_gap import WORD_RANGES
from mistudio_core.tokenization.output.odd_sequences import odd_sequences
from mistudio_core.tokenization.output.provenance import Provenance
from mistudio_core.tokenization.tokenizer.stored import StoredTokenizer
from mistudio_core.tokenization.tokenizer.storing import store_tokenizer
from tests.golden import corpus
from tests.support.tokenized import task_of, tokenized

_PLAIN = corpus.TOKENIZERS / "plain" / "tokenizer.json"


def _facts() -> dict[str, Any]:
    return dict(json.loads(Tokenizer.from_file(str(_PLAIN)).to_str()))


def _kinds(facts: Mapping[str, Any]) -> list[Any]:
    return list(fast_odd_kinds(facts, fast_version(), ReferenceEngine.version))


def _stored(root: Path, tokenizer: Tokenizer) -> StoredTokenizer:
    return store_tokenizer(root, tokenizer.to_str(), {"eos_token": "<|endoftext|>"}, name="made", revision=None)


def _plain() -> Tokenizer:
    return Tokenizer.from_file(str(_PLAIN))


def _single_word() -> Tokenizer:
    tokenizer = Tokenizer.from_file(str(_PLAIN))
    tokenizer.add_tokens([AddedToken("cat", single_word=True)])
    return tokenizer


def _nfc() -> Tokenizer:
    tokenizer = Tokenizer.from_file(str(_PLAIN))
    tokenizer.normalizer = normalizers.NFC()
    return tokenizer


@pytest.mark.parametrize(
    ("make", "odd"),
    [
        (_single_word, "the word concatenate holds a cat."),
        (_plain, "A digit \U00011de9 and another, \U00016ff6, of the newest scripts."),
        (_nfc, "Quranic marks: \u0642\u0653\u08d3 and \u006e\u08d3\u0303 stand here."),
    ],
)
def test_one_odd_document_among_many_gets_the_ids_of_the_reference(
    tmp_path: Path, make: Callable[[], Tokenizer], odd: str
) -> None:
    tokenizer = make()
    texts = [f"Document number {number} tells of dogs, rivers and long roads." for number in range(4_000)]
    texts[2_550] = odd
    right = tokenizer.encode(odd, add_special_tokens=False).ids
    result = tokenized(
        tmp_path, texts, _stored(tmp_path / "kept", tokenizer), preset="per_document", context_length=len(right)
    )
    engines = result.manifest["engines"]
    assert (result.manifest["engine"], engines["reason"]) == ("fast", None)
    assert result.rows()[2_550].tolist() == right
    assert list(engines["routed"].values()) == [{"documents": 1, "bytes": len(odd.encode())}]


@pytest.mark.parametrize(
    "change",
    [
        lambda facts: facts.update(unheard_of=1),
        lambda facts: facts["model"].update(unheard_of=1),
        lambda facts: facts["model"].update(dropout=0.1),
        lambda facts: facts["model"].update(end_of_word_suffix="</w>"),
        lambda facts: facts["model"].update(continuing_subword_prefix="##"),
        lambda facts: facts["model"]["vocab"].pop("Ġ"),
        lambda facts: facts["model"]["vocab"].update({" ": 999_999}),
        lambda facts: facts.update(truncation={"max_length": 5}),
        lambda facts: facts.update(decoder={"type": "Unheard"}),
        lambda facts: facts.update(post_processor={"type": "Unheard"}),
        lambda facts: facts.update(pre_tokenizer=None),
        lambda facts: facts["pre_tokenizer"].update(use_regex=False),
        lambda facts: facts["pre_tokenizer"].update(unheard_of=True),
        lambda facts: facts["added_tokens"][0].update(unheard_of=True),
        lambda facts: facts["added_tokens"][0].update(content=""),
        *(
            lambda facts, step=step: facts.update(normalizer=step)
            for step in (
                {"type": "NFD"},
                {"type": "NFKC"},
                {"type": "NFKD"},
                {"type": "Lowercase"},
                {"type": "StripAccents"},
                {"type": "Nmt"},
                {"type": "Strip", "strip_left": True, "strip_right": True},
                {"type": "Replace", "pattern": {"String": "a"}, "content": "b"},
                {"type": "Prepend", "prepend": "▁"},
                {"type": "ByteLevel"},
                {"type": "BertNormalizer"},
                {"type": "Unheard"},
                {"type": "Sequence", "normalizers": [{"type": "NFC"}, {"type": "Unheard"}]},
            )
        ),
    ],
)
def test_what_stands_in_no_table_is_refused(change: Callable[[dict[str, Any]], Any]) -> None:
    facts = _facts()
    assert [kind.ranges for kind in _kinds(facts)] == [WORD_RANGES]
    change(facts)
    with pytest.raises(FeatureError):
        _kinds(facts)


@pytest.mark.parametrize("rule", [ALONE, *SPLITS])
def test_documents_with_characters_that_one_engine_alone_knows_go_to_the_reference(tmp_path: Path, rule: str) -> None:
    tokenizer = store_tokenizer(tmp_path, seams_tokenizer(rule), {}, name="made", revision=None)
    new = [point for first, last in WORD_RANGES for point in range(first - 1, last + 2)]
    points = sorted(
        {*range(0x100), *new[:400], *new[400::97], *range(0x100, 0xD000, 199), *range(0x10000, 0x34000, 499)}
    )
    texts = pa.array([joined(chr(point)) for point in points], pa.large_string())
    kinds = fast_odd_kinds(json.loads(tokenizer.json_path.read_bytes()), fast_version(), ReferenceEngine.version)
    odd = union(OddTexts(kinds).find(texts), len(texts))
    found = [engine.encode(texts) for engine in (FastEngine(tokenizer), ReferenceEngine(tokenizer))]
    pairs = zip(*(np.split(one.ids, one.offsets[1:-1]) for one in found), strict=True)
    differing = np.array([not np.array_equal(ours, right) for ours, right in pairs])
    assert differing.sum() > 200
    assert [hex(points[place]) for place in np.flatnonzero(differing & ~odd)] == []


def _split(pattern: str, behavior: str = "Isolated", *, invert: bool = False) -> dict[str, Any]:
    return {"type": "Split", "pattern": {"Regex": pattern}, "behavior": behavior, "invert": invert}


_BYTES = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}


@pytest.mark.parametrize(
    "steps",
    [
        [_split(r"\p{L}+"), _BYTES],
        [_split(SPLITS["o200k"][0], "MergedWithNext"), _BYTES],
        [_split(SPLITS["o200k"][0], "Removed"), _BYTES],
        [_split(SPLITS["o200k"][0]), _BYTES | {"add_prefix_space": True}],
        [_split(SPLITS["o200k"][0]), {"type": "Digits", "individual_digits": True}, _BYTES],
        [_split(SPLITS["DeepSeek V3"][0], "Removed", invert=True), *map(_split, SPLITS["DeepSeek V3"][1:]), _BYTES],
        [{"type": "Whitespace"}, _BYTES],
        [_BYTES],
        [],
    ],
)
def test_other_ways_of_cutting_words_are_refused(steps: list[dict[str, Any]]) -> None:
    facts = _facts() | {"pre_tokenizer": {"type": "Sequence", "pretokenizers": steps}}
    with pytest.raises(FeatureError):
        _kinds(facts)


@pytest.mark.parametrize("versions", [("gigatoken 99", ReferenceEngine.version), (fast_version(), "tokenizers 99")])
def test_versions_that_were_not_tried_are_refused(versions: tuple[str, str]) -> None:
    with pytest.raises(FeatureError, match="was not tried"):
        fast_odd_kinds(_facts(), *versions)


_TEXTS = [
    "",
    "plain",
    "é",
    "\u0300",
    "a\u08d3b",
    "x\U0001e6f5",
    "日本",
    "cat",
    "",
    "\U0010ffff",
    "a.b",
    "\x00cat\n",
    "\x7f",
]


@pytest.mark.parametrize(
    "ranges",
    [((0x8D3, 0x8D3),), ((0x300, 0x310), (0x1E6F5, 0x1E6F5)), ((0x10FFFF, 0x10FFFF),), ((0, 0),), ((0x7F, 0x80),), ()],
)
def test_odd_code_points_are_found_wherever_they_stand(ranges: tuple[tuple[int, int], ...]) -> None:
    odd = OddTexts([OddCodePoints("some", ranges)])
    expected = [any(first <= ord(char) <= last for char in text for first, last in ranges) for text in _TEXTS]
    for start in range(3):
        texts = pa.array(["\u08d3"] * start + _TEXTS, pa.large_string()).slice(start)
        assert union(odd.find(texts), len(texts)).tolist() == expected


@pytest.mark.parametrize("strings", [("cat",), ("a.b", "é"), (*tuple(f"<{number}>" for number in range(300)), "\x00c")])
def test_odd_strings_are_found_wherever_they_stand(strings: tuple[str, ...]) -> None:
    odd = OddTexts([OddStrings("some", strings)])
    texts = [*_TEXTS, "a <299> b", "<29", "299>"]
    expected = [any(string in text for string in strings) for text in texts]
    assert union(odd.find(pa.array(texts, pa.large_string())), len(texts)).tolist() == expected


def test_deep_check_looks_at_odd_documents_first(tmp_path: Path) -> None:
    texts = [f"Document number {number} tells of dogs, rivers and long roads." for number in range(4_000)]
    texts[2_551] = "Here is a mark, \u0642\u0653\u08d3, in one document alone."
    tokenizer = _stored(tmp_path / "kept", Tokenizer.from_file(str(_PLAIN)))
    result = tokenized(tmp_path, texts, tokenizer, context_length=16)
    task = task_of(tmp_path / "other", open_splits(tmp_path), tokenizer, context_length=16)
    provenance = Provenance(result.folder)
    rows = odd_sequences(task, provenance)
    assert any(source.sample == 2_551 for row in rows for source in provenance.sources(row))
    assert len(rows) < 10

"""A text may be cut only where no tokenizer of any kind looks across: every such place of hard texts is tried."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from mistudio_core.tokenization.engines.cutting import cut_places
from mistudio_core.tokenization.engines.seam_regex import Expression, UnknownSyntaxError
from mistudio_core.tokenization.engines.seams import BESIDE, safe_seams
from tests.support.seam_tokenizers import ADDED, MAKERS, seam_tokenizer

_LOADED: dict[tuple[str, bool], tuple[Tokenizer, object]] = {}
_PIECES = [
    " ", " ", " ", "\n", "\n", "  ", "\t", "\r\n", "\u00a0", "\u3000", ",", ", and", ".", "//", "/", "'", "'s", "x",
    "word", "words", "River", "RIVER", "the", "of the", "of", "a", "b", "a b", "y", "er r", "12", "3456", "e\u0301",
    "\u0301", "é", "mountain", "weather", "机器", "学习", "一", "二", "，", "。", "、", "слово", "мир", "й", "שלום",
    "क्ष", "नि", "가", "\u11a8", "かが", "\u3099", "ﬁ", "ß", "ſ", "\u200d", "😀", "\u0600",
    "▁", "Ġ", "<0x41>", "\x00", "\u00ad",
    *[token.content for token in ADDED],
]  # fmt: skip


def _loaded(kind: str, added: bool) -> tuple[Tokenizer, object]:
    if (kind, added) not in _LOADED:
        content = seam_tokenizer(kind, added)
        _LOADED[kind, added] = Tokenizer.from_str(content), safe_seams(json.loads(content))
    return _LOADED[kind, added]


def _check(kind: str, added: bool, text: str) -> int:
    """Cut a text at every seam, each by itself, and return how many there are."""
    tokenizer, seams = _loaded(kind, added)
    if seams is None:
        return 0
    places = [match.start() for match in seams.finditer(text)]  # type: ignore[attr-defined]
    assert all(BESIDE.match(text, place) or BESIDE.match(text, place - 1) for place in places)
    whole = tokenizer.encode(text, add_special_tokens=False).ids
    for place in places:
        parts = [tokenizer.encode(part, add_special_tokens=False).ids for part in (text[:place], text[place:])]
        assert parts[0] + parts[1] == whole, (text[:place], text[place:])
    return len(places)


@pytest.mark.parametrize("added", [False, True])
@pytest.mark.parametrize("kind", MAKERS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(pieces=st.lists(st.sampled_from(_PIECES), min_size=2, max_size=40))
def test_no_seam_changes_an_id(kind: str, added: bool, pieces: list[str]) -> None:
    _check(kind, added, "".join(pieces))


CUT = (
    "gpt2", "gpt2_prefix", "llama3", "qwen_nfc", "o200k", "o200k_removed", "gemma_words", "metaspace_always", "unigram",
    "wordpiece", "digits", "delimiter", "whitespace", "merged_previous",
)  # fmt: skip


@pytest.mark.parametrize("kind", CUT)
def test_common_kinds_are_cut_at_words(kind: str) -> None:
    text = "Some water over the mountain, and 12 rivers; let x = y.z(1) in the weather of it."
    assert _check(kind, False, text) >= 10


@pytest.mark.parametrize("kind", ["gpt2", "llama3", "qwen_nfc", "o200k"])
def test_lines_and_ideographs_are_cut(kind: str) -> None:
    assert _check(kind, False, "1,2,3\n4,5,6\n{7}\n<a>\n") == 3
    assert _check(kind, False, "今天一二，三上下。不与且") == 2


@pytest.mark.parametrize("kind", ["llama2", "superwords", "spaces_after", "unigram_whole", "scripts"])
def test_kinds_that_look_across_spaces_are_not_cut_there(kind: str) -> None:
    assert _check(kind, False, "some water over the mountain and the river ") == 0


def test_a_token_across_spaces_far_away_forbids_cutting() -> None:
    vocabulary = {"b": 0, "a": 1, "Ġ": 2, "Ġa": 3, "ĠaĠa": 4, "Ġb": 5}
    made = {
        "type": "BPE", "vocab": vocabulary, "merges": [["Ġ", "a"], ["Ġ", "b"], ["Ġa", "Ġa"]], "dropout": None,
        "unk_token": None, "continuing_subword_prefix": None, "end_of_word_suffix": None, "fuse_unk": False,
        "byte_fallback": False, "ignore_merges": False,
    }  # fmt: skip
    pre = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}
    content = {"version": "1.0", "added_tokens": [], "normalizer": None, "pre_tokenizer": pre, "model": made}
    data = ("b b" + " a" * 150_000 + " b").encode()
    assert cut_places(data, safe_seams(content)) == []
    assert len(Tokenizer.from_str(json.dumps(content)).encode(data.decode()).ids) == 75_003
    apart = content | {"pre_tokenizer": pre | {"use_regex": True}}
    assert len(cut_places(b"some water " * 30_000, safe_seams(apart))) == 1


@pytest.mark.parametrize(
    "source",
    [r"^a", "a$", r"\ba", r"(?<=a)b", r"(a)\1", "a.b", "a*", "a(?!bc)", "(?:(?!a)b)+", "(?i)a", "[a", "a(?=b+)"],
)
def test_expressions_that_are_not_understood_are_refused(source: str) -> None:
    with pytest.raises(UnknownSyntaxError):
        Expression.parsed(source)


@pytest.mark.parametrize(
    ("source", "spans"),
    [
        (r"\p{L}+| ", False), (r"\p{L}+ ?", True), (r"(?:\p{L}| )+", True), (r"a{2}| b", False), (r"[^b]+", True),
        (r"\p{L}{1,3} {2}", True), (r"\w+|[^\w\s]+", False), (r"(?:x|\w(?:\d|\s))", True), (r"x?a?y? ?", True),
        (r"\S+|\s", False),
    ],
)  # fmt: skip
def test_what_a_match_may_hold(source: str, spans: bool) -> None:
    try:
        found = Expression.parsed(source).spans("a", " ")
    except UnknownSyntaxError:
        found = True  # it may be empty
    assert found is spans

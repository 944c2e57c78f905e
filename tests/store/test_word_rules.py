"""What is marked is what was searched for: in any form of the letters, in long texts, on the fast way and the slow."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import assume, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from mistudio_core.errors import StudioError
from mistudio_core.store.samples import word_rules
from mistudio_core.store.samples.word_rules import normalized, search_units, split_scripts, word_matches
from tests.support.corpora import WORDS, texts

SEARCHES = (
    "cat",
    "the cat",
    "cafe",
    "CAFÉ",
    "strasse",
    "한국",
    "机器 the",
    "e-mail",
    "foo bar",
    "λόγος",
    "😀",
    "हिन्दी",
    "ไทย",
)


def marked(text: str, search: str, mode: str = "words") -> list[str]:
    return [text[first:last] for first, last in word_matches(text, search_units(search, mode).units, 1000)]


@pytest.mark.parametrize(
    ("text", "search", "expected"),
    [
        ("Cafe\u0301, CAFÉ cafés", "cafe", ["Cafe\u0301", "CAFÉ"]),
        ("한국어를 배우는 한국", "한국", ["한국어를", "한국"]),
        (unicodedata.normalize("NFD", "한국어 학교"), "학교", [unicodedata.normalize("NFD", "학교")]),
        ("ΛΌΓΟΣ λόγος", "λόγοσ", ["ΛΌΓΟΣ", "λόγος"]),
        ("İstanbul ISTANBUL", "istanbul", ["İstanbul", "ISTANBUL"]),
        ("Straße STRASSE", "straße", ["Straße", "STRASSE"]),
        ("机器学习和机器", "机器", ["机器", "机器"]),
        ("👩\u200d👧 👧", "👧", ["👧", "👧"]),
        ("foo_bar foo-bar", "foo_bar", ["foo_bar", "foo-bar"]),
        ("a b a b a", "a-b-a", ["a b a b a"]),
        ("don't don t", "don't", ["don't", "don t"]),
        ("x😀the cat", "the", ["the"]),
        ("ශ්‍රී ලංකා", "ශ්‍රී", ["ශ්‍රී"]),
    ],
)
def test_the_marked_text_is_what_was_searched(text: str, search: str, expected: list[str]) -> None:
    assert marked(text, search) == expected


@pytest.mark.parametrize("search", ["", "   ", "!?", "€ …", "\x00"])
def test_a_search_without_a_word_is_refused(search: str) -> None:
    with pytest.raises(StudioError, match="there is no word"):
        search_units(search, "words")


def test_words_too_long_for_an_index_are_told() -> None:
    assert search_units("x" * 200, "words").too_long
    assert search_units("é" * 100, "words").too_long is False  # folded to 100 letters of ASCII
    assert not search_units("x" * 199, "words").too_long


@hypothesis_settings(max_examples=150, deadline=None)
@given(
    parts=st.lists(texts(), max_size=8),
    search=st.sampled_from(SEARCHES),
    mode=st.sampled_from(["words", "phrase"]),
    window=st.integers(1, 40),
)
def test_a_long_text_is_marked_as_a_short_one_is(parts: list[str], search: str, mode: str, window: int) -> None:
    text = " ".join(parts)
    units = search_units(search, mode).units
    whole = word_matches(text, units, 1000)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(word_rules, "_WINDOW", window)
        patch.setattr(word_rules, "_OVERLAP", 30)  # longer than any of the searches
        assert word_matches(text, units, 1000) == whole
        assert word_matches(text, units, 1) == whole[:1]


@hypothesis_settings(max_examples=150, deadline=None)
@given(
    text=st.text("catheTC _-.4\n", max_size=40),
    words=st.lists(st.text("catheT4-_", min_size=1, max_size=4), max_size=3),
)
def test_the_fast_way_for_plain_text_finds_the_same(text: str, words: list[str]) -> None:
    assume(any(sign.isalnum() for word in words for sign in word))
    units = search_units(" ".join(words), "words").units
    slow = word_rules._merged(word_rules._matches(text, units))
    assert word_rules._merged(word_rules._plain_matches(text, units)) == slow


@hypothesis_settings(max_examples=100, deadline=None)
@given(text=st.lists(st.sampled_from(WORDS) | st.sampled_from([" ", "\u0301", "\u0323", "ᄒ", "ᅡ", "ᆫ"])).map("".join))
def test_every_place_of_the_composed_text_is_found_in_the_text_as_it_is(text: str) -> None:
    decomposed = unicodedata.normalize("NFD", text)
    composed, places = word_rules._composed(decomposed)
    assert composed == normalized(decomposed)
    if places is not None:
        assert len(places) == len(composed) + 1
        assert places == sorted(places)
        assert (places[0], places[-1]) == (0, len(decomposed))


def test_what_may_join_the_sign_before_is_all_that_unicode_has() -> None:
    seconds = set()
    for code in range(0x110000):
        pieces = unicodedata.decomposition(chr(code)).split()
        if len(pieces) == 2 and not pieces[0].startswith("<"):
            second = chr(int(pieces[1], 16))
            pair = chr(int(pieces[0], 16)) + second
            if unicodedata.normalize("NFC", pair) == chr(code) and not unicodedata.combining(second):
                seconds.add(second)
    assert seconds <= word_rules._JOINING_STARTERS


@hypothesis_settings(max_examples=100, deadline=None)
@given(text=texts())
def test_cutting_by_script_loses_nothing(text: str) -> None:
    pieces, runs = split_scripts(normalized(text))
    assert sorted("".join([*pieces, *runs])) == sorted(normalized(text))
    assert all(not split_scripts(piece)[1] for piece in pieces)

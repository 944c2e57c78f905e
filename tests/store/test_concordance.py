"""A concordance against plain Python: every hit with what stands beside it, in each order, and its words counted."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from mistudio_core.errors import StudioError
from mistudio_core.store.samples import concordance
from mistudio_core.store.samples.concordance import Concordance, TextHit, collect
from mistudio_core.store.samples.index import open_index
from mistudio_core.store.samples.neighbours import words_after, words_before
from mistudio_core.store.samples.query import SampleQuery
from mistudio_core.store.samples.reader import SampleReader
from mistudio_core.store.samples.search import SampleSearch
from mistudio_core.store.samples.session import SearchSession
from tests.store.test_sample_search import all_rows, dataset, folded, kind, search, units
from tests.support.corpora import WORDS, texts

_WITHIN_REACH = 3  # words of the corpus, at most 62 characters each


def words_in(text: str) -> list[str]:
    """Return the words of a text, of scripts without spaces every sign, in their order."""
    found = []
    for what, signs in groupby(unicodedata.normalize("NFC", text), kind):
        if what == "word":
            found.append("".join(map(folded, signs)))
        elif what == "run":
            found += [sign for sign in signs if sign != "\u200d"]
    return found


@given(before=texts(), after=texts())
def test_words_beside_a_place_are_those_of_the_whole_text(before: str, after: str) -> None:
    text = f"{before} {after}"
    assert words_after(text, len(before))[:_WITHIN_REACH] == words_in(after)[:_WITHIN_REACH]
    assert words_before(text, len(before))[:_WITHIN_REACH] == words_in(before)[::-1][:_WITHIN_REACH]


def test_a_word_that_is_not_seen_to_its_end_is_none() -> None:
    long = "y" * 300
    assert words_after(f"cat sat {long} end", 3) == ["sat"]
    assert words_before(f"begin {long} sat cat", 311) == ["sat"]
    assert words_after("a b c d e f g", 0) == list("abcde")
    assert words_before("a b c d e f g", 13) == list("gfedc")


def contexts(reader: SampleReader, query: SampleQuery, sort: str) -> Concordance:
    with open_index(reader) as connection:
        return collect(SampleSearch(reader, connection), query, sort).page(reader, query)


def expected_hits(reader: SampleReader, query: SampleQuery) -> list[tuple[str, int, int, int, int, str]]:
    """Return split, index, number, start, end and text of each hit, from the samples that an ordinary search gives."""
    rows = sorted(all_rows(reader, replace(query, sort="position")))
    found = search(reader, replace(query, sort="position", limit=1000)).page.rows
    assert [reader.firsts[sample.split] + sample.index for sample in found] == rows
    return [
        (sample.split, sample.index, number, *span, sample.text or "")
        for number, sample in enumerate(sample for sample in found if sample.matches)
        for span in sample.matches
    ]


@hypothesis_settings(max_examples=20, deadline=None)
@given(data=st.data(), rows=st.lists(st.none() | texts(), min_size=1, max_size=30))
def test_hits_are_those_of_plain_python(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, rows: list[str | None]
) -> None:
    reader = dataset(tmp_path_factory.mktemp("dataset"), rows)
    mode = data.draw(st.sampled_from(["words", "any", "phrase", "substring", "regex"]))
    wanted = "cats?|мир" if mode == "regex" else data.draw(st.sampled_from([w for w in WORDS if units(w)]))
    query = SampleQuery(search=wanted, mode=mode, split=data.draw(st.sampled_from([None, "test"])))
    sort = data.draw(st.sampled_from(["before", "after"]))
    expected = expected_hits(reader, query)
    found = contexts(reader, replace(query, limit=1000), "position")
    assert (found.total, found.total_is_exact, found.num_listed) == (len(expected), True, len(expected))
    assert found.num_samples == len({hit[:2] for hit in expected})
    assert list(found.hits) == [shown(*hit) for hit in expected]
    for counts, beside in ((found.preceding, before_of), (found.following, after_of)):
        counted = Counter(words[0] for hit in expected if (words := beside(hit)))
        top = sorted(counted.items(), key=lambda item: (-item[1], item[0]))[:20]
        assert [(item.word, item.count) for item in counts] == top
    ordered = sorted(expected, key=before_of if sort == "before" else after_of)
    offset = data.draw(st.integers(0, 3))
    sorted_page = contexts(reader, replace(query, offset=offset, limit=5), sort)
    assert list(sorted_page.hits) == [shown(*hit) for hit in ordered[offset : offset + 5]]
    assert replace(sorted_page, hits=()) == replace(found, hits=())


def before_of(hit: Sequence[object]) -> list[str]:
    return words_before(str(hit[5]), int(str(hit[3])))


def after_of(hit: Sequence[object]) -> list[str]:
    return words_after(str(hit[5]), int(str(hit[4])))


def shown(split: str, index: int, number: int, start: int, end: int, text: str) -> TextHit:
    left, right = text[:start][-80:], text[end:][:80]
    return TextHit(split, index, number, start, end, left, text[start:end], right)


def test_of_more_hits_than_are_sorted_the_first_are_and_all_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = dataset(tmp_path, [f"the cat {9 - number % 9} sat" for number in range(45)])
    monkeypatch.setattr(concordance, "MOST_LISTED", 9)
    found = contexts(reader, SampleQuery(search="cat", limit=50), "after")
    assert (found.total, found.total_is_exact, found.num_listed, len(found.hits)) == (45, True, 9, 9)
    assert [hit.right[1] for hit in found.hits] == list("123456789")
    assert [(item.word, item.count) for item in found.following] == [(str(digit), 5) for digit in range(1, 10)]


def test_what_was_not_read_in_time_is_said(tmp_path: Path) -> None:
    reader = dataset(tmp_path, ["the cat"] * 9)
    with open_index(reader) as connection:
        found = collect(SampleSearch(reader, connection), SampleQuery(search="cat"), "position", time_limit_s=-1.0)
    assert (found.total, found.exact) == (0, False)


@pytest.mark.parametrize(("fields", "sort"), [({}, "position"), ({"search": "cat"}, "left")])
def test_what_cannot_be_is_refused(tmp_path: Path, fields: dict[str, str], sort: str) -> None:
    reader = dataset(tmp_path, ["the cat"])
    with pytest.raises(StudioError) as caught:
        contexts(reader, SampleQuery.from_fields(fields), sort)
    assert caught.value.code == "invalid_request"


def test_another_page_of_a_concordance_searches_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset(tmp_path, ["the cat sat"] * 9)
    with SearchSession(tmp_path) as session:
        query = SampleQuery(search="cat", limit=2)
        first = session.concordance(query, "after", 60.0)
        monkeypatch.setattr(SampleSearch, "rows", None)
        second = session.concordance(replace(query, offset=2), "after", 60.0)
    assert [hit.index for hit in (*first.hits, *second.hits)] == [0, 1, 2, 3]

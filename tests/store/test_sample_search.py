"""Every way to search against plain Python, on random texts in many scripts, alone and with filters and sorts."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from mistudio_core.errors import StudioError
from mistudio_core.store.samples.index import build_index, open_index
from mistudio_core.store.samples.query import SampleQuery
from mistudio_core.store.samples.ranked_index import build_ranked_index
from mistudio_core.store.samples.reader import SampleReader
from mistudio_core.store.samples.search import Found, SampleSearch
from tests.support.corpora import WORDS, texts, write_dataset

Predicate = Callable[[str], bool]
EXPRESSIONS = (r"\bcat\b", r"(?i)the", "[0-9]{2,4}", "cats?|мир", "^t", r"c.t", r"\$5|a\.b", "(?s)x.y", "语|学")


def dataset(folder: Path, rows: Sequence[str | None], *, ranked: bool = True) -> SampleReader:
    """Write two splits, of which `train` has two thirds, with their indexes."""
    cut = len(rows) * 2 // 3
    labels = [number % 3 for number in range(len(rows))]
    table = pa.table({"text": pa.array(rows, pa.string()), "label": labels})
    write_dataset(folder, {"train": table.slice(0, cut), "test": table.slice(cut)})
    build_index(folder)
    if ranked:
        build_ranked_index(folder)
    return SampleReader(folder)


def search(reader: SampleReader, query: SampleQuery) -> Found:
    with open_index(reader) as connection:
        return SampleSearch(reader, connection).find(query)


def all_rows(reader: SampleReader, query: SampleQuery) -> list[int]:
    """Return the rows of the whole result, page by page and as blocks, which must be the same."""
    with open_index(reader) as connection:
        engine = SampleSearch(reader, connection)
        blocks = [row for block in engine.blocks(query) for row in block.tolist()]
        pages: list[int] = []
        limit = len(blocks) // 2 + 1
        for offset in range(0, len(blocks) + 1, limit):
            found = engine.find(replace(query, offset=offset, limit=limit))
            assert (found.page.total, found.page.total_is_exact, found.finished) == (len(blocks), True, True)
            pages += [reader.firsts[sample.split] + sample.index for sample in found.page.rows]
    assert pages == blocks
    return blocks


@hypothesis_settings(max_examples=25, deadline=None)
@given(
    rows=st.lists(st.none() | texts(), min_size=1, max_size=30),
    wanted=st.sampled_from(WORDS) | st.text("catheТ学 .\n$é", min_size=1, max_size=3),
    ignore_case=st.booleans(),
)
def test_substrings(
    tmp_path_factory: pytest.TempPathFactory, rows: list[str | None], wanted: str, ignore_case: bool
) -> None:
    reader = dataset(tmp_path_factory.mktemp("dataset"), rows, ranked=False)
    expression = re.compile(re.escape(wanted), re.IGNORECASE if ignore_case else 0)
    query = SampleQuery(search=wanted, mode="substring", ignore_case=ignore_case)
    assert all_rows(reader, query) == matching(rows, lambda text: bool(expression.search(text)))
    for sample in search(reader, query).page.rows:
        assert sample.text is not None
        assert sample.matches == tuple(match.span() for match in expression.finditer(sample.text))


@hypothesis_settings(max_examples=30, deadline=None)
@given(rows=st.lists(st.none() | texts(), min_size=1, max_size=30), pattern=st.sampled_from(EXPRESSIONS))
def test_expressions(tmp_path_factory: pytest.TempPathFactory, rows: list[str | None], pattern: str) -> None:
    reader = dataset(tmp_path_factory.mktemp("dataset"), rows, ranked=False)
    expression = re.compile(pattern, re.ASCII)
    query = SampleQuery(search=pattern, mode="regex")
    assert all_rows(reader, query) == matching(rows, lambda text: bool(expression.search(text)))
    for sample in search(reader, query).page.rows:
        assert sample.text is not None
        assert sample.matches == tuple(match.span() for match in expression.finditer(sample.text))


@hypothesis_settings(max_examples=12, deadline=None)
@given(data=st.data(), rows=st.lists(st.none() | texts(), min_size=1, max_size=30))
def test_words_and_phrases(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, rows: list[str | None]
) -> None:
    folder = tmp_path_factory.mktemp("dataset")
    reader = dataset(folder, rows)
    for _ in range(4):
        chosen = data.draw(st.lists(st.sampled_from(WORDS), min_size=1, max_size=3))
        mode = data.draw(st.sampled_from(["words", "any", "phrase"]))
        query = SampleQuery(search=" ".join(chosen), mode=mode)
        if not any(units(word) for word in chosen):
            with pytest.raises(StudioError, match="there is no word"):
                search(reader, query)
            continue
        expected = matching(rows, word_test(query.search, mode))
        assert sorted(all_rows(reader, query)) == expected, query
        found = search(reader, query)
        assert found.by == "ranked"
        assert all(sample.matches for sample in found.page.rows)
        (folder / "search" / "meta.json").rename(folder / "gone.json")
        scanned = search(reader, query)
        assert (scanned.by, bool(scanned.note)) == ("scan", True)
        assert all_rows(reader, query) == expected, query
        (folder / "gone.json").rename(folder / "search" / "meta.json")


@hypothesis_settings(max_examples=12, deadline=None)
@given(data=st.data(), rows=st.lists(st.none() | texts(), min_size=10, max_size=40))
def test_searches_with_filters_and_sorts(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, rows: list[str | None]
) -> None:
    reader = dataset(tmp_path_factory.mktemp("dataset"), rows)
    cut = len(rows) * 2 // 3
    mode = data.draw(st.sampled_from(["words", "any", "phrase", "substring", "regex"]))
    wanted = data.draw(st.sampled_from(["cat", "the", "学习", "2024", "café", "한국어"]))
    query = SampleQuery(
        search=wanted,
        mode=mode,
        split=data.draw(st.sampled_from([None, "train", "test"])),
        min_chars=data.draw(st.none() | st.integers(0, 12)),
        max_chars=data.draw(st.none() | st.integers(12, 30)),
        where=tuple(data.draw(st.lists(st.sampled_from(["label=1", "label>=1"]), max_size=1))),
        duplicates=data.draw(st.booleans()),
        sort=data.draw(st.sampled_from(["", "position", "chars", "label"])),
        descending=data.draw(st.booleans()),
    )
    test = word_test(wanted, mode) if query.is_ranked else lambda text: wanted in text
    expected = [row for row in matching(rows, test) if kept(query, row, rows, cut)]
    found = all_rows(reader, query)
    assert sorted(found) == expected
    if query.sort == "position" or (query.sort == "" and not query.is_ranked and not query.duplicates):
        assert found == sorted(expected, reverse=query.descending)
    elif query.sort:
        key = (lambda row: len(rows[row] or "")) if query.sort == "chars" else (lambda row: row % 3)
        assert found == sorted(expected, key=key, reverse=query.descending)


def kept(query: SampleQuery, row: int, rows: Sequence[str | None], cut: int) -> bool:
    text = rows[row] or ""
    label = {"label=1": row % 3 == 1, "label>=1": row % 3 >= 1}
    return (
        query.split in (None, "train" if row < cut else "test")
        and (query.min_chars is None or len(text) >= query.min_chars)
        and (query.max_chars is None or len(text) <= query.max_chars)
        and all(label[condition] for condition in query.where)
        and (not query.duplicates or rows.count(text) > 1)
    )


def matching(rows: Sequence[str | None], test: Predicate) -> list[int]:
    return [number for number, text in enumerate(rows) if text is not None and test(text)]


UNSPACED = ("CJK", "HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR", "REGIONAL")


def kind(sign: str) -> str:
    """Tell what a sign is to the search for words: of a word, of a run without spaces, or neither."""
    if unicodedata.name(sign, "").startswith(UNSPACED) or ord(sign) > 0x1F000 or sign == "\u200d":
        return "run"
    letter = sign.isalnum() or (unicodedata.category(sign) in ("Mn", "Mc") and not unicodedata.combining(sign))
    return "word" if letter else "none"


def folded(word: str) -> str:
    stripped = "".join(sign for sign in unicodedata.normalize("NFD", word) if ord(sign) not in range(0x300, 0x370))
    latin = stripped if stripped.isascii() else word
    return latin.replace("ß", "ss").lower().replace("ς", "σ")


def cut_up(text: str) -> tuple[list[list[str]], list[str]]:
    """Return the words of each piece between two runs, and the runs."""
    pieces: list[list[str]] = [[]]
    runs = []
    for what, signs in groupby(unicodedata.normalize("NFC", text), kind):
        if what == "run":
            runs.append("".join(signs))
            pieces.append([])
        elif what == "word":
            pieces[-1].append(folded("".join(signs)))
    return [piece for piece in pieces if piece], runs


def units(search: str) -> list[list[str] | str]:
    pieces, runs = cut_up(search)
    return [*pieces, *runs]


def word_test(wanted: str, mode: str) -> Predicate:
    chunks = [wanted] if mode == "phrase" else wanted.split()
    every = [unit for chunk in chunks for unit in units(chunk)]

    def test(text: str) -> bool:
        pieces, runs = cut_up(text)
        results = [
            any(unit in run for run in runs) if isinstance(unit, str) else any(holds(piece, unit) for piece in pieces)
            for unit in every
        ]
        return any(results) if mode == "any" else all(results)

    return test


def holds(piece: list[str], unit: list[str]) -> bool:
    def same(word: str, term: str) -> bool:
        return word.startswith(term) if "가" <= term[0] <= "힣" else word == term

    return any(
        all(same(word, term) for word, term in zip(piece[at : at + len(unit)], unit, strict=True))
        for at in range(len(piece) - len(unit) + 1)
    )

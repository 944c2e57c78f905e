"""Token sequences are found where plain Python finds them, never over a seam, with what stands beside them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from mistudio_core.errors import StudioError
from mistudio_core.store.samples.token_lengths import TokenLengths
from mistudio_core.store.sequences import search as token_search
from mistudio_core.store.sequences.neighbour_order import DEPTH, order_by
from mistudio_core.store.sequences.reader import TokenSequences, open_token_sequences
from mistudio_core.store.sequences.search import find_tokens
from mistudio_core.store.sequences.view import TokenView
from mistudio_core.tokenization.output.shard_sequences import Source
from mistudio_core.tokenization.tokenizer.vocabulary import TokenizerVocabulary
from tests.golden import corpus
from tests.support.tokenized import stored, tokenized

Row = list[int]
EOS = 9


def write_rows(
    folder: Path, rows: Sequence[Row], *, width: int | None, dtype: str = "uint16", batch: int = 3,
    separator: int | None = EOS,
) -> TokenSequences:  # fmt: skip
    """Write rows in two files of small batches, as a tokenization has them; `width` is None for lists of any length."""
    item = pa.from_numpy_dtype(np.dtype(dtype))
    kind = pa.list_(item) if width is None else pa.list_(item, width)
    cut = len(rows) // 2
    shards = []
    for number, part in enumerate((rows[:cut], rows[cut:])):
        name = f"data-{number:05d}-of-00002.arrow"
        with (
            pa.OSFile(str(folder / name), "wb") as file,
            pa.ipc.new_stream(file, pa.schema([("input_ids", kind)])) as out,
        ):
            for first in range(0, len(part), batch):
                out.write_batch(pa.record_batch([pa.array(part[first : first + batch], kind)], names=["input_ids"]))
        shards.append({"split": ("train", "test")[number], "file": name, "num_sequences": len(part)})
    manifest = {
        "splits": {shard["split"]: {"num_sequences": shard["num_sequences"], "num_samples": 0} for shard in shards},
        "shards": shards,
        "policy": {"sequence_length": 1, "separator": [] if separator is None else [separator]},
        "recipe": {"tokenizer": "none", "preset": "continuous"},
    }
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return TokenSequences(folder)


class Seams:
    """The documents of rows, written out: `begins` holds, for each row, where in it documents begin."""

    def __init__(self, begins: list[list[int]]) -> None:
        self._begins = begins

    def sources(self, row: int) -> tuple[Source, ...]:
        begins = [0, *self._begins[row], 10**9]
        pieces = enumerate(pairwise(begins))
        return tuple(Source("train", number, 0, end - start, start, end) for number, (start, end) in pieces)


def places_of(rows: Sequence[Row], sequence: Row) -> list[tuple[int, int]]:
    size = len(sequence)
    return [
        (n, at) for n, row in enumerate(rows) for at in range(len(row) - size + 1) if row[at : at + size] == sequence
    ]


@hypothesis_settings(max_examples=80, deadline=None)
@given(data=st.data(), width=st.none() | st.integers(1, 40), dtype=st.sampled_from(["uint16", "uint32", "int32"]))
def test_hits_are_those_of_plain_python(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, width: int | None, dtype: str
) -> None:
    length = st.integers(0, 12) if width is None else st.just(width)
    ids = st.integers(0, 3)
    rows: list[Row] = data.draw(st.lists(length.flatmap(lambda n: st.lists(ids, min_size=n, max_size=n)), max_size=14))
    sequence = data.draw(st.lists(ids, min_size=1, max_size=4))
    token_rows = write_rows(tmp_path_factory.mktemp("rows"), rows, width=width, dtype=dtype, separator=None)
    assert [token_rows.sequence(number).tolist() for number in range(token_rows.num_sequences)] == rows
    begins = [sorted(data.draw(st.sets(st.integers(1, 39), max_size=3))) for _ in rows]
    across = data.draw(st.booleans())
    expected = places_of(rows, sequence)
    if not across:
        inside = [not any(at < seam < at + len(sequence) for seam in begins[row]) for row, at in expected]
        expected = [place for place, kept in zip(expected, inside, strict=True) if kept]
    offset, limit = data.draw(st.integers(0, 5)), data.draw(st.integers(1, 9))
    found = find_tokens(token_rows, sequence, offset=offset, limit=limit, across=across, sources=Seams(begins))
    assert (found.total, found.total_is_exact, found.seams_known) == (len(expected), True, True)
    assert list(found.places) == expected[offset : offset + limit]
    size = len(sequence)
    after = Counter(rows[row][at + size] for row, at in expected if at + size < len(rows[row]))
    before = Counter(rows[row][at - 1] for row, at in expected if at)
    assert list(found.following) == sorted(after.items(), key=lambda item: (-item[1], item[0]))
    assert list(found.preceding) == sorted(before.items(), key=lambda item: (-item[1], item[0]))
    starts = Counter(at for _, at in expected)
    assert [(item["first"], item["last"], item["count"]) for item in found.by_position] == [
        (place, place, starts[place]) for place in range(max(starts, default=-1) + 1)
    ]


def texts_of(ids: Sequence[int]) -> list[str]:
    """Return texts that repeat, in other cases too, so that every part of the order decides somewhere."""
    return [("b", "B", "a", "b", "aa")[ident] for ident in ids]


def neighbours(row: Row, at: int, size: int, sort: str) -> list[tuple[str, str, int]]:
    beside = row[at + size :] if sort == "after" else row[:at][::-1]
    texts = texts_of(beside)[:DEPTH]
    return [(text.lower(), text, ident) for text, ident in zip(texts, beside, strict=False)]


@hypothesis_settings(max_examples=60, deadline=None)
@given(data=st.data(), width=st.none() | st.integers(1, 20), sort=st.sampled_from(["before", "after"]))
def test_sorted_hits_are_those_that_plain_python_sorts(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, width: int | None, sort: str
) -> None:
    length = st.integers(0, 12) if width is None else st.just(width)
    ids = st.integers(0, 4)
    rows: list[Row] = data.draw(st.lists(length.flatmap(lambda n: st.lists(ids, min_size=n, max_size=n)), max_size=14))
    query = data.draw(st.lists(ids, min_size=1, max_size=2))
    sequences = write_rows(tmp_path_factory.mktemp("rows"), rows, width=width, separator=None)
    most, offset, limit = data.draw(st.integers(1, 30)), data.draw(st.integers(0, 5)), data.draw(st.integers(1, 9))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(token_search, "MOST_SORTED", most)
        order = order_by(sort, texts_of)
        found = find_tokens(sequences, query, offset=offset, limit=limit, across=True, order=order)
    places = places_of(rows, query)
    ordered = sorted(places[:most], key=lambda place: neighbours(rows[place[0]], place[1], len(query), sort))
    assert list(found.places) == ordered[offset : offset + limit]
    assert (found.total, found.num_listed) == (len(places), min(most, len(places)))
    in_order = find_tokens(sequences, query, across=True)
    assert (found.following, found.preceding) == (in_order.following, in_order.preceding)  # of all, not of the sorted


@pytest.mark.parametrize("side", ["right", "left"])
def test_padding_is_no_neighbour(tmp_path: Path, side: str) -> None:
    rows = [[1, 3, 0, 0], [1, 0, 0, 0]] if side == "right" else [[0, 0, 3, 1], [0, 0, 0, 1]]
    write_rows(tmp_path, rows, width=4, separator=None)
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    manifest["policy"]["padding_side"] = side
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    np.array([2, 1], np.uint32).tofile(tmp_path / "sequence_lengths")
    order = order_by("after" if side == "right" else "before", texts_of)
    found = find_tokens(TokenSequences(tmp_path), [1], order=order)
    assert [number for number, _ in found.places] == [1, 0]  # where nothing stands comes first


def test_a_sort_that_there_is_not_is_refused() -> None:
    with pytest.raises(StudioError, match="sort: 'left' is not an order"):
        order_by("left", texts_of)


def test_what_stands_between_documents_tells_where_they_end(tmp_path: Path) -> None:
    rows = [[1, 2, EOS, 1, 2, EOS, 1, 2], [2, EOS, EOS, 1, 1, 1, 1, EOS]]
    token_rows = write_rows(tmp_path, rows, width=8)
    assert find_tokens(token_rows, [2, EOS]).total == 3  # a document with its end
    assert find_tokens(token_rows, [EOS, 1]).total == 0  # an end and the next beginning
    assert find_tokens(token_rows, [EOS, 1], across=True).total == 3
    assert find_tokens(token_rows, [EOS]).total == 5


def test_of_more_rows_than_can_be_traced_the_seams_are_not_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    token_rows = write_rows(tmp_path, [[1, 2, 3]] * 9, width=3, separator=None)
    sources = Seams([[1]] * 9)
    found = find_tokens(token_rows, [1, 2], sources=sources)
    assert (found.total, found.seams_known) == (0, True)
    monkeypatch.setattr(token_search, "_MOST_TRACED", 4)
    found = find_tokens(token_rows, [1, 2], sources=sources)
    assert (found.total, found.seams_known) == (5, False)
    assert find_tokens(token_rows, [1, 2], sources=sources, across=True).seams_known


@pytest.mark.parametrize(
    ("ids", "fields"),
    [([], {}), ([1] * 101, {}), ([-1], {}), ([True], {}), ([1.5], {}), ([1], {"limit": 0}), ([1], {"offset": -1})],
)
def test_what_cannot_be_searched_is_refused(tmp_path: Path, ids: list[int], fields: dict[str, int]) -> None:
    token_rows = write_rows(tmp_path, [[1, 2]], width=2)
    with pytest.raises(StudioError) as caught:
        find_tokens(token_rows, ids, **fields)
    assert caught.value.code == "invalid_request"
    assert find_tokens(token_rows, [70_000]).total == 0  # more than the stored type holds
    with pytest.raises(StudioError, match="sequence: 1 is not"):
        token_rows.sequence(1)


def test_a_cancelled_search_says_at_least(tmp_path: Path) -> None:
    token_rows = write_rows(tmp_path, [[1, 1]] * 200, width=2, batch=1)
    asked: list[int] = []

    def cancelled() -> bool:
        asked.append(1)
        return len(asked) > 3

    found = find_tokens(token_rows, [1], cancelled=cancelled)
    assert 0 < found.total < 400
    assert not found.total_is_exact


def test_rows_of_a_real_tokenization_are_read_token_by_token(tmp_path: Path) -> None:
    tokenizers = tmp_path / "tokenizers"
    tokenizer = stored(tokenizers, corpus.TOKENIZERS / "own")
    texts = [f"the cat number {n} sat on the mat " * 4 for n in range(50)]
    folder = tmp_path / "ds"
    result = tokenized(
        folder, texts, tokenizer, context_length=32, **({} if tokenizer.eos_id else {"separator": "none"})
    )
    token_rows = open_token_sequences(result.folder)
    assert open_token_sequences(result.folder) is token_rows
    assert token_rows.place(0) == ("train", 0)
    view = TokenView(TokenizerVocabulary(tokenizer), token_rows)
    ids = view.encode(" the mat")  # as in the middle of a text: the space belongs to the token
    found = find_tokens(token_rows, ids)
    assert found.total == len(places_of([row.tolist() for row in result.rows()], ids)) > 20
    hit = view.hits(found, len(ids), context=4)[0]
    row = result.rows()[hit.sequence].tolist()
    assert hit.ids == tuple(row[hit.position : hit.position + len(ids)]) == tuple(ids)
    assert (*hit.left_ids, *hit.ids, *hit.right_ids) == tuple(
        row[max(0, hit.position - 4) : hit.position + len(ids) + 4]
    )
    assert "mat" in hit.match
    assert hit.sample == ("train", 0)
    shown = view.sequence(hit.sequence)
    assert [piece.id for piece in shown.tokens] == row
    assert shown.split == "train"
    for part in shown.parts:  # what a part says of its sample is what stands there
        own = tokenizer.load().encode(texts[part.sample], add_special_tokens=False).ids
        assert own[part.first : part.last] == row[part.start : part.end]
    assert {piece.id for piece in shown.tokens if piece.special} <= set(tokenizer.control.values())
    with pytest.raises(StudioError, match="it has no tokens"):
        view.encode("")


def test_documents_with_nothing_between_them_are_told_apart(tmp_path: Path) -> None:
    tokenizer = stored(tmp_path / "tokenizers", corpus.TOKENIZERS / "own")
    texts = ["the cat sat", "the mat"] * 40
    result = tokenized(tmp_path / "ds", texts, tokenizer, context_length=16, separator="none", bos="never")
    token_rows = TokenSequences(result.folder)
    ends = tokenizer.load().encode(texts[0], add_special_tokens=False).ids[-1:]
    begins = tokenizer.load().encode(texts[1], add_special_tokens=False).ids[:1]
    whole = len(places_of([row.tolist() for row in result.rows()], ends + begins))
    assert find_tokens(token_rows, ends + begins, across=True).total == whole > 0
    found = find_tokens(token_rows, ends + begins)
    assert (found.total, found.seams_known) == (0, True)


def test_token_counts_of_a_real_tokenization_join_the_samples(tmp_path: Path) -> None:
    from mistudio_core.store.samples.index import build_index, open_index
    from mistudio_core.store.samples.listing import SampleListing
    from mistudio_core.store.samples.query import SampleQuery
    from mistudio_core.store.samples.reader import SampleReader

    texts = ["the cat " * (n % 9) for n in range(60)]
    tokenizer = stored(tmp_path / "tokenizers", corpus.TOKENIZERS / "own")
    result = tokenized(tmp_path / "ds", texts, tokenizer, context_length=8)
    name = "tok_aaaaaaaaaaaa"
    (tmp_path / "ds" / "tokenized").mkdir()
    result.folder.rename(tmp_path / "ds" / "tokenized" / name)
    build_index(tmp_path / "ds")
    reader = SampleReader(tmp_path / "ds")
    lengths = np.fromfile(tmp_path / "ds" / "tokenized" / name / "lengths", np.uint32).tolist()
    with open_index(reader) as connection:
        listing = SampleListing(reader, connection, SampleQuery(tokenization=name, min_tokens=9, sort="tokens"))
        rows = listing.rows(0, 100)
    assert rows.tolist() == sorted((n for n in range(60) if lengths[n] >= 9), key=lambda n: lengths[n])
    counts = TokenLengths(reader, name)
    assert counts.of_rows(rows) == [lengths[row] for row in rows.tolist()]
    assert set(counts.control) == set(tokenizer.control)

"""Vectorised text measures against Python's own `len`, `encode` and `split`."""

import tracemalloc

import numpy as np
import pyarrow as pa
import pytest
import xxhash
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mistudio_core.statistics.measures import _BLOCK_BYTES, measure, utf8

TYPES = [pa.string(), pa.large_string()]
SIGNS = "ab \t\n\x00\x1b\x1c\x1f\x85\xa0éß\u1680\u2000\u200a\u200b\u2028\u202f\u205f\u3000語😀Â"
TEXTS = st.lists(st.none() | st.text() | st.text(SIGNS), max_size=12)


@settings(deadline=None)
@given(TEXTS, st.sampled_from(TYPES))
@example(["", None, "  ", "a"], pa.string())
@example([], pa.string())
@example([None, None], pa.large_string())
def test_measures_are_those_of_python(texts: list[str | None], kind: pa.DataType) -> None:
    found = measure(pa.array(texts, kind))
    plain = [text or "" for text in texts]
    assert found.characters.tolist() == [len(text) for text in plain]
    assert found.bytes.tolist() == [len(text.encode()) for text in plain]
    assert found.words.tolist() == [len(text.split()) for text in plain]
    assert found.nulls.tolist() == [text is None for text in texts]
    assert found.hashes.tolist() == [0 if text is None else xxhash.xxh3_64_intdigest(text.encode()) for text in texts]
    assert len(found) == len(texts)


@settings(deadline=None)
@given(TEXTS, st.data())
def test_a_slice_and_chunks_measure_like_the_whole(texts: list[str | None], data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(texts)))
    whole = pa.array(texts, pa.string())
    expected = measure(whole)
    chunked = measure(pa.chunked_array([whole[:cut], whole[cut:]], pa.string()))
    sliced = measure(whole[cut:])
    for name in ("characters", "bytes", "words", "hashes", "nulls"):
        assert getattr(chunked, name).tolist() == getattr(expected, name).tolist()
        assert getattr(sliced, name).tolist() == getattr(expected, name)[cut:].tolist()


def test_every_character_that_python_splits_at_is_white_space_here() -> None:
    characters = [chr(point) for point in range(0x110000) if not 0xD800 <= point < 0xE000]
    found = measure(pa.array([f"a{character}b" for character in characters]))
    expected = [len(f"a{character}b".split()) for character in characters]
    assert found.words.tolist() == expected


def test_a_null_whose_memory_holds_text_counts_nothing() -> None:
    values = pa.array(["one two", "three"])
    hidden = pa.StringArray.from_buffers(2, values.buffers()[1], values.buffers()[2], pa.py_buffer(b"\x02"))
    found = measure(hidden)
    assert (found.words.tolist(), found.bytes.tolist(), found.characters.tolist()) == ([0, 1], [0, 5], [0, 5])
    assert found.hashes[0] == 0


@pytest.mark.parametrize("space", [" ", "\x85", "\u2003", "\u3000"])
def test_words_across_the_block_boundary(space: str) -> None:
    for shift in range(-4, 5):
        text = "x" * (_BLOCK_BYTES + shift) + space + "語" * (_BLOCK_BYTES // 3) + space * 2 + "y"
        pieces = [text[: _BLOCK_BYTES + shift], *text.split(space), text, "a" + space, ""]
        assert measure(pa.array(pieces)).words.tolist() == [len(piece.split()) for piece in pieces]


def test_memory_does_not_grow_with_the_text() -> None:
    texts = pa.array(["some words and\u2003more of them " * 200_000] * 3 + ["short"] * 100)
    tracemalloc.start()
    measure(texts)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert texts.nbytes > 18_000_000
    assert peak < 6_000_000


def test_the_content_hash_is_xxh3_and_never_changes() -> None:
    hashes = measure(pa.array(["miStudio"])).hashes
    assert hashes.tolist() == [4225811917462561537]
    assert hashes.dtype == np.uint64


def test_other_types_are_refused() -> None:
    with pytest.raises(TypeError, match="int64"):
        utf8(pa.array([1]))

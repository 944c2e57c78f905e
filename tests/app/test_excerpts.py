"""Which part of a text is shown: nothing of it changes, every match that is in it is marked."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mistudio_core.ui.widgets.excerpts import FOLDED_CHARS, cut, folded


@st.composite
def marked_texts(draw: st.DrawFn) -> tuple[str, list[tuple[int, int]]]:
    text = draw(st.text(alphabet="abc \n\u0301\u202e👩😀", max_size=60)) * draw(st.integers(1, 60))
    ends = sorted(draw(st.lists(st.integers(0, len(text)), max_size=8)))
    return text, [(first, last) for first, last in zip(ends[::2], ends[1::2], strict=False) if first < last]


@given(marked_texts(), st.integers(0, 4000), st.integers(0, 4000))
def test_a_cut_is_the_text_itself_with_its_matches_marked(
    made: tuple[str, list[tuple[int, int]]], start: int, length: int
) -> None:
    text, matches = made
    start = min(start, len(text))
    excerpt = cut(text, matches, start, start + length)
    assert "".join(excerpt.pieces) == text[start : start + length] == text[excerpt.start : excerpt.end]
    marks = {place for first, last in matches for place in range(first, last)}
    place = start
    for turn, piece in enumerate(excerpt.pieces):
        for _ in piece:
            assert (place in marks) == (turn % 2 == 1)
            place += 1


@given(marked_texts())
def test_a_folded_text_is_short_and_shows_its_first_match(made: tuple[str, list[tuple[int, int]]]) -> None:
    text, matches = made
    excerpt = folded(text, matches)
    assert excerpt.end - excerpt.start <= max(FOLDED_CHARS, min(len(text), FOLDED_CHARS + 200))
    if matches:
        assert excerpt.start <= matches[0][0] < excerpt.end
    else:
        assert excerpt.start == 0

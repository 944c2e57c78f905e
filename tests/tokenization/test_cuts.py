"""Pieces of a text that several tokenizers cut: every token in one piece, none cut by a piece, differences seen."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from mistudio_core.tokenization.previews.answers import PreviewToken
from mistudio_core.tokenization.previews.cuts import Piece, pieces_of


def tokens(text: str, *spans: tuple[int, int]) -> list[PreviewToken]:
    return [PreviewToken(1, text[start:end], start, end, special=False) for start, end in spans]


def cut_at(text: str, places: list[int]) -> list[PreviewToken]:
    places = sorted({0, *places, len(text)})
    return tokens(text, *pairwise(places))


TEXTS = st.text("ab \n日", min_size=1, max_size=20)


@given(data=st.data(), text=TEXTS)
def test_every_token_is_in_one_piece_and_no_piece_cuts_a_token(data: st.DataObject, text: str) -> None:
    places = st.lists(st.integers(0, len(text)), max_size=8)
    cuts = [cut_at(text, data.draw(places)) for _ in range(data.draw(st.integers(2, 4)))]
    pieces = pieces_of(text, cuts)
    for number, own in enumerate(cuts):
        ranges = [piece.tokens[number] for piece in pieces if piece.tokens[number] != (0, 0)]
        assert [place for first, last in ranges for place in range(first, last)] == list(range(len(own)))
        for piece in pieces:
            for token in own[slice(*piece.tokens[number])]:
                held = [place for place in range(token.start, token.end) if not text[place].isspace()]
                assert all(piece.start <= place < piece.end for place in held)
    for one, other in pairwise(pieces):
        assert one.end <= other.start
    for piece in pieces:
        words = [[token.text.strip() or (token.start, token.end) for token in own[slice(*at)]] for own, at in
                 zip(cuts, piece.tokens, strict=True)]  # fmt: skip
        assert piece.differs == any(other != words[0] for other in words[1:])


@given(data=st.data(), text=TEXTS)
def test_equal_cuts_differ_nowhere(data: st.DataObject, text: str) -> None:
    own = cut_at(text, data.draw(st.lists(st.integers(0, len(text)), max_size=8)))
    assert not any(piece.differs for piece in pieces_of(text, [own, own]))


def test_a_space_that_goes_to_a_word_is_no_difference() -> None:
    text = "the unhappy cat"
    with_spaces = tokens(text, (0, 3), (3, 6), (6, 11), (11, 15))
    without = tokens(text, (0, 3), (4, 11), (12, 15))
    assert pieces_of(text, [with_spaces, without]) == (
        Piece(0, 3, ((0, 1), (0, 1)), differs=False),
        Piece(4, 11, ((1, 3), (1, 2)), differs=True),
        Piece(12, 15, ((3, 4), (2, 3)), differs=False),
    )


def test_parts_of_one_character_are_in_one_piece() -> None:
    text = "a🙂b"
    (_, face, _) = pieces_of(text, [tokens(text, (0, 1), (1, 2), (1, 2), (2, 3)), tokens(text, (0, 1), (1, 2), (2, 3))])
    assert face == Piece(1, 2, ((1, 3), (1, 2)), differs=True)


def test_a_text_without_tokens_has_no_pieces() -> None:
    assert pieces_of("", [[], []]) == pieces_of("  ", [[], []]) == ()

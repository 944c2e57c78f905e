"""Tokenizations side by side."""

import numpy as np
import pytest

from mistudio_core.errors import StudioError
from mistudio_core.statistics.compare import Compared, Difference, compare, first_difference, overlap
from mistudio_core.statistics.tokens import TokenStatistics

STRINGS = ["a", "b", "c", "d"]


def tokenized(name: str, ids: list[int], strings: list[str] | None = STRINGS, split: str = "train") -> Compared:
    made = TokenStatistics(4, context_length=len(ids))
    made.add_tokens(np.array(ids, np.uint16))
    made.add_documents(np.array([len(ids)]), np.array([20]), characters=10, words=5, split=split)
    made.add_sequences(np.array([len(ids)]), np.array([1]), split=split)
    return Compared(name, made.result(), 100, made.frequencies, strings)


def test_the_figures_stand_side_by_side() -> None:
    found = compare([tokenized("one", [0, 0, 1, 2]), tokenized("two", [2, 3], split="test")])
    assert [row["name"] for row in found["tokenizations"]] == ["one", "two"]
    assert found["tokenizations"][0]["fertility"]["tokens_per_byte"] == 0.2
    rows = [(row["name"], row["split"], row["tokens_per_word"]) for row in found["fertility_by_split"]]
    assert rows == [("one", "train", 0.8), ("two", "test", 0.4)]
    by_length = [(row["name"], row["first"], row["tokens_per_byte"]) for row in found["fertility_by_length"]]
    assert by_length == [("one", 19, 0.2), ("two", 19, 0.1)]
    assert [(row["name"], row["first"], row["share"]) for row in found["lengths"]] == [("one", 4, 1.0), ("two", 2, 1.0)]


def test_overlap_counts_strings_and_not_ids() -> None:
    one, other = tokenized("one", [0, 0, 1, 2]), tokenized("other", [0, 3, 3, 1], ["b", "x", "y", "a"])
    assert overlap(one, other) == {
        "one": "one", "other": "other", "shared": 2, "union": 4, "jaccard": 0.5,
        "share_of_one": 0.75, "share_of_other": 0.75,
    }  # fmt: skip


def test_ids_with_one_string_count_as_one() -> None:
    found = overlap(
        tokenized("one", [0, 1, 2], ["a", "a", "b", "c"]), tokenized("other", [0, 0, 0], ["a", "b", "c", "d"])
    )
    assert (found["shared"], found["union"], found["share_of_one"]) == (1, 2, 2 / 3)


def test_nothing_is_said_of_strings_that_are_not_known() -> None:
    found = overlap(tokenized("one", [0], None), tokenized("other", [0]))
    assert (found["shared"], found["share_of_other"]) == (None, None)


def test_unused_vocabularies_overlap_in_nothing() -> None:
    found = overlap(tokenized("one", []), tokenized("other", []))
    assert (found["shared"], found["jaccard"], found["share_of_one"]) == (0, None, None)


@pytest.mark.parametrize("names", [["one"], ["a", "b", "c", "d", "e"], ["same", "same"]])
def test_two_to_four_of_different_names_can_be_compared(names: list[str]) -> None:
    with pytest.raises(StudioError) as raised:
        compare([tokenized(name, [0]) for name in names])
    assert raised.value.code == "invalid_request"


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ([[1, 2], [3]], [[1, 2], [3]], None),
        ([[1, 2], [3, 4]], [[1, 2], [3, 5]], Difference(1, 1)),
        ([[1, 2]], [[1, 2, 3]], Difference(0, 2)),
        ([[1]], [[1], [2]], Difference(1, 0)),
        ([["a\0"]], [["a"]], Difference(0, 0)),
        ([], [], None),
    ],
)
def test_where_two_tokenizers_part(one: list[list[int]], other: list[list[int]], expected: Difference | None) -> None:
    assert first_difference(one, other) == expected

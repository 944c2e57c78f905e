"""Frequencies by position against a slow count."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from mistudio_core.statistics.positions import EXACT_SLOTS, PositionCounts, position_ids, sequence_step

VOCABULARY = 9
IDS = (3, 0, 7)
RELAXED = settings(deadline=None)


def shaped(width: int) -> st.SearchStrategy[np.ndarray]:
    shapes = st.integers(0, 12).map(lambda rows: (rows, width))
    return shapes.flatmap(lambda shape: npst.arrays(np.uint16, shape, elements=st.integers(0, VOCABULARY - 1)))


@RELAXED
@given(shaped(5), st.integers(1, 4))
def test_each_chosen_id_is_counted_at_each_position(rows: np.ndarray, step: int) -> None:
    made = PositionCounts(IDS, VOCABULARY, 5, step=step)
    made.add_sequences(rows)
    result = made.result(str)
    counted = rows[::step]
    assert (result["sequences"], result["sequences_counted"], result["exact"]) == (
        len(rows),
        len(counted),
        len(rows) == len(counted),
    )
    for row in result["tokens"]:
        assert row["counts"] == [int((counted[:, place] == row["id"]).sum()) for place in range(5)]
        assert row["token"] == str(row["id"])


@RELAXED
@given(shaped(4), st.integers(0, 12), st.integers(1, 3))
def test_rows_may_come_in_any_split(rows: np.ndarray, cut: int, step: int) -> None:
    whole, start, rest = (PositionCounts(IDS, VOCABULARY, 4, step=step) for _ in range(3))
    whole.add_sequences(rows)
    start.add_sequences(rows[:cut])
    rest.add_sequences(rows[cut:], first=min(cut, len(rows)))
    rest.merge(start)
    assert rest.result() == whole.result()


def test_padding_is_never_counted() -> None:
    rows = np.array([[3, 3, 0, 0], [3, 0, 0, 0]], np.uint16)
    made = PositionCounts(IDS, VOCABULARY, 4)
    made.add_sequences(rows, tokens=np.array([[1, 1, 1, 0], [1, 0, 0, 0]], bool))
    found = {row["id"]: row["counts"] for row in made.result()["tokens"]}
    assert found == {3: [2, 1, 0, 0], 0: [0, 0, 1, 0], 7: [0, 0, 0, 0]}


@pytest.mark.parametrize(("context", "bins"), [(1, 1), (256, 256), (257, 165), (512, 219), (1024, 231), (8192, 253)])
def test_no_more_than_256_bins(context: int, bins: int) -> None:
    made = PositionCounts(range(300), 400, context)
    made.add_sequences(np.full((3, context), 254, np.uint32))
    result = made.result()
    found = result["bins"]
    assert (len(found), len(result["tokens"])) == (bins, 255)
    assert sum(result["tokens"][254]["counts"]) == 3 * context
    assert (found[0]["first"], found[-1]["last"]) == (0, context - 1)
    assert all(one["last"] + 1 == next_one["first"] for one, next_one in pairwise(found))


@pytest.mark.parametrize("context", [257, 512, 1024, 131_072])
def test_the_first_64_and_the_last_8_positions_are_never_averaged(context: int) -> None:
    rows = np.zeros((10, context), np.uint16)
    rows[:, 0] = 3
    rows[:5, 63] = 7
    rows[:, -1] = 3
    rows[:2, -8] = 7
    made = PositionCounts(IDS, VOCABULARY, context)
    made.add_sequences(rows)
    result = made.result()
    counts = {row["id"]: dict(zip(map(str, result["bins"]), row["counts"], strict=True)) for row in result["tokens"]}

    def at(token_id: int, place: int) -> int:
        return counts[token_id][str({"first": place, "last": place})]

    assert (at(3, 0), at(3, 1), at(3, context - 1), at(3, context - 2)) == (10, 0, 10, 0)
    assert (at(7, 62), at(7, 63), at(7, context - 9 + 1), at(7, context - 7)) == (0, 5, 2, 0)


def test_special_ids_that_were_seen_come_before_the_most_frequent() -> None:
    frequencies = np.arange(100)
    frequencies[99] = 0
    assert position_ids(frequencies, [99, 5])[:3] == [5, 98, 97]
    assert len(position_ids(frequencies, [99, 5])) == 51


def test_rows_are_skipped_only_where_there_are_very_many() -> None:
    assert sequence_step(EXACT_SLOTS // 512, 512) == 1
    assert sequence_step(EXACT_SLOTS // 512 + 1, 512) == 2


def test_other_ids_are_not_merged() -> None:
    with pytest.raises(ValueError, match="counted alike"):
        PositionCounts([1], 9, 4).merge(PositionCounts([2], 9, 4))

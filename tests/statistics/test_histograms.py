"""Bins: every value lies in exactly one of them, and their edges follow the rules that are documented."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mistudio_core.statistics.distributions import FloatDistribution, IntegerDistribution
from mistudio_core.statistics.histograms import (
    LINEAR_BINS,
    LOG_LASTS,
    LOG_STARTS,
    float_bins,
    integer_bins,
    linear_bins,
    log_bins,
    log_index,
    round_width,
    value_rows,
)

LENGTHS = st.lists(st.integers(0, 2**40) | st.integers(0, 30), max_size=30)
RELAXED = settings(deadline=None)


def integers(values: list[int], offset: int = 0) -> IntegerDistribution:
    made = IntegerDistribution(offset=offset)
    made.add(np.array([value - offset for value in values], np.int64))
    return made


def floats(values: list[float]) -> FloatDistribution:
    made = FloatDistribution()
    made.add(np.array(values))
    return made


@RELAXED
@given(LENGTHS)
def test_bins_of_lengths_hold_each_length_once(values: list[int]) -> None:
    for bins in (linear_bins(integers(values)), log_bins(integers(values))):
        for row in bins:
            assert row["count"] == sum(row["first"] <= value <= row["last"] for value in values)
        assert sum(row["count"] for row in bins) == len(values)
        assert all(row["last"] + 1 == after["first"] for row, after in pairwise(bins))
        assert not bins or bins[-1]["last"] >= max(values)


def test_logarithmic_bins_are_single_up_to_eight_then_four_to_a_doubling() -> None:
    assert LOG_STARTS[:16].tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 13, 16, 19, 22, 26]
    assert {2**power for power in range(63)} <= set(LOG_STARTS.tolist())
    assert LOG_LASTS[-1] == 2**63 - 1
    values = np.array([0, 1, 8, 10, 11, 2**63 - 1])
    places = log_index(values)
    assert (LOG_STARTS[places] <= values).all()
    assert (values <= LOG_LASTS[places]).all()


@pytest.mark.parametrize(
    ("span", "width"), [(1, 1), (50, 1), (51, 2), (100, 2), (101, 5), (251, 10), (5001, 200), (2**63, 2 * 10**17)]
)
def test_widths_are_round(span: int, width: int) -> None:
    assert round_width(span, LINEAR_BINS) == width


@RELAXED
@given(st.lists(st.integers(-(2**63), 2**63 - 1) | st.integers(-20, 20), min_size=1, max_size=30))
@example([0, 10])
@example([2**53, 2**53 + 1])
@example([-(2**63), 2**63 - 1])
def test_integer_bins_cover_the_range_in_equal_steps(values: list[int]) -> None:
    bins = integer_bins(integers(values))
    width = -(-(max(values) - min(values) + 1) // 10)
    assert len(bins) <= 10
    assert (bins[0]["first"], bins[-1]["last"]) == (min(values), max(values))
    for row in bins:
        assert row["count"] == sum(row["first"] <= value <= row["last"] for value in values)
        assert row["last"] - row["first"] + 1 == width or row is bins[-1]


def test_the_last_integer_bin_takes_in_no_further_value() -> None:
    bins = integer_bins(integers(list(range(11))))
    assert [(row["first"], row["last"], row["count"]) for row in bins] == [
        (0, 1, 2), (2, 3, 2), (4, 5, 2), (6, 7, 2), (8, 9, 2), (10, 10, 1)
    ]  # fmt: skip


def test_integer_bins_reach_the_end_of_uint64() -> None:
    bins = integer_bins(integers([2**63, 2**64 - 1], offset=2**63))
    assert (bins[0]["first"], bins[-1]["last"]) == (2**63, 2**64 - 1)
    assert [row["count"] for row in bins] == [1, 0, 0, 0, 0, 0, 0, 0, 0, 1]


@RELAXED
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=30))
@example([-1.7976931348623157e308, 1.7976931348623157e308])
@example([1.0, 1.0000000000000002])
@example([0.1] * 3)
@example([0.0, 5e-324])
@example([0.0, 0.3, 0.7, 1.0])
def test_float_bins_hold_each_value_once(values: list[float]) -> None:
    bins = float_bins(floats(values))
    assert len(bins) <= 10
    assert (bins[0]["first"], bins[-1]["last"]) == (min(values), max(values))
    for row in bins:
        inside = [row["first"] <= value < row["last"] or value == row["last"] == max(values) for value in values]
        assert row["count"] == sum(inside)
    assert sum(row["count"] for row in bins) == len(values)


def test_float_bins_are_those_of_numpy() -> None:
    values = np.random.default_rng(2).normal(size=5000)
    counts, edges = np.histogram(values, 10)
    bins = float_bins(floats(values.tolist()))
    assert [row["count"] for row in bins] == counts.tolist()
    assert [row["first"] for row in bins] == pytest.approx(edges[:-1].tolist())


def test_all_equal_values_make_one_bin() -> None:
    assert integer_bins(integers([5, 5])) == [{"first": 5, "last": 5, "count": 2}]
    assert float_bins(floats([2.5, 2.5])) == [{"first": 2.5, "last": 2.5, "count": 2}]


def test_no_value_makes_no_bin() -> None:
    assert linear_bins(integers([])) == log_bins(integers([])) == integer_bins(integers([])) == []
    assert float_bins(floats([])) == []


def test_few_values_are_listed_and_many_are_not() -> None:
    assert value_rows(integers([3, 1, 3]), 2) == [{"value": 1, "count": 1}, {"value": 3, "count": 2}]
    assert value_rows(integers([3, 1, 2]), 2) is None

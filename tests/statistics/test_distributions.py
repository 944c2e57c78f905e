"""Distributions against statistics computed slowly with fractions, in any split and order."""

import random
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mistudio_core.statistics.distributions import (
    BUCKET_ERROR,
    PERCENTILES,
    Distribution,
    FloatDistribution,
    IntegerDistribution,
    float_keys,
    key_floats,
)
from tests.support import slow_statistics

INT64 = st.integers(-(2**63), 2**63 - 1)
INTEGERS = st.lists(INT64 | st.integers(-5, 5) | st.integers(2**53, 2**53 + 9), max_size=40)
FLOATS = st.lists(st.floats(allow_nan=False, allow_infinity=False) | st.integers(-3, 3).map(float), max_size=40)
RELAXED = settings(deadline=None)


def integers(values: list[int], **options: Any) -> IntegerDistribution:
    made = IntegerDistribution(**options)
    made.add(np.array(values, np.int64))
    return made


def floats(values: list[float], **options: Any) -> FloatDistribution:
    made = FloatDistribution(**options)
    made.add(np.array(values, np.float64))
    return made


@RELAXED
@given(INTEGERS)
@example([])
@example([2**53 + 1])
@example([7, 7, 7])
@example([-(2**63), -(2**63), 2**63 - 1])
def test_integers_are_summarised_exactly(values: list[int]) -> None:
    assert integers(values).summary() == slow_statistics.summary(values, PERCENTILES, floats=False)


@RELAXED
@given(FLOATS)
@example([])
@example([0.1])
@example([1e308, 1e308, -1e308])
@example([5e-324, -5e-324, 0.0, -0.0])
@example([1.7976931348623157e308, -1.7976931348623157e308])
def test_floats_are_summarised_without_any_rounding_but_the_last(values: list[float]) -> None:
    assert floats(values).summary() == slow_statistics.summary(values, PERCENTILES, floats=True)


def test_an_offset_reaches_all_of_uint64() -> None:
    values = [0, 2**53 + 1, 2**63, 2**64 - 1]
    made = integers([value - 2**63 for value in values], offset=2**63)
    assert made.summary() == slow_statistics.summary(values, PERCENTILES, floats=False)


def test_percentiles_are_those_of_numpy() -> None:
    values = np.random.default_rng(3).integers(0, 5000, 4000)
    found = integers(values.tolist()).summary()["percentiles"]
    assert [found[str(percent)] for percent in PERCENTILES] == pytest.approx(np.percentile(values, PERCENTILES))


@RELAXED
@given(INTEGERS, st.integers(0, 5), st.integers(0, 40), st.randoms(use_true_random=False))
def test_no_split_or_order_changes_integers(values: list[int], limit: int, cut: int, shuffler: random.Random) -> None:
    whole = integers(values, limit=limit)
    shuffler.shuffle(values)
    merged = integers(values[cut:], limit=limit)
    merged.merge(integers(values[:cut], limit=limit))
    assert_alike(merged, whole)


@RELAXED
@given(FLOATS, st.integers(0, 5), st.integers(0, 40), st.randoms(use_true_random=False))
def test_no_split_or_order_changes_floats(values: list[float], limit: int, cut: int, shuffler: random.Random) -> None:
    whole = floats(values, limit=limit)
    shuffler.shuffle(values)
    merged = floats(values[cut:], limit=limit)
    merged.merge(floats(values[:cut], limit=limit))
    assert_alike(merged, whole)


def assert_alike(one: Distribution, other: Distribution) -> None:
    assert one.summary() == other.summary()
    for mine, theirs in zip(one.support(), other.support(), strict=True):
        assert mine.tolist() == theirs.tolist()


@pytest.mark.parametrize("scale", [1e-9, 1.0, 1e12])
def test_beyond_its_limit_a_distribution_states_its_error_and_keeps_it(scale: float) -> None:
    values = (np.random.default_rng(5).lognormal(0, 2, 20_000) * scale).tolist()
    found, exact = floats(values, limit=1000).summary(), floats(values).summary()
    assert (found["exact"], found["relative_error"], found["distinct"]) == (False, BUCKET_ERROR, None)
    for key in ("count", "sum", "min", "max", "mean", "std"):
        assert found[key] == exact[key]
    for percent in PERCENTILES:
        key = str(percent)
        assert found["percentiles"][key] == pytest.approx(exact["percentiles"][key], rel=2 * BUCKET_ERROR)


def test_integers_beyond_the_limit_keep_the_error_too() -> None:
    values = np.random.default_rng(6).integers(-(2**62), 2**62, 20_000).tolist()
    found, exact = integers(values, limit=1000).summary(), integers(values).summary()
    assert not found["exact"]
    assert (found["sum"], found["std"], found["min"]) == (exact["sum"], exact["std"], exact["min"])
    assert found["percentiles"]["25"] == pytest.approx(exact["percentiles"]["25"], rel=2 * BUCKET_ERROR)


@RELAXED
@given(INTEGERS, st.integers(0, 60))
def test_arrays_restore_a_distribution(values: list[int], limit: int) -> None:
    made = integers(values, limit=limit, offset=3)
    restored = IntegerDistribution.restore(made.arrays())
    assert_alike(restored, made)
    more = np.array([1, -(2**63)], np.int64)
    made.add(more)
    restored.add(more)
    assert_alike(restored, made)


@given(st.floats(allow_nan=False), st.floats(allow_nan=False))
def test_keys_sort_like_the_floats_and_give_them_back(one: float, other: float) -> None:
    keys = float_keys(np.array([one, other]))
    assert (keys[0] < keys[1]) == (one < other)
    assert key_floats(keys).tolist() == [one, other]


def test_what_does_not_belong_is_refused() -> None:
    with pytest.raises(ValueError, match="infinities"):
        floats([float("inf")])
    with pytest.raises(ValueError, match="made alike"):
        integers([1], limit=5).merge(integers([1], limit=6))
    with pytest.raises(ValueError, match="cannot be put together"):
        integers([1]).sums.merge(floats([1.0]).sums)


def test_many_values_are_counted_over_many_calls() -> None:
    random_numbers = np.random.default_rng(1).integers(0, 300_000, 600_000)
    made = IntegerDistribution()
    for part in np.array_split(random_numbers, 37):
        made.add(part)
    values, counts = made.support()
    expected = np.unique(random_numbers, return_counts=True)
    assert (values == expected[0]).all()
    assert (counts == expected[1]).all()

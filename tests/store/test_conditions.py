"""Every comparison and every sort of every type of column against plain Python, NaN, null and the extremes included."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable, Iterator
from datetime import timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from mistudio_core.errors import StudioError
from mistudio_core.statistics.dataset import dataset_statistics
from mistudio_core.statistics.moments import moment_text
from mistudio_core.store.samples.conditions import condition_on, left_out
from mistudio_core.store.samples.index import build_index, open_index
from mistudio_core.store.samples.listing import SampleListing
from mistudio_core.store.samples.query import SampleQuery
from mistudio_core.store.samples.reader import SampleReader
from mistudio_core.ui.columns import bar_fields
from tests.support.corpora import write_dataset

ROWS = 90
NAN = math.nan
FLOATS = [NAN, math.inf, -math.inf, -0.0, 0.0, 0.1, -1.0, 1.5, 2.0, 65504.0, 5e-324, 2.0**53]
TEXTS = ["", " ", "nan", "NaN", "null", "is null", "inf", "0", "-0.0", "ä", "z", "\U0001f600", "\uffff", "\x00", "a=b"]
LABELS = ["bad", "null", "nan"]
DAY_US = 86_400 * 10**6


def _column(kind: pa.DataType, pool: list[Any], seed: int) -> pa.Array:
    chance = random.Random(seed)
    values = [None if chance.random() < 0.2 else chance.choice(pool) for _ in range(ROWS)]
    if pa.types.is_floating(kind):
        with np.errstate(over="ignore"):
            numbers = [None if value is None else kind.to_pandas_dtype()(value) for value in values]
        return pa.array(numbers, kind)
    if pa.types.is_temporal(kind):
        return pa.array(values, pa.int32() if kind.bit_width == 32 else pa.int64()).cast(kind)
    return pa.array(values, kind)


def _integers(bits: int, *, signed: bool = True) -> list[int]:
    least, greatest = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
    return [least, least + 1, 0, 1, 2, 100, greatest - 1, greatest]


def _moments(unit_us: Fraction, extremes: bool) -> list[int]:
    near = [int(day * DAY_US / unit_us) for day in (-1, 0, 1, 20_000)]
    far = [-(2**62), 2**62, 2**63 - 1, 1 - 2**63] if extremes else []
    return [*near, near[-1] + 1, near[-1] - 1, *far]


def _columns() -> dict[str, pa.Array]:
    kinds: dict[str, tuple[pa.DataType, list[Any]]] = {
        **{f"f{bits}": (getattr(pa, f"float{bits}")(), FLOATS) for bits in (16, 32, 64)},
        **{f"i{bits}": (getattr(pa, f"int{bits}")(), _integers(bits)) for bits in (8, 16, 32, 64)},
        **{f"u{bits}": (getattr(pa, f"uint{bits}")(), _integers(bits, signed=False)) for bits in (8, 16, 32, 64)},
        "price": (pa.decimal128(5, 2), [0, 1, -1, 2, 100, 999, -999]),
        "wide": (pa.decimal128(38, 4), [0, 10**33, -(10**33), 7]),
        "flag": (pa.bool_(), [True, False]),
        "label": (pa.int64(), [-1, 0, 1, 2]),
        "text": (pa.string(), TEXTS),
        "large": (pa.large_string(), TEXTS),
        "day": (pa.date32(), [-(2**31) + 1, -1, 0, 1, 20_000, 2**31 - 1]),
        "s": (pa.timestamp("s"), _moments(Fraction(10**6), False)),
        "ms": (pa.timestamp("ms"), _moments(Fraction(1000), False)),
        "us": (pa.timestamp("us"), _moments(Fraction(1), True)),
        "ns": (pa.timestamp("ns"), _moments(Fraction(1, 1000), True)),
        "zoned": (pa.timestamp("us", "Asia/Tokyo"), _moments(Fraction(1), True)),
        "same": (pa.float64(), [2.0, NAN]),
        "zoned_ns": (pa.timestamp("ns", "UTC"), _moments(Fraction(1, 1000), True)),
        "clock_s": (pa.time32("s"), [0, 1, 86_399]),
        "clock_ms": (pa.time32("ms"), [0, 1, 86_399_999]),
        "clock_us": (pa.time64("us"), [0, 1, DAY_US - 1]),
        "clock_ns": (pa.time64("ns"), [0, 1, DAY_US * 1000 - 1]),
        **{f"lasts_{unit}": (pa.duration(unit), [*_integers(64), -1, 90_000]) for unit in ("s", "ms", "us", "ns")},
    }
    made = {name: _column(kind, pool, seed) for seed, (name, (kind, pool)) in enumerate(kinds.items())}
    return made | {"dictionary": made["text"].dictionary_encode()}


class Corpus:
    """The samples on disk, and each value as what Python compares: a float, a Fraction, bytes, or None."""

    def __init__(self, folder: Path) -> None:
        columns = _columns()
        features = {"label": {"_type": "ClassLabel", "names": LABELS}}
        metadata = {b"huggingface": json.dumps({"info": {"features": features}}).encode()}
        write_dataset(folder, {"train": pa.table(columns).replace_schema_metadata(metadata)}, group_rows=16)
        build_index(folder)
        self.folder = folder
        self.reader = SampleReader(folder)
        self.connection = open_index(self.reader)
        self.kinds = {name: column.type for name, column in columns.items()}
        self.values = {name: comparable(column) for name, column in columns.items()}

    def listing(self, **fields: Any) -> SampleListing:
        return SampleListing(self.reader, self.connection, SampleQuery(**fields))


def comparable(column: pa.Array) -> list[Any]:
    kind = column.type
    if pa.types.is_temporal(kind):
        numbers = column.cast(pa.int32() if kind.bit_width == 32 else pa.int64()).to_pylist()
        return [None if number is None else number * seconds(kind) for number in numbers]
    values = column.to_pylist()
    if pa.types.is_floating(kind):
        return [None if value is None else float(value) for value in values]
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_dictionary(kind):
        return [None if value is None else value.encode() for value in values]
    return [None if value is None else Fraction(value) for value in values]


def seconds(kind: pa.DataType) -> Fraction:
    if pa.types.is_date(kind):
        return Fraction(86_400)
    return Fraction(1, {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[kind.unit])


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Corpus]:
    made = Corpus(tmp_path_factory.mktemp("conditions"))
    yield made
    made.connection.close()


def is_text(kind: pa.DataType) -> bool:
    return pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_dictionary(kind)


NUMBERS = st.sampled_from(
    ["nan", "inf", "-inf", "-0.0", "0", "0.1", "1.5", "-1", "1e300", "-1e9999999", "1e-9999999", "1.005", "99999",
     "2.5", "9007199254740993", "18446744073709551615", "18446744073709551616", "-9223372036854775809", "9" * 400,
     "0.0700", "65504", "65505", "3.5e38"]
)  # fmt: skip


def asked(corpus: Corpus, name: str, data: st.DataObject) -> tuple[str, Any]:
    """Draw a value for a column as text, and as what it is compared as."""
    kind = corpus.kinds[name]
    if is_text(kind):
        text = data.draw(st.sampled_from(TEXTS) | st.text(max_size=2))
        return text, text.encode("utf-8")
    if pa.types.is_boolean(kind):
        return data.draw(st.sampled_from([("true", Fraction(1)), ("no", Fraction(0))]))
    if name == "label" and data.draw(st.booleans()):
        number = data.draw(st.sampled_from(range(3)))
        return LABELS[number], Fraction(number)
    if pa.types.is_temporal(kind):
        return moment_asked(corpus, name, data)
    text = data.draw(NUMBERS)
    if name == "label" and text == "nan":
        return text, Fraction(LABELS.index("nan"))
    if pa.types.is_floating(kind):
        value = float(text)
        with np.errstate(over="ignore"):
            rounded = float(kind.to_pandas_dtype()(value))
        return text, value if math.isinf(rounded) else rounded
    number = float(text)  # type: ignore[assignment]
    return text, number if not math.isfinite(number) and "9" * 9 not in text else exact(text)


def exact(text: str) -> Any:
    return float("-inf") if text.startswith("-1e99") else Fraction(text) if "e-99" not in text else Fraction(1, 10**99)


def moment_asked(corpus: Corpus, name: str, data: st.DataObject) -> tuple[str, Any]:
    kind = corpus.kinds[name]
    value = data.draw(st.sampled_from([value for value in corpus.values[name] if value is not None]))
    if pa.types.is_time(kind):
        text = str(np.int64(int(value * 10**9)).astype("datetime64[ns]")).partition("T")[2]
        return text, value
    if pa.types.is_duration(kind):
        return duration_asked(value, kind, data), value
    if pa.types.is_date(kind) and data.draw(st.booleans()):  # a moment within the day
        return moment_text(int(value / seconds(kind)), "D", None) + "T12:00:00.5", value + Fraction("43200.5")
    unit = "D" if pa.types.is_date(kind) else kind.unit
    return moment_text(int(value / seconds(kind)), unit, getattr(kind, "tz", None)), value


def duration_asked(value: Fraction, kind: pa.DataType, data: st.DataObject) -> str:
    """Write a duration by its unit, or as it is shown where Python can hold it."""
    try:
        shown = str(timedelta(microseconds=int(value * 10**6)))
    except OverflowError:
        shown = ""
    if shown and value * 10**6 % 1 == 0 and data.draw(st.booleans()):
        return shown
    return f"{int(value / seconds(kind))} {kind.unit}"


def fulfils(operator: str, value: Any, bound: Any) -> bool:
    """Tell what Python says, in which NaN equals nothing; a null fulfils nothing, and NaN is found by its name."""
    if value is None:
        return False
    if isinstance(bound, float) and math.isnan(bound):
        is_nan = isinstance(value, float) and math.isnan(value)
        return {"=": is_nan, "!=": not is_nan}.get(operator, False)
    tests: dict[str, Callable[[Any, Any], bool]] = {
        "=": lambda one, two: one == two, "!=": lambda one, two: one != two,
        ">=": lambda one, two: one >= two, "<=": lambda one, two: one <= two,
    }  # fmt: skip
    return tests[operator](value, bound)


@hypothesis_settings(max_examples=120, deadline=None)
@given(data=st.data())
def test_conditions_keep_what_python_keeps(corpus: Corpus, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(corpus.kinds)))
    operator = data.draw(st.sampled_from([">=", "<=", "=", "!="]))
    text, bound = asked(corpus, name, data)
    found = corpus.listing(where=(f"{name}{operator}{text}",))
    expected = [row for row, value in enumerate(corpus.values[name]) if fulfils(operator, value, bound)]
    assert found.rows(0, ROWS).tolist() == expected, (name, operator, text)
    assert found.count() == len(expected)


@hypothesis_settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_sorts_are_stable_and_end_with_what_has_no_place(corpus: Corpus, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(corpus.kinds)))
    descending = data.draw(st.booleans())
    values = corpus.values[name]
    placeless = [row for row, value in enumerate(values) if value is None or value != value]
    placed = [row for row in range(ROWS) if row not in set(placeless)]
    expected = sorted(placed, key=lambda row: values[row], reverse=descending) + placeless
    listing = corpus.listing(sort=f"column:{name}", descending=descending)
    size = data.draw(st.sampled_from([1, 7, 50]))
    pages = [listing.rows(offset, size).tolist() for offset in range(0, ROWS, size)]
    assert [row for page in pages for row in page] == expected, (name, descending)


@pytest.mark.parametrize("name", sorted(_columns()))
def test_nulls_and_nan_are_found_by_name(corpus: Corpus, name: str) -> None:
    values = corpus.values[name]
    nulls = [row for row, value in enumerate(values) if value is None]
    others = [row for row in range(ROWS) if row not in set(nulls)]
    assert nulls
    named = not is_text(corpus.kinds[name]) and name != "label"  # where null is a value, it is that value
    for asking_nulls, asking_others in [(" is null", " is not null"), *([("=null", "!=NULL")] if named else [])]:
        assert corpus.listing(where=(f"{name}{asking_nulls}",)).rows(0, ROWS).tolist() == nulls
        assert corpus.listing(where=(f"{name}{asking_others}",)).rows(0, ROWS).tolist() == others
    if named:
        assert corpus.listing(where=(f"{name}>=null",)).count() == corpus.listing(where=(f"{name}<=null",)).count() == 0
    if pa.types.is_floating(corpus.kinds[name]):
        nans = [row for row in others if math.isnan(values[row])]
        assert nans
        assert corpus.listing(where=(f"{name}=NaN",)).rows(0, ROWS).tolist() == nans
        left = [row for row in others if row not in set(nans)]
        assert corpus.listing(where=(f"{name}!=nan",)).rows(0, ROWS).tolist() == left
        assert corpus.listing(where=(f"{name}>=-inf",)).rows(0, ROWS).tolist() == left


def test_the_bars_of_every_type_open_what_they_count(corpus: Corpus) -> None:
    columns = dataset_statistics(corpus.folder)["columns"]
    opened = 0
    for column in columns:
        name = column["name"]
        for bar in column.get("values") or ():
            if column["kind"] not in ("integer", "class_label", "boolean", "text") or column.get("unit"):
                continue
            assert corpus.listing(**bar_fields.of_value(name)(bar)).count() == bar["count"], (name, bar)
            opened += 1
        for bar in () if column.get("unit") or column.get("values") else column.get("histogram") or ():
            shown = bar | {"first": str(bar["first"]), "last": str(bar["last"])}
            assert corpus.listing(**bar_fields.of_bin(column)(shown)).count() == bar["count"], (name, bar)
            opened += 1
    assert opened > 100


@pytest.mark.parametrize(
    ("text", "facts", "expected"),
    [
        ("k!=2", {}, ("null",)),
        ("k=2", {}, ()),
        ("k>=2", {}, ("null",)),
        ("k<=2", {"is_float": True}, ("null", "NaN")),
        ("k!=2", {"is_float": True}, ("null",)),
        ("k!=nan", {"is_float": True}, ("null",)),
        ("k=nan", {"is_float": True}, ()),
        ("k!=null", {"is_float": True}, ()),
        ("k!=null", {"is_text": True}, ("null",)),
        ("k is not null", {}, ()),
        ("len(k)>=1", {}, ("null",)),
        ("letters(k)!=Latin", {"is_text": True}, ("null",)),
    ],
)
def test_what_a_condition_leaves_out_is_known(text: str, facts: dict[str, bool], expected: tuple[str, ...]) -> None:
    assert left_out(condition_on(text, ["k"]), **{"is_text": False, "is_float": False} | facts) == expected


@pytest.mark.parametrize(
    "condition",
    [
        "f32=one",
        "day>=2026-13-01",
        "us>=2026-01-01T25:00",
        "clock_s>=24:00",
        "flag>=nan",
        "lasts_s>=5",
        "lasts_s=1:60",
        "us<=nan",
        "i8=1_0",
        "i8=٣",
    ],
)
def test_values_that_cannot_be_are_refused(corpus: Corpus, condition: str) -> None:
    with pytest.raises(StudioError) as caught:
        corpus.listing(where=(condition,))
    assert caught.value.code == "invalid_request"

"""Statistics of text columns against Python's own strings, in any split and order of the samples."""

import random
import re
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import regex
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mistudio_core.statistics.distributions import PERCENTILES
from mistudio_core.statistics.duplicates import DuplicateCounts
from mistudio_core.statistics.measures import measure
from mistudio_core.statistics.scripts import ScriptCounts, letters_of, script_names, script_of
from mistudio_core.statistics.text import TextStatistics
from mistudio_core.statistics.text_column import TextColumn
from mistudio_core.unicode import UNICODE_VERSION, is_letter
from tests.support import slow_statistics

TEXTS = st.lists(st.none() | st.text(max_size=30) | st.sampled_from(["", " ", "a b", "été", "語 語"]), max_size=25)
RELAXED = settings(deadline=None)
LAYOUTS = [pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int32(), pa.string())]


def column(texts: list[str | None], limit: int = 1000, kind: pa.DataType | None = None) -> dict[str, Any]:
    schema = pa.schema([("text", kind or pa.string())])
    made = TextStatistics(schema, limit)
    made.add(pa.table([pa.array(texts, schema.field(0).type)], schema=schema), "train")
    return made.result()["columns"][0]


@RELAXED
@given(TEXTS)
@example([])
@example([None, None])
@example(["same", "same"])
def test_figures_are_those_of_python(texts: list[str | None]) -> None:
    found = column(texts)
    present = [text for text in texts if text is not None]
    measured = {
        "characters": [len(text) for text in present],
        "bytes": [len(text.encode()) for text in present],
        "words": [len(text.split()) for text in present],
    }
    for name, values in measured.items():
        summary = {key: value for key, value in found[name].items() if key not in ("linear", "log")}
        assert summary == slow_statistics.summary(values, PERCENTILES, floats=False)
        assert found["splits"]["train"][name] == sum(values)
        assert sum(row["count"] for row in found[name]["log"]) == len(present)
    assert found["nulls"] == texts.count(None)
    assert found["empties"] == texts.count("")
    assert found["blanks"] == sum(bool(text) and not text.split() for text in present)
    copies = Counter(present)
    assert found["duplicates"] == {
        "distinct": len(copies),
        "copies": len(present) - len(copies),
        "share": (len(present) - len(copies)) / len(present) if present else 0.0,
        "texts_with_copies": sum(count > 1 for count in copies.values()),
        "largest_group": max(copies.values(), default=0),
        "exact": True,
        "standard_error": 0.0,
    }


@RELAXED
@given(TEXTS, st.integers(0, 3), st.integers(0, 25), st.randoms(use_true_random=False))
def test_no_split_or_order_changes_the_result(
    texts: list[str | None], limit: int, cut: int, shuffler: random.Random
) -> None:
    def counted(part: list[str | None]) -> TextColumn:
        made = TextColumn(limit)
        for start in range(0, len(part), 4):
            made.add(pa.array(part[start : start + 4], pa.string()), "train")
        return made

    whole = counted(texts)
    shuffler.shuffle(texts)
    merged = counted(texts[cut:])
    merged.merge(counted(texts[:cut]))
    assert merged.result() | {"splits": None} == whole.result() | {"splits": None}


@pytest.mark.parametrize("kind", LAYOUTS, ids=str)
def test_every_layout_of_text_is_counted_alike(kind: pa.DataType) -> None:
    texts = ["one two", None, "", "été", "one two"]
    plain = column(texts)
    assert column(texts, kind=kind) | {"type": None} == plain | {"type": None}


def test_chunks_are_counted_alike() -> None:
    texts = ["one two", None, "", "été", "one two"]
    chunks = pa.chunked_array([texts[:2], [], texts[2:]], pa.string_view())
    table = pa.table({"text": chunks})
    made = TextStatistics(table.schema, 1000)
    made.add(table, "train")
    assert made.result()["columns"][0] | {"type": None} == column(texts) | {"type": None}


def test_measures_that_were_taken_already_are_used() -> None:
    texts = pa.array(["a b", None, "c"])
    table = pa.table({"text": texts})
    once, again = TextStatistics(table.schema), TextStatistics(table.schema)
    once.add(table, "train")
    again.add(table, "train", {"text": measure(texts)})
    assert once.result() == again.result()


@RELAXED
@given(st.lists(st.text(max_size=20), max_size=10))
def test_letters_are_counted_by_script(texts: list[str]) -> None:
    found = column(list(texts))["scripts"]
    letters = [character for character in "".join(texts) if is_letter(character)]
    expected = Counter(script_of(ord(character)) for character in letters)
    assert found["letters"] == len(letters)
    assert {row["script"]: row["letters"] for row in found["scripts"]} == expected


def test_the_script_table_is_that_of_unicode() -> None:
    everything = "".join(chr(point) for point in range(0x110000) if not 0xD800 <= point < 0xE000)
    letters = regex.findall(r"\p{L}", everything)
    assert {character for character in letters if not is_letter(character)} == set()
    by_script: dict[str, str] = {}
    for character in letters:
        script = script_of(ord(character))
        by_script[script] = by_script.get(script, "") + character
    assert set(by_script) == set(script_names()) - {"Other"}
    for script, members in by_script.items():
        assert regex.fullmatch(rf"\p{{Script={script.replace(' ', '_')}}}+", members), script
        ranges = letters_of(script)
        assert sum(last - first + 1 for first, last in ranges) == len(members)
        assert "".join(chr(point) for first, last in ranges for point in range(first, last + 1)) == members


def test_letters_that_no_python_may_know_yet_are_counted() -> None:
    # Garay and Sunuwar came with Unicode 16, Sidetic with 17, Jurchen with 18; the last two are not assigned.
    text = "\U00010d50\U00011bc0\U00010940\U00018e00\u0378\U000e1000 1\ufdd0\uffff\ue000"
    found = column([text])["scripts"]
    assert found["unicode"] == UNICODE_VERSION
    assert found["letters"] == 6
    expected = {"Garay": 1, "Sunuwar": 1, "Sidetic": 1, "Jurchen": 1, "Other": 2}
    assert {row["script"]: row["letters"] for row in found["scripts"]} == expected


def test_no_figure_comes_from_the_unicode_of_the_running_python() -> None:
    core = Path(__file__).resolve().parents[2] / "mistudio_core"
    counting = [
        core / room for room in ("statistics", "store", "library", "tokenization/tokenizer", "tokenization/texts")
    ]
    files = [path for room in counting for path in room.rglob("*.py")]
    assert len(files) > 50
    assert [path.name for path in files if re.search(r"^(import|from) unicodedata\b", path.read_text(), re.M)] == []


def test_a_long_text_is_decoded_in_pieces() -> None:
    made = ScriptCounts()
    made.add(np.frombuffer(("a" + "語é" * 600_000).encode(), np.uint8))
    found = {row["script"]: row["letters"] for row in made.result()["scripts"]}
    assert found == {"Latin": 600_001, "Han": 600_000}


def test_bytes_that_are_no_text_break_nothing() -> None:
    offsets = pa.py_buffer(np.array([0, 2, 5], np.int32).tobytes())
    broken = pa.StringArray.from_buffers(2, offsets, pa.py_buffer(b"\xff\xc3abc"))
    made = TextColumn()
    made.add(broken, "train")
    result = made.result()
    assert result["bytes"]["sum"] == 5
    assert result["scripts"]["letters"] == 3
    assert {row["value"] for row in result["values"]} == {"\ufffd\ufffd", "abc"}


def test_few_values_are_labels() -> None:
    found = column(["yes"] * 3 + ["no"] * 7 + [None])
    assert found["role"] == "string_label"
    assert found["values"] == [
        {"value": "no", "count": 7, "share": 0.7},
        {"value": "yes", "count": 3, "share": 0.3},
    ]


@pytest.mark.parametrize(
    ("distinct", "repeats", "role"),
    [(10, 1, "string_label"), (11, 1, "string_text"), (11, 5, "string_label"), (11, 4, "string_text"),
     (1000, 5, "string_label"), (1001, 9, "string_text")],
)  # fmt: skip
def test_labels_are_few_or_make_up_a_fifth_at_most(distinct: int, repeats: int, role: str) -> None:
    assert column([f"v{number}" for number in range(distinct)] * repeats)["role"] == role


def test_long_texts_are_no_labels() -> None:
    assert column(["x" * 1001] * 20)["values"] is None


def test_moments_written_as_text_are_recognised() -> None:
    texts = [
        "2024-01-31",
        "2024-02-01T10:30",
        "2024-02-01 10:30:00.25",
        "2024-02-01T12:00:00+02:00",
        "2023-12-31T23:59:59Z",
    ]
    found = column(texts * 3)
    assert found["role"] == "datetime"
    assert found["datetime"]["min"] == "2023-12-31T23:59:59.000000"
    assert found["datetime"]["max"] == "2024-02-01T10:30:00.250000"
    moments = [datetime.fromisoformat(text) for text in texts * 3]
    seconds = sorted((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() for moment in moments)
    assert found["datetime"]["std_seconds"] == pytest.approx(np.std(seconds, ddof=1))


@pytest.mark.parametrize("text", ["2024-13-01", "2024-02-30", "yesterday", "20240101", "2024-01-01T25:00"])
def test_one_text_that_is_no_moment_makes_the_column_text(text: str) -> None:
    assert column(["2024-01-01", text])["datetime"] is None


def test_beyond_its_limit_the_share_of_copies_is_estimated_within_its_error() -> None:
    random_numbers = np.random.default_rng(4)
    hashes = np.concatenate([np.repeat(random_numbers.integers(0, 2**64, 30_000, np.uint64), 3),
                             random_numbers.integers(0, 2**64, 60_000, np.uint64)])  # fmt: skip
    made = DuplicateCounts(limit=5000)
    for part in np.array_split(random_numbers.permutation(hashes), 20):
        made.add(part)
    found = made.result()
    assert not found["exact"]
    assert 0.002 < found["standard_error"] < 0.02
    assert found["share"] == pytest.approx(60_000 / 150_000, abs=4 * found["standard_error"])
    assert found["distinct"] == pytest.approx(90_000, rel=0.05)


def test_counts_with_other_limits_are_not_merged() -> None:
    with pytest.raises(ValueError, match="made alike"):
        DuplicateCounts(1).merge(DuplicateCounts(2))

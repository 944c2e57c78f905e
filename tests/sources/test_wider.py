"""Columns that need a wider type in later rows or files are read again with it, and hold what one file would."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mistudio_core.errors import StudioError
from mistudio_core.json_values import decoded
from mistudio_core.library import Library
from mistudio_core.raw import hub_features
from mistudio_core.sources.file_proxy import local
from mistudio_core.sources.tables import TableReader
from mistudio_core.sources.wider import WiderError, wider_type

MOST_TURNS = 10
Read = Callable[..., pa.Table]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Read files one after the other, again with wider columns as long as that is asked for."""

    def reading(module: str, *contents: bytes, replace: bool = False) -> pa.Table:
        learned = None
        for _ in range(MOST_TURNS):
            reader = TableReader(module, {}, None, cache=tmp_path / "cache", learned=learned, replace=replace)
            try:
                return pa.concat_tables([part for parts in map(_parts(reader), enumerate(contents)) for part in parts])
            except WiderError as error:
                learned = error.features.to_dict()
        raise AssertionError("it does not end")

    def _parts(reader: TableReader) -> Callable[[tuple[int, bytes]], list[pa.Table]]:
        def parts(numbered: tuple[int, bytes]) -> list[pa.Table]:
            path = tmp_path / f"{numbered[0]}.data"
            path.write_bytes(numbered[1])
            return list(reader.read(local(path, path.name), path.name))

        return parts

    return reading


def lines(*rows: Any) -> bytes:
    return b"".join(json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in rows)


def values(table: pa.Table, name: str = "a") -> list[Any]:
    feature = hub_features(table.schema).get(name)
    return [decoded(value, feature) for value in table[name].to_pylist()]


def as_texts(table: pa.Table) -> list[str | None]:
    """Return values as text: those of several types are text from the first string on, and JSON before.

    Large numbers are compared as numbers: beside a fraction in one file they are floats, which are written otherwise.
    """
    found = values(table)
    texts = [value if value is None or isinstance(value, str) else json.dumps(value, default=str) for value in found]
    return [str(int(float(text))) if text is not None and LARGE.fullmatch(text) else text for text in texts]


def parquet(array: Any, kind: pa.DataType | None = None) -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.table({"a": pa.array(array, kind)}), file)
    return file.getvalue()


LARGE = re.compile(r"-?\d{16,}|-?\d\.\d+e\+\d+")
SCALARS = [None, True, 7, -(2**53), 1.5, "text", "", "2023-01-01T10:00:00Z", "2023-01-01"]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(SCALARS), min_size=2, max_size=5), st.data())
def test_json_in_two_files_is_read_as_in_one(read: Read, column: list[Any], data: st.DataObject) -> None:
    cut = data.draw(st.integers(1, len(column) - 1))
    rows = [{"id": number, "a": value} for number, value in enumerate(column)]
    apart, whole = read("json", lines(*rows[:cut]), lines(*rows[cut:])), read("json", lines(*rows))
    assert as_texts(apart) == as_texts(whole)


@pytest.mark.parametrize(
    ("first", "last"),
    [(None, "here"), (None, {"b": 1}), (1, "1a"), (1, 1.5), (True, "x"), ("2023-01-01 10:00:00", "unknown"),
     ([], ["x"]), ({"b": None}, {"b": "x"}), ({"b": 1}, {"b": 2, "c": 3})],
)  # fmt: skip
def test_a_late_value_of_another_type_in_one_file(read: Read, first: Any, last: Any) -> None:
    filler = "word " * 400
    content = lines(*[{"text": filler, "a": first}] * 6000, {"text": "end", "a": last})
    found = values(read("json", content))
    as_text = isinstance(last, str) and first is not None
    assert len(found) == 6001
    expected = json.dumps(first) if as_text and not isinstance(first, str) else first
    assert found[0] == (expected if not isinstance(first, dict) else dict.fromkeys(last) | first)
    assert found[-1] == last


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        (parquet([None]), parquet(["x"]), [None, "x"]),
        (parquet(["x"]), parquet([None]), ["x", None]),
        (parquet([1], pa.int32()), parquet([2**40]), [1, 2**40]),
        (parquet([2**31], pa.uint32()), parquet([-1], pa.int8()), [2**31, -1]),
        (parquet([0.5], pa.float32()), parquet([0.1]), [0.5, 0.1]),
        (parquet([{"b": None}]), parquet([{"b": "x", "c": 1}]), [{"b": None, "c": None}, {"b": "x", "c": 1}]),
        (parquet([[1]], pa.list_(pa.int8())), parquet([[300]]), [[1], [300]]),
    ],
)
def test_parquet_files_that_widen(read: Read, first: bytes, last: bytes, expected: list[Any]) -> None:
    assert values(read("parquet", first, last)) == expected


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        (parquet([1], pa.uint64()), parquet([-1]), "int64 instead of uint64"),
        (parquet([1]), parquet([0.5]), "float64 instead of int64"),
        (parquet([True]), parquet([2]), "int64 instead of bool"),
        (parquet([1]), parquet(["x"]), "string instead of int64"),
    ],
)
def test_parquet_files_that_fit_nowhere_are_refused(read: Read, first: bytes, last: bytes, said: str) -> None:
    with pytest.raises(StudioError, match=said):
        read("parquet", first, last)


PLAIN = [pa.null(), pa.bool_(), pa.int8(), pa.int64(), pa.uint64(), pa.float32(), pa.float64(), pa.string(),
         pa.timestamp("ms"), pa.timestamp("ns"), pa.timestamp("ms", "UTC"), pa.binary()]  # fmt: skip
KINDS = st.recursive(
    st.sampled_from(PLAIN),
    lambda inner: (
        st.builds(pa.list_, inner)
        | st.dictionaries(st.sampled_from("abc"), inner, min_size=1).map(lambda fields: pa.struct(list(fields.items())))
    ),
    max_leaves=6,
)


@given(KINDS, KINDS, st.booleans())
def test_a_wider_type_is_wide_enough_for_both_so_that_reading_again_ends(
    one: pa.DataType, two: pa.DataType, is_json: bool
) -> None:
    wide = wider_type(one, two, is_json=is_json)
    if wide is not None:
        assert wider_type(wide, one, is_json=is_json) == wide
        assert wider_type(wide, two, is_json=is_json) == wide


def test_an_import_and_its_manifest_have_the_wider_columns(tmp_path: Path) -> None:
    paths = [tmp_path / "a.jsonl", tmp_path / "b.jsonl", tmp_path / "c.jsonl"]
    for path, value in zip(paths, [None, 5, "x"], strict=True):
        path.write_bytes(lines({"text": path.name, "a": value}))
    library = Library.open(tmp_path / "home")
    made = library.import_files(paths)
    (job,) = library.jobs()
    assert library.wait(job.id, timeout=300).status == "succeeded"
    assert library.dataset(made.id).columns == {"text": "string", "a": "string"}
    assert [row.columns["a"] for row in library.samples(made.id).rows] == [None, "5", "x"]
    assert library.verify().problems == ()


HALF = '"a\\ud83d b"'


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (HALF, "a\ufffd b"),
        ('"\\ude00"', "\ufffd"),
        ('"\\ud83d\\ude00"', "\U0001f600"),
        ('"\\\\ud83d"', "\\ud83d"),
        ('"\\\\\\ud83d"', "\\\ufffd"),
        ('"\\ud83d\\ud83d\\ude00"', "\ufffd\U0001f600"),
        ('"\\ud83d\\\\ude00"', "\ufffd\\ude00"),
    ],
)
@pytest.mark.parametrize("offset", range(14))
def test_halves_of_surrogate_pairs_are_replaced_by_choice(
    read: Read, source: str, expected: str, offset: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mistudio_core.sources.converted_stream._BLOCK_BYTES", 16)  # so that escapes are cut everywhere
    content = f'{{"text": "{"x" * offset}", "a": {source}}}\n'.encode()
    assert values(read("json", content, replace=True)) == [expected]


def test_half_of_a_surrogate_pair_is_refused_with_its_line(read: Read) -> None:
    with pytest.raises(StudioError) as caught:
        read("json", lines({"a": "good"}) + b"\n" + f'{{"a": {HALF}}}\n'.encode())
    assert caught.value.code == "corrupt_data"
    assert "sample 1 (the first is 0)" in caught.value.message
    assert "line 3" in caught.value.message
    assert "surrogate" in caught.value.message


def test_an_old_feather_file_is_called_what_it_is(read: Read) -> None:
    with pytest.raises(StudioError, match="Feather file of version 1"):
        read("arrow", b"FEA1" + bytes(200) + b"FEA1")


def test_a_map_is_a_list_of_keys_and_values(read: Read) -> None:
    kind = pa.map_(pa.string(), pa.map_(pa.int8(), pa.decimal128(3, 1)))
    content = parquet([[("k", [(1, Decimal("0.5"))]), ("l", None)], None, []], kind)
    inner = [{"key": 1, "value": Decimal("0.5")}]
    assert values(read("parquet", content)) == [[{"key": "k", "value": inner}, {"key": "l", "value": None}], None, []]


@pytest.mark.parametrize(
    ("module", "depth"),
    [(module, depth) for module in ("json", "arrow", "parquet") for depth in (44, 46, 60)]
    + [("json", 120), ("json", 400)],  # Arrow does not write these itself
)
def test_a_deep_nest_is_kept_or_refused(read: Read, module: str, depth: int, tmp_path: Path) -> None:
    content = b'{"a":' + b"[" * depth + b"1" + b"]" * depth + b"}\n"
    if module != "json":
        kind, value = pa.int64(), 1
        for _ in range(depth):
            kind, value = pa.list_(kind), [value]  # type: ignore[assignment]
        table, file = pa.table({"a": pa.array([value], kind)}), io.BytesIO()
        if module == "parquet":
            pq.write_table(table, file)
        else:
            with pa.ipc.new_stream(file, table.schema) as writer:
                writer.write_table(table)
        content = file.getvalue()
    if depth > 45:
        with pytest.raises(StudioError, match="nests values too deep") as caught:
            read(module, content)
        assert caught.value.code == "corrupt_data"
        return
    table = read(module, content)
    pq.write_table(table, tmp_path / "made.parquet")
    assert pq.read_table(tmp_path / "made.parquet")["a"].to_pylist() == table["a"].to_pylist()

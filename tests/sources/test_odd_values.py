"""Values that Python cannot hold, JSON at any depth and text that is no UTF-8: from the file to the page."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mistudio_core.errors import StudioError
from mistudio_core.raw import column_types, text_columns
from mistudio_core.raw_write import PartWriter
from mistudio_core.sources.file_proxy import local
from mistudio_core.sources.tables import TableReader
from mistudio_core.store.samples.column_values import column_values
from mistudio_core.store.samples.plain_values import plain
from mistudio_core.store.samples.reader import SampleReader
from mistudio_core.tokenization.recipes.columns import chat_columns

UNITS = ("s", "ms", "us", "ns")
WIDE = [
    *(pa.timestamp(unit, zone) for unit in UNITS for zone in (None, "Europe/Berlin", "+05:30", "Mars/Phobos")),
    *(pa.duration(unit) for unit in UNITS),
]
EXTREMES = [-(2**63), 2**63 - 1, -1, 0, 1]


def shown(array: pa.Array) -> list[Any]:
    values = [plain(value) for value in column_values(array)]
    json.dumps(values, allow_nan=False)
    return values


@given(
    st.sampled_from(WIDE), st.lists(st.one_of(st.none(), st.sampled_from(EXTREMES), st.integers(-(2**63), 2**63 - 1)))
)
def test_every_moment_and_duration_is_shown(kind: pa.DataType, numbers: list[int | None]) -> None:
    array = pa.array(numbers, pa.int64()).view(kind)
    values = shown(array)
    assert [value is None for value in values] == [number is None for number in numbers]
    nested = pa.StructArray.from_arrays([array], ["at"])
    assert shown(nested) == [{"at": value} for value in values]
    lists = pa.ListArray.from_arrays(pa.array([0, len(array), len(array)], pa.int32()), array)
    assert shown(lists) == [values, []]


@given(st.lists(st.integers(-(2**31), 2**31 - 1)))
def test_every_date_is_shown(days: list[int]) -> None:
    assert len(shown(pa.array(days, pa.int32()).view(pa.date32()))) == len(days)


def test_what_python_holds_is_shown_as_before_beside_what_it_does_not() -> None:
    days = pa.array([2**31 - 1, 0], pa.int32()).view(pa.date32())
    assert shown(days) == ["<value out of range: 2147483647>", "1970-01-01"]
    nanoseconds = pa.array([1, None, 1_000_000_000]).view(pa.timestamp("ns"))
    assert shown(nanoseconds) == ["1970-01-01 00:00:00.000000001", None, "1970-01-01 00:00:01.000000000"]
    assert shown(nanoseconds.slice(1)) == [None, "1970-01-01T00:00:01"]
    assert shown(pa.array([1]).view(pa.time64("ns"))) == ["00:00:00.000000001"]
    assert shown(pa.array([-(2**63)]).view(pa.duration("s"))) == ["-9223372036854775808 s"]
    assert shown(pa.array([0]).view(pa.timestamp("s", "Mars/Phobos"))) == ["1970-01-01 00:00:00Z"]
    edges = pa.array([2**63 - 1, -(2**63)]).view(pa.timestamp("ns", "Europe/Berlin"))
    assert shown(edges) == ["2262-04-11 23:47:16.854775807Z", "1677-09-21 00:12:43.145224192Z"]


def test_a_number_without_a_label_is_shown() -> None:
    assert [plain(value, {"_type": "ClassLabel", "names": ["a", "b"]}) for value in (-1, 0, 1, 2, None)] == [
        -1, "a", "b", 2, None,
    ]  # fmt: skip


@pytest.fixture
def stored(tmp_path: Path) -> Callable[..., SampleReader]:
    """Convert files of a format, given by their contents, and read the samples back."""

    def storing(module: str, *contents: bytes) -> SampleReader:
        reader = TableReader(module, {}, None, cache=tmp_path / "cache")
        for number, content in enumerate(contents):
            path = tmp_path / f"{number}.{module}"
            path.write_bytes(content)
            tables = list(reader.read(local(path, path.name), path.name))
            assert reader.schema is not None
            with PartWriter(tmp_path / "made" / "raw" / "train", f"{number:06d}", reader.schema) as writer:
                for table in tables:
                    writer.write(table)
        return SampleReader(tmp_path / "made")

    return storing


def lines(*rows: Any) -> bytes:
    return b"".join(json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in rows)


def reference(path: Path, module: str) -> list[dict[str, Any]]:
    import datasets

    found = datasets.load_dataset(module, data_files=str(path), split="train", cache_dir=str(path.parent / "reference"))
    return list(found)


USER = {"role": "user", "content": "q"}
CALLS = [{"function": {"name": "f", "arguments": {"x": 1}}}]
CONVERSATIONS: dict[str, list[Any]] = {
    "an optional key": [USER, {"role": "assistant", "content": "a", "reasoning_content": "r"}],
    "calls": [USER, {"role": "assistant", "content": None, "tool_calls": CALLS}],
    "parts": [USER, {"role": "assistant", "content": [{"type": "text", "text": "a"}]}],
    "names": [{"from": "human", "value": "q"}, {"from": "gpt", "value": "a", "name": "x"}],
}


@pytest.mark.parametrize("name", CONVERSATIONS)
def test_conversations_whose_messages_differ(stored: Callable[..., SampleReader], tmp_path: Path, name: str) -> None:
    reader = stored("json", lines(*[{"messages": CONVERSATIONS[name], "other": [{"a": 1}, {"b": "x"}]}] * 3))
    assert [sample.columns for sample in reader.page().rows] == reference(tmp_path / "0.json", "json")
    assert chat_columns(column_types(reader.schema)) == ["messages"]
    assert text_columns(reader.schema) == ()


def test_json_in_parquet_that_datasets_wrote(stored: Callable[..., SampleReader], tmp_path: Path) -> None:
    import datasets

    features = datasets.Features({"messages": datasets.List(datasets.Json()), "meta": datasets.Json()})
    rows = [{"messages": [USER, USER | {"name": "x"}], "meta": {"a": [1.5, None]}}, {"messages": None, "meta": None}]
    datasets.Dataset.from_list(rows, features=features).to_parquet(tmp_path / "made.parquet")
    reader = stored("parquet", (tmp_path / "made.parquet").read_bytes())
    assert [sample.columns for sample in reader.page().rows] == rows
    assert column_types(reader.schema) == {"messages": "list<json<role, content>>", "meta": "json<a>"}


def test_a_text_column_with_other_values_is_text(stored: Callable[..., SampleReader]) -> None:
    values = ["plain", 5, True, None, {"a": "é"}, 'with "quotes"', 2.5]
    first = lines(*[{"text": value} for value in values])
    reader = stored("json", first, lines({"text": "again"}, {"text": 7}))
    assert text_columns(reader.schema) == ("text",)
    texts = [sample.text for sample in reader.page().rows]
    assert texts == ["plain", "5", "true", None, '{"a": "é"}', 'with "quotes"', "2.5", "again", "7"]


def test_a_later_file_with_other_values_is_never_json_source(stored: Callable[..., SampleReader]) -> None:
    reader = stored("json", lines({"text": "one"}, {"text": "two"}), lines({"text": "three"}, {"text": 4}))
    assert [sample.text for sample in reader.page().rows] == ["one", "two", "three", "4"]


BAD = pa.array([b"good", b"bad \xff\xfe tail", None], pa.binary()).view(pa.string())
NESTED = {
    "text": BAD,
    "large": BAD.cast(pa.binary()).cast(pa.large_binary()).view(pa.large_string()),
    "lists[]": pa.ListArray.from_arrays(pa.array([0, 1, 3, 3], pa.int32()), BAD),
    "structs.a": pa.StructArray.from_arrays([BAD], ["a"]),
}


@pytest.mark.parametrize("path", NESTED)
@pytest.mark.parametrize("module", ["parquet", "arrow"])
def test_text_that_is_no_utf8_is_refused(
    stored: Callable[..., SampleReader], tmp_path: Path, module: str, path: str
) -> None:
    name = path.partition("[")[0].partition(".")[0]
    table = pa.table({"fine": pa.array(["a"] * 2500), name: pa.concat_arrays([NESTED[path]] * 834).slice(0, 2500)})
    made = tmp_path / "made.bin"
    if module == "parquet":
        pq.write_table(table, made)
    else:
        with pa.ipc.new_stream(made, table.schema) as writer:
            writer.write_table(table)
    with pytest.raises(StudioError) as caught:
        stored(module, made.read_bytes())
    assert caught.value.code == "corrupt_data"
    assert f"sample 1 (the first is 0) holds bytes in the column {path!r}" in caught.value.message
    assert f"0.{module}" in caught.value.message


TEXT_FORMATS = {
    "csv": (b"text,n\ngood,1\nbad \xff\xfe tail,2\n", "text"),
    "json": (b'{"text": "good", "n": [1]}\n{"text": "bad \xff\xfe tail", "n": [2]}\n', "text"),
    "text": (b"good\nbad \xff\xfe tail\n", "text"),
}


@pytest.mark.parametrize("module", TEXT_FORMATS)
def test_files_of_text_that_are_no_utf8_name_the_sample(stored: Callable[..., SampleReader], module: str) -> None:
    with pytest.raises(StudioError) as caught:
        stored(module, TEXT_FORMATS[module][0])
    assert f"0.{module} cannot be read: sample 1 (the first is 0) holds bytes in the column 'text'" in str(caught.value)


@pytest.mark.parametrize("module", TEXT_FORMATS)
def test_bytes_in_files_of_text_are_replaced_by_choice(tmp_path: Path, module: str) -> None:
    path = tmp_path / f"a.{module}"
    path.write_bytes(TEXT_FORMATS[module][0])
    reader = TableReader(module, {}, None, cache=tmp_path / "cache", replace=True)
    got = pa.concat_tables(reader.read(local(path, path.name), path.name))
    assert got.column("text").to_pylist() == ["good", "bad \ufffd\ufffd tail"]
    assert reader.replaced == {"text": 1}


@pytest.mark.parametrize("path", NESTED)
def test_bytes_in_columns_are_replaced_by_choice(tmp_path: Path, path: str) -> None:
    made = tmp_path / "a.parquet"
    pq.write_table(pa.table({"x": NESTED[path]}), made)
    reader = TableReader("parquet", {}, None, cache=tmp_path / "cache", replace=True)
    got = pa.concat_tables(reader.read(local(made, made.name), made.name))
    assert "bad \ufffd\ufffd tail" in str(got.column("x").to_pylist())
    assert reader.replaced == {"x": 1}


@pytest.mark.parametrize("kind", [pa.binary(), pa.large_binary(), pa.binary_view(), pa.binary(2)])
def test_a_column_of_bytes_can_be_declared_text(tmp_path: Path, kind: pa.DataType) -> None:
    made = tmp_path / "a.arrow"
    table = pa.table({"body": pa.array([b"ab", None, "é".encode()], kind), "n": [1, 2, 3]})
    with pa.ipc.new_stream(made, table.schema) as writer:
        writer.write_table(table)
    reader = TableReader("arrow", {}, None, cache=tmp_path / "cache", text_columns=["body"])
    got = pa.concat_tables(reader.read(local(made, made.name), made.name))
    assert got.column("body").to_pylist() == ["ab", None, "é"]
    assert text_columns(got.schema) == ("body",)
    for name, word in (("n", "neither bytes nor text"), ("other", "no column 'other'")):
        wrong = TableReader("arrow", {}, None, cache=tmp_path / "cache", text_columns=[name])
        with pytest.raises(StudioError, match=word) as caught:
            list(wrong.read(local(made, made.name), made.name))
        assert caught.value.code == "invalid_request"

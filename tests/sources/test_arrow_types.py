"""Every type of Arrow, in every format that carries it, is stored as `datasets` reads it, or is refused by name."""

from __future__ import annotations

import io
import uuid
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mistudio_core.errors import StudioError
from mistudio_core.raw import RawSplit
from mistudio_core.raw_write import PartWriter
from mistudio_core.sources.file_proxy import local
from mistudio_core.sources.tables import TableReader

IDENT = uuid.UUID("12345678-1234-5678-9abc-123456789abc")
WORDS = ["one", None, "a longer one than fits into twelve bytes"]
MOMENT = datetime(2026, 11, 20, 15, 30)


def dictionary_of(words: pa.Array) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array([2, 0, None]), words)


def runs_of(values: pa.Array) -> pa.Array:
    return pa.RunEndEncodedArray.from_arrays(pa.array([1, 3], pa.int32()), values)


def extension(kind: Any, values: list[Any]) -> pa.Array:
    return pa.ExtensionArray.from_storage(kind, pa.array(values, kind.storage_type))


TENSOR: Any = pa.fixed_shape_tensor(pa.int32(), [2])
JSON: Any = pa.json_()

STORED: dict[str, tuple[pa.Array, list[Any]]] = {
    "null": (pa.nulls(3), [None] * 3),
    **{
        str(kind): (pa.array([1, None, 0], kind), [1, None, 0])
        for kind in (pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64())
    },
    **{
        str(kind): (pa.array([1.5, None, 0], kind), [1.5, None, 0])
        for kind in (pa.float16(), pa.float32(), pa.float64())
    },
    "bool": (pa.array([True, None, False]), [True, None, False]),
    **{
        str(kind): (pa.array([Decimal("1.50"), None], kind), [Decimal("1.50"), None])
        for kind in (pa.decimal32(5, 2), pa.decimal64(12, 2), pa.decimal128(20, 2), pa.decimal256(60, 2))
    },
    "negative scale": (pa.array([Decimal("1200")], pa.decimal128(5, -2)), [Decimal("1200")]),
    **{
        str(kind): (pa.array([MOMENT.date(), None], kind), [MOMENT.date(), None])
        for kind in (pa.date32(), pa.date64())
    },
    **{
        str(kind): (pa.array([time(15, 30), None], kind), [time(15, 30), None])
        for kind in (pa.time32("s"), pa.time32("ms"), pa.time64("us"))
    },
    **{
        f"timestamp {unit}": (pa.array([MOMENT, None], pa.timestamp(unit)), [MOMENT, None])
        for unit in ("s", "ms", "us", "ns")
    },
    **{
        f"duration {unit}": (pa.array([timedelta(days=1), None], pa.duration(unit)), [timedelta(days=1), None])
        for unit in ("s", "ms", "us", "ns")
    },
    **{str(kind): (pa.array(WORDS, kind), WORDS) for kind in (pa.string(), pa.large_string(), pa.string_view())},
    **{
        str(kind): (pa.array([b"x", None, bytes(20)], kind), [b"x", None, bytes(20)])
        for kind in (pa.binary(), pa.large_binary(), pa.binary_view())
    },
    "fixed binary": (pa.array([b"ab", None], pa.binary(2)), [b"ab", None]),
    **{
        str(kind): (pa.array([["a", None], None, [], ["b" * 20]], kind), [["a", None], None, [], ["b" * 20]])
        for kind in (
            pa.list_(pa.string()), pa.large_list(pa.string()), pa.list_view(pa.string()),
            pa.large_list_view(pa.string()), pa.list_(pa.string_view()), pa.list_view(pa.string_view()),
            pa.list_(pa.dictionary(pa.int8(), pa.string())),
        )
    },
    "fixed list": (pa.array([["a", "b"], None], pa.list_(pa.string_view(), 2)), [["a", "b"], None]),
    "lists of lists": (
        pa.array([[[1], None], None, [[]]], pa.list_view(pa.large_list_view(pa.int64()))), [[[1], None], None, [[]]]
    ),
    "struct": (
        pa.array([{"a": "x", "b": [1]}, None], pa.struct([("a", pa.string_view()), ("b", pa.list_view(pa.int8()))])),
        [{"a": "x", "b": [1]}, None],
    ),
    "struct without fields": (pa.array([{}, {}], pa.struct([])), [None, None]),
    "null inside": (pa.array([[None], []], pa.list_(pa.null())), [[None], []]),
    "dictionary": (dictionary_of(pa.array(WORDS)), [WORDS[2], "one", None]),
    "dictionary of views": (dictionary_of(pa.array(WORDS, pa.string_view())), [WORDS[2], "one", None]),
    "dictionary of numbers": (dictionary_of(pa.array([5, 6, 7])), [7, 5, None]),
    "runs": (runs_of(pa.array(["a", "b"])), ["a", "b", "b"]),
    "runs of views": (runs_of(pa.array(["a", None], pa.string_view())), ["a", None, None]),
    "runs of lists": (runs_of(pa.array([["a"], None], pa.list_view(pa.string()))), [["a"], None, None]),
    "map": (
        pa.array([[("a", 1), ("b", None)], None, []], pa.map_(pa.string(), pa.int64())),
        [[{"key": "a", "value": 1}, {"key": "b", "value": None}], None, []],
    ),
    "map in lists": (
        pa.array([[[("a", [1])], None], []], pa.list_(pa.map_(pa.string(), pa.list_(pa.int8())))),
        [[[{"key": "a", "value": [1]}], None], []],
    ),
    "uuid": (extension(pa.uuid(), [IDENT.bytes, None]), [str(IDENT), None]),
    "bool8": (extension(pa.bool8(), [1, None, 0]), [True, None, False]),
    "tensor": (extension(TENSOR, [[1, 2], [3, 4]]), [[1, 2], [3, 4]]),
    "opaque": (extension(pa.opaque(pa.string(), "point", "somebody"), ["x", None]), ["x", None]),
    "json": (extension(JSON, ['{"a": 1}', None]), ['{"a": 1}', None]),
    "json in lists": (
        pa.ListArray.from_arrays(pa.array([0, 1, 2]), extension(JSON, ['{"a": 1}', "2"])), [['{"a": 1}'], ["2"]]
    ),
}  # fmt: skip
REFUSED: dict[str, pa.Array] = {
    "interval": pa.array([(1, 2, 3)], pa.month_day_nano_interval()),
    "sparse union": pa.UnionArray.from_sparse(pa.array([0], pa.int8()), [pa.array([1])]),
    "dense union": pa.UnionArray.from_dense(pa.array([0], pa.int8()), pa.array([0], pa.int32()), [pa.array([1])]),
    "union inside": pa.StructArray.from_arrays(
        [pa.UnionArray.from_sparse(pa.array([0], pa.int8()), [pa.array([1])])], ["u"]
    ),
}


def parquet(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink)
    return sink.getvalue()


def arrow_file(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    with pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


def arrow_stream(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


FORMATS: dict[str, Callable[[pa.Table], bytes]] = {
    "parquet": parquet,
    "file.arrow": arrow_file,
    "stream.arrow": arrow_stream,
}


def writable(name: str, array: pa.Array) -> bool:
    """Return whether Parquet has a type for an array."""
    try:
        parquet(pa.table({name: array}))
    except (pa.ArrowException, OSError):
        return False
    return True


def cases(arrays: dict[str, pa.Array]) -> list[tuple[str, str]]:
    """Return each format with the name of each array that it can carry."""
    in_parquet = {name for name, array in arrays.items() if writable(name, array)}
    return [(form, name) for form in FORMATS for name in arrays if form != "parquet" or name in in_parquet]


@pytest.fixture
def stored(tmp_path: Path) -> Callable[[pa.Table, str], RawSplit]:
    """Read a table from a file of one format and write it as raw samples."""

    def storing(table: pa.Table, form: str) -> RawSplit:
        path = tmp_path / f"data.{form}"
        path.write_bytes(FORMATS[form](table))
        reader = TableReader(form.rpartition(".")[2], {}, None, cache=tmp_path / "cache")
        tables = list(reader.read(local(path, path.name), path.name))
        assert reader.schema is not None
        with PartWriter(tmp_path / "raw", "000000", reader.schema) as writer:
            for one in tables:
                assert one.schema.types == reader.schema.types
                assert one.schema.metadata == reader.schema.metadata
                one.validate(full=True)
                writer.write(one)
        return RawSplit(tmp_path / "raw")

    return storing


def sliced(name: str) -> pa.Array:
    """Return an array to be stored as the second half of a longer one, where Arrow can join arrays of its type."""
    array = STORED[name][0]
    return array if name.startswith("runs") else pa.concat_arrays([array, array]).slice(len(array))


@pytest.mark.parametrize(("form", "name"), cases({name: sliced(name) for name in STORED}))
def test_each_type_is_stored_with_its_values(stored: Callable[[pa.Table, str], RawSplit], form: str, name: str) -> None:
    array, expected = STORED[name]
    split = stored(pa.table({"text": ["t"] * len(array), "x": sliced(name)}), form)
    table = split.read(0, len(array))
    assert table.schema.types == stored_types(table.schema)
    assert table.column("x").to_pylist() == expected


def stored_types(schema: pa.Schema) -> list[pa.DataType]:
    """Return the types of a schema; none of them, at any depth, may be one that the door is there for."""
    doors = (
        "view",
        "dictionary",
        "run_end",
        "extension",
        "map",
        "union",
        "interval",
        "decimal32",
        "decimal64",
        "date64",
    )
    assert not [kind for kind in schema.types if any(word in str(kind) for word in doors)]
    return list(schema.types)


@pytest.mark.parametrize(("form", "name"), cases(REFUSED))
def test_other_types_are_refused_by_column_and_type(
    stored: Callable[[pa.Table, str], RawSplit], form: str, name: str
) -> None:
    table = pa.table({"text": ["t"], "odd": REFUSED[name]})
    with pytest.raises(StudioError, match=r"'odd.*which cannot be stored") as caught:
        stored(table, form)
    assert caught.value.code == "corrupt_data"


@pytest.mark.parametrize("form", FORMATS)
def test_dates_that_python_cannot_hold_pass_the_door(stored: Callable[[pa.Table, str], RawSplit], form: str) -> None:
    days = pa.array([-(2**31), 2**31 - 1, 0], pa.int32()).view(pa.date32())
    split = stored(pa.table({"day": days}), form)
    assert split.read(0, 3).column("day").chunk(0).view(pa.int32()).to_pylist() == [-(2**31), 2**31 - 1, 0]
    assert split.read(2, 3).column("day").to_pylist() == [date(1970, 1, 1)]
